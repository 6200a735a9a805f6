/** What speaks for a finding: the change, look-alikes, the model, the book, who said what. */

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { pictureUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { Evidence, Finding, Neighbor } from "@/api/types";
import { useHere } from "@/app/here";
import type { ClassStyle } from "@/canvas/palette";
import { styleOf } from "@/canvas/palette";
import { focusOf, Shot } from "@/canvas/Shot";
import { fromWire } from "@/canvas/shapes/wire";
import { ClassChip } from "@/ui/ClassChip";
import { whenText } from "@/ui/figures";
import { findings as words } from "@/words/findings";
import { changeOf } from "./change";
import classes from "./Evidence.module.css";

const MOST_PREDICTED = 6;

interface EvidenceProps {
  finding: Finding;
  evidence: Evidence | undefined;
  styles: readonly ClassStyle[];
}

export function EvidenceList({ finding, evidence, styles }: EvidenceProps) {
  return (
    <div className={classes.list}>
      <Change finding={finding} />
      {evidence ? <Told evidence={evidence} styles={styles} /> : <Skeleton h={220} />}
    </div>
  );
}

function Change({ finding }: { finding: Finding }) {
  const { sentences } = changeOf(
    finding.labels ?? [],
    finding.suggestion ?? finding.labels ?? [],
  );
  return (
    <section>
      <h3>{words.change.title}</h3>
      {sentences.length === 0 ? (
        <p className={classes.quiet}>{words.change.none}</p>
      ) : (
        <ul className={classes.changes}>
          {sentences.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Told({ evidence, styles }: { evidence: Evidence; styles: readonly ClassStyle[] }) {
  const { neighbors, prediction, prediction_scores: scores, rules, said } = evidence;
  return (
    <>
      {rules.length > 0 ? (
        <section>
          <h3>{words.rules}</h3>
          <ul className={classes.plain}>
            {rules.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      ) : null}
      <section>
        <h3>{words.prediction}</h3>
        <p className={classes.quiet}>{words.predictionUnseen}</p>
        <div className={classes.chips}>
          {prediction.slice(0, MOST_PREDICTED).map((shape, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: shapes have no other name
            <span key={n} className={classes.predicted}>
              <ClassChip name={shape.label} color={styleOf(styles, shape.label)} />
              <span className={classes.quiet}>{scoreText(scores[n])}</span>
            </span>
          ))}
          {prediction.length > MOST_PREDICTED ? (
            <span className={classes.quiet}>
              {words.predictionMore(prediction.length - MOST_PREDICTED)}
            </span>
          ) : null}
          {prediction.length === 0 ? <span>{words.predictionNone}</span> : null}
        </div>
      </section>
      {neighbors.length > 0 ? (
        <section>
          <h3>{words.neighbors}</h3>
          <div className={classes.neighbors}>
            {neighbors.map((one) => (
              <Alike key={`${one.sha256} ${one.label}`} one={one} styles={styles} />
            ))}
          </div>
        </section>
      ) : null}
      {said.length > 0 ? (
        <section>
          <h3>{words.said}</h3>
          <ul className={classes.said}>
            {said.map((document) => {
              const line = saidLine(document);
              return (
                <li key={line.key}>
                  <b>{line.who}</b> {line.what}
                  <span className={classes.quiet}>
                    {line.when}
                    {line.reason ? ` · ${line.reason}` : ""}
                  </span>
                </li>
              );
            })}
          </ul>
        </section>
      ) : null}
    </>
  );
}

function scoreText(score: number | undefined): string {
  return score === undefined ? "" : `${Math.round(100 * score)} %`;
}

/** A line of `Evidence.said`: labeler, revision, at, and the shapes or labels they gave. */
function saidLine(document: Record<string, unknown>) {
  const text = (key: string) =>
    typeof document[key] === "string" ? (document[key] as string) : "";
  const shapes = Array.isArray(document.shapes)
    ? (document.shapes as { label?: string }[])
    : null;
  const counts = new Map<string, number>();
  for (const shape of shapes ?? []) {
    const label = shape.label ?? "";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const told = [...counts]
    .map(([label, n]) => (n === 1 ? label : `${n} × ${label}`))
    .join(", ");
  return {
    key: `${text("labeler")} ${String(document.revision)}`,
    who: text("labeler"),
    what: text("said") || told || words.saidNothing,
    when: text("at") === "" ? "" : whenText(text("at")),
    reason: text("reason"),
  };
}

function Alike({ one, styles }: { one: Neighbor; styles: readonly ClassStyle[] }) {
  const here = useHere();
  const detail = useQuery({ ...imageQuery(here, one.sha256), enabled: one.shape !== null });
  const card = detail.data?.card;
  const shapes = one.shape ? [fromWire(one.shape)] : [];
  return (
    <figure className={classes.alike}>
      {card && one.shape ? (
        <Shot
          url={(side) => pictureUrl(here, one.sha256, side)}
          size={[card.width, card.height]}
          label={`${one.name}: ${one.label}`}
          styles={styles}
          shapes={shapes}
          focus={focusOf(shapes)}
          ratio={4 / 3}
          width={120}
        />
      ) : (
        <img src={pictureUrl(here, one.sha256, 192)} alt={`${one.name}: ${one.label}`} />
      )}
      <figcaption>
        <ClassChip name={one.label} color={styleOf(styles, one.label)} />
        {one.likeness === null ? null : (
          <span className={classes.quiet}>
            {words.neighborAlike(Math.floor(100 * one.likeness))}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
