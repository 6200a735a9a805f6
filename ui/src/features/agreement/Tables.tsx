/** The tables of the report as the factory knows it: figures, intervals, traffic lights. */

import type { ReactNode } from "react";
import { percent } from "@/ui/figures";
import { agreement as words } from "@/words/agreement";
import { Lamp } from "./Lamp";
import {
  type Figures,
  gradeOf,
  type Interval,
  isShown,
  kappaWord,
  type LabelerFigures,
  type Limit,
  limitOf,
  type Report,
  type Share,
} from "./report";
import classes from "./Tables.module.css";

export function Kappa({ found, limit }: { found: Interval | null; limit: Limit | undefined }) {
  const grade = gradeOf(limit, found?.value ?? null);
  return (
    <>
      <IntervalText found={found} />
      <Lamp grade={grade} text={kappaWord(limit, found?.value ?? null)} />
    </>
  );
}

function IntervalText({ found }: { found: Interval | null }) {
  if (found?.value == null) return null;
  const { value, low, high } = found;
  return (
    <span className={classes.figure}>
      <b>{value.toFixed(2)}</b>
      {low !== null && high !== null ? (
        <span className={classes.range}>
          {low.toFixed(2)} – {high.toFixed(2)}
        </span>
      ) : null}
    </span>
  );
}

function ShareCell({ share, limit }: { share: Share | null; limit: Limit | undefined }) {
  if (share?.value == null) {
    return <Lamp grade="cannot be said" text={words.grades["cannot be said"]} />;
  }
  const grade = gradeOf(limit, share.value);
  const shown = grade !== "acceptable" || limit === undefined || isShown(limit, share);
  return (
    <>
      <ShareText share={share} />
      {limit ? (
        <Lamp
          grade={shown ? grade : "marginal"}
          text={shown ? words.grades[grade] : words.grades.notShown(words.grades[grade])}
        />
      ) : null}
    </>
  );
}

function ShareText({ share }: { share: Share | null }) {
  if (share?.value == null) return null;
  return (
    <span className={classes.figure} title={words.answered(share.count, share.total)}>
      <b>
        {share.count} / {share.total}
      </b>
      <span className={classes.range}>
        {percent(share.value)} % ({percent(share.low)} – {percent(share.high)})
      </span>
    </span>
  );
}

function Change({ found }: { found: Interval }) {
  if (found.value === null) return <span className={classes.range}>–</span>;
  const signed = (v: number) => `${v > 0 ? "+" : v < 0 ? "−" : ""}${Math.abs(v).toFixed(2)}`;
  return (
    <span className={classes.figure}>
      <b>{signed(found.value)}</b>
      {found.low !== null && found.high !== null ? (
        <span className={classes.range}>
          {signed(found.low)} – {signed(found.high)}
        </span>
      ) : null}
    </span>
  );
}

interface TableProps {
  caption: string;
  heads: readonly string[];
  rows: readonly { key: string; cells: readonly ReactNode[] }[];
}

function Table({ caption, heads, rows }: TableProps) {
  return (
    <section className={classes.part}>
      <h2>{caption}</h2>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                {row.cells.map((cell, n) =>
                  n === 0 ? (
                    <th key={heads[n]} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={heads[n]}>{cell}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function LabelerTable({ report, figures }: { report: Report; figures: Figures }) {
  const kappa = limitOf(report, "kappa");
  const against = figures.per_labeler.some((who) => who.against_reference !== null);
  const c = words.columns;
  const cells = (who: LabelerFigures): ReactNode[] => {
    const judged = who.against_reference;
    return [
      who.labeler,
      <Kappa key="self" found={who.repeat_kappa} limit={kappa} />,
      <Kappa key="others" found={who.with_others} limit={kappa} />,
      ...(against
        ? [
            <ShareCell
              key="effectiveness"
              share={judged?.effectiveness ?? null}
              limit={limitOf(report, "effectiveness")}
            />,
            <ShareCell
              key="misses"
              share={judged?.miss_rate ?? null}
              limit={limitOf(report, "miss rate")}
            />,
            <ShareCell
              key="alarms"
              share={judged?.false_alarm_rate ?? null}
              limit={limitOf(report, "false-alarm rate")}
            />,
          ]
        : []),
      <Change key="without" found={who.left_out} />,
    ];
  };
  return (
    <Table
      caption={words.reportTitle[figures.kind] ?? figures.kind}
      heads={[
        c.labeler,
        c.self,
        c.others,
        ...(against ? [c.effectiveness, c.misses, c.falseAlarms] : []),
        c.without,
      ]}
      rows={figures.per_labeler.map((who) => ({ key: who.labeler, cells: cells(who) }))}
    />
  );
}

export function ClassTable({ report, figures }: { report: Report; figures: Figures }) {
  if (figures.per_class.length === 0) return null;
  const kappa = limitOf(report, "kappa");
  const c = words.columns;
  const withAlpha = figures.per_class.some((one) => one.alpha !== null);
  return (
    <Table
      caption={`${words.perClass}: ${words.things[figures.kind] ?? figures.kind}`}
      heads={[c.class, c.called, ...(withAlpha ? [c.alpha] : []), c.positive]}
      rows={figures.per_class.map((one) => ({
        key: one.name,
        cells: [
          one.name,
          one.called,
          ...(withAlpha ? [<Kappa key="alpha" found={one.alpha} limit={kappa} />] : []),
          <Kappa key="positive" found={one.positive_agreement} limit={kappa} />,
        ],
      }))}
    />
  );
}

export function PairTable({ report, figures }: { report: Report; figures: Figures }) {
  if (figures.pairs.length === 0) return null;
  const kappa = limitOf(report, "kappa");
  const c = words.columns;
  return (
    <Table
      caption={`${words.pairs}: ${words.things[figures.kind] ?? figures.kind}`}
      heads={[c.pair, c.same, c.kappa]}
      rows={figures.pairs.map((pair) => ({
        key: `${pair.first} ${pair.second}`,
        cells: [
          `${pair.first}, ${pair.second}`,
          <ShareText key="same" share={pair.same} />,
          <Kappa key="kappa" found={pair.kappa} limit={kappa} />,
        ],
      }))}
    />
  );
}
