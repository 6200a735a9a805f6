/** A proposed limit on the histogram of what people said, with a handle to move it. */

import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { asProblem, post } from "@/api/client";
import { may, pictureUrl, projectPath } from "@/api/here";
import { imageQuery, labelBookQuery } from "@/api/queries";
import type { AcceptRule, LabelBook, Problem } from "@/api/types";
import { useHere } from "@/app/here";
import { type ClassStyle, styleOf } from "@/canvas/palette";
import { Shot } from "@/canvas/Shot";
import { ProblemNote } from "@/ui/ProblemNote";
import { toast } from "@/ui/toast";
import { agreement } from "@/words/agreement";
import classes from "./RuleCard.module.css";
import {
  agreeing,
  binsOf,
  type ProposedRule,
  type RuleLimit,
  roundLimit,
  scaleOf,
  sidesOf,
} from "./report";

const words = agreement.rule;
const [WIDTH, HEIGHT, FOOT] = [720, 170, 22];
const KEY_STEP = 0.01;
const SHOWN = 6;

interface RuleCardProps {
  rule: ProposedRule;
  study: string;
  styles: readonly ClassStyle[];
}

export function RuleCard({ rule, study, styles }: RuleCardProps) {
  const { limit } = rule;
  return (
    <article className={classes.card}>
      <h3>{words.question(rule.first, rule.second)}</h3>
      <p className={classes.told}>{rule.sentence}</p>
      {limit && rule.values.length > 1 ? (
        <Adjustable rule={rule} limit={limit} study={study} styles={styles} />
      ) : null}
    </article>
  );
}

function Adjustable({ rule, limit, study, styles }: RuleCardProps & { limit: RuleLimit }) {
  const here = useHere();
  const client = useQueryClient();
  const [at, setAt] = useState(rule.proposed ?? limit.value);
  const [reason, setReason] = useState("");
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [done, setDone] = useState<number | null>(null);
  const withUnit = (value: number) => `${roundLimit(value)} ${rule.unit}`.trim();
  const [below, above] = sidesOf(rule);
  const mayAccept = may(here.role, "admin");

  const accept = async () => {
    setSaving(true);
    setProblem(null);
    const body: AcceptRule & { study: string } = {
      classes: [below, above],
      measure: rule.measure ?? rule.feature ?? "",
      limit: roundLimit(at),
      // The unit of an area is its square; the label book knows px and mm.
      unit: rule.unit.replace("²", "") || "px",
      reason: reason.trim(),
      study,
    };
    try {
      const book = await post<LabelBook>(projectPath(here, "/rules"), body);
      client.setQueryData(labelBookQuery(here).queryKey, book);
      setDone(book.revision);
      toast({ text: words.accepted(book.revision) });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setSaving(false);
    }
  };

  return (
    <>
      <Histogram
        rule={rule}
        limit={limit}
        at={at}
        move={setAt}
        styles={styles}
        text={withUnit}
      />
      <p className={classes.sides}>
        <span>{words.below(below)}</span>
        <b>{withUnit(at)}</b>
        <span>{words.above(above)}</span>
      </p>
      <p className={classes.told}>
        {words.agrees(agreeing(rule.values, at, limit.rising), rule.values.length)}{" "}
        {words.interval(withUnit(limit.low), withUnit(limit.high))}
      </p>
      <h4>{words.near}</h4>
      <div className={classes.near}>
        {[...rule.near]
          .sort((a, b) => Math.abs(a.value - at) - Math.abs(b.value - at))
          .slice(0, SHOWN)
          .map((thing) => (
            <Near
              key={`${thing.sha256} ${thing.value}`}
              thing={thing}
              text={words.thing(withUnit(thing.value), Object.values(thing.said).join(", "))}
            />
          ))}
      </div>
      {problem ? <ProblemNote problem={problem} /> : null}
      {done !== null ? (
        <p className={classes.done}>
          {words.accepted(done)}{" "}
          <Link
            to="/p/$project/book"
            params={{ project: here.project }}
            search={{ class: above }}
          >
            {words.open}
          </Link>
        </p>
      ) : mayAccept ? (
        <div className={classes.accept}>
          <TextInput
            className={classes.reason}
            label={words.reason}
            value={reason}
            maxLength={300}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Button loading={saving} onClick={() => void accept()}>
            {words.accept}
          </Button>
        </div>
      ) : (
        <p className={classes.told}>{words.only}</p>
      )}
    </>
  );
}

interface HistogramProps {
  rule: ProposedRule;
  limit: RuleLimit;
  at: number;
  move: (value: number) => void;
  styles: readonly ClassStyle[];
  text: (value: number) => string;
}

function Histogram({ rule, limit, at, move, styles, text }: HistogramProps) {
  const svg = useRef<SVGSVGElement>(null);
  const scale = scaleOf(rule.values.map(([value]) => value));
  const bins = binsOf(rule.values, scale);
  const most = Math.max(1, ...bins.map((bin) => bin.first + bin.second));
  const y = (count: number) => (HEIGHT * count) / most;
  const x = (value: number) => WIDTH * Math.min(1, Math.max(0, scale.place(value)));
  const [first, second] = [styleOf(styles, rule.first), styleOf(styles, rule.second)];
  const drag = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (!box || event.buttons === 0) return;
    const place = (event.clientX - box.left) / box.width;
    move(scale.value(Math.min(1, Math.max(0, place))));
  };
  const press = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const step = by * KEY_STEP * (event.shiftKey ? 5 : 1);
    move(scale.value(Math.min(1, Math.max(0, scale.place(at) + step))));
  };
  return (
    <svg
      ref={svg}
      className={classes.histogram}
      viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag(event);
      }}
      onPointerMove={drag}
    >
      <title>{words.question(rule.first, rule.second)}</title>
      <rect
        x={x(limit.low)}
        width={Math.max(2, x(limit.high) - x(limit.low))}
        height={HEIGHT}
        className={classes.interval}
      />
      {bins.map((bin, n) => {
        const left = (WIDTH * n) / bins.length + 1;
        const width = WIDTH / bins.length - 2;
        return (
          <g key={bin.from}>
            <rect
              x={left}
              width={width}
              y={HEIGHT - y(bin.first)}
              height={y(bin.first)}
              fill={first.color}
            />
            <rect
              x={left}
              width={width}
              y={HEIGHT - y(bin.first) - y(bin.second)}
              height={y(bin.second)}
              fill={second.color}
            />
          </g>
        );
      })}
      <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} className={classes.axis} />
      <text x={0} y={HEIGHT + 16}>
        {text(scale.low)}
      </text>
      <text x={WIDTH} y={HEIGHT + 16} textAnchor="end">
        {text(scale.high)}
      </text>
      <g
        className={classes.handle}
        transform={`translate(${x(at)} 0)`}
        role="slider"
        tabIndex={0}
        aria-label={words.limit}
        aria-valuemin={roundLimit(scale.low)}
        aria-valuemax={roundLimit(scale.high)}
        aria-valuenow={roundLimit(at)}
        aria-valuetext={words.handle(text(at))}
        onKeyDown={press}
      >
        <line y1={0} y2={HEIGHT} />
        <rect x={-7} y={HEIGHT / 2 - 14} width={14} height={28} rx={5} />
      </g>
    </svg>
  );
}

function Near({ thing, text }: { thing: ProposedRule["near"][number]; text: string }) {
  const here = useHere();
  const card = useQuery(imageQuery(here, thing.sha256)).data?.card;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = thing.box_xyxy ?? [];
  const box = thing.box_xyxy ? ([x1, y1, x2, y2] as const) : null;
  return (
    <figure className={classes.thing}>
      {card ? (
        <Shot
          url={(side) => pictureUrl(here, thing.sha256, side)}
          size={[card.width, card.height]}
          label={text}
          styles={[]}
          shapes={box ? [{ kind: "box", label: "", xyxy: box }] : []}
          focus={box}
          ratio={4 / 3}
          width={150}
        />
      ) : null}
      <figcaption>{text}</figcaption>
    </figure>
  );
}
