/** The agreement report as `ops/labels/agreement.py` writes it, and how its figures stand. */

import type { Document, Shape, StudyWord } from "@/api/types";
import { agreement as words } from "@/words/agreement";

export interface Interval {
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface Share {
  count: number;
  total: number;
  low: number;
  high: number;
  value: number | null;
}

export interface Limit {
  figure: string;
  acceptable: number;
  marginal: number;
  at_least: boolean;
}

export interface LabelerFigures {
  labeler: string;
  answers: number;
  repeated: Share | null;
  repeat_kappa: Interval | null;
  with_others: Interval;
  left_out: Interval;
  against_reference: {
    effectiveness: Share;
    miss_rate: Share | null;
    false_alarm_rate: Share | null;
    kappa: Interval;
  } | null;
}

export interface Figures {
  kind: string;
  things: number;
  alpha: Interval;
  per_labeler: LabelerFigures[];
  pairs: { first: string; second: string; things: number; same: Share; kappa: Interval }[];
  per_class: {
    name: string;
    called: number;
    alpha: Interval | null;
    positive_agreement: Interval;
  }[];
}

export interface Report {
  images: number;
  labelers: string[];
  trials: number;
  reference: string;
  figures: Figures[];
  confused: [string, string, number][];
  parted: { sha256: string; image: string; apart: number; said: Record<string, string> }[];
  limits: Limit[];
  sentences: string[];
}

export interface RuleLimit {
  value: number;
  low: number;
  high: number;
  rising: boolean;
}

export interface ProposedRule {
  first: string;
  second: string;
  verdict: string;
  feature: string | null;
  measure: string | null;
  unit: string;
  proposed: number | null;
  limit: RuleLimit | null;
  sentence: string;
  values: [number, boolean][];
  near: {
    sha256: string;
    box_xyxy: number[] | null;
    value: number;
    said: Record<string, string>;
  }[];
}

export function readReport(document: Document): Report {
  return document as unknown as Report;
}

export function readRules(documents: readonly Document[]): ProposedRule[] {
  return documents as unknown as ProposedRule[];
}

export type Grade = "acceptable" | "marginal" | "not acceptable" | "cannot be said";

const KAPPA_VERY_GOOD = 0.9;
const SLACK = 1e-9;

export function limitOf(report: Report, figure: string): Limit | undefined {
  return report.limits.find((limit) => limit.figure === figure);
}

/** How a figure stands against its limit; the same as `metrics/acceptance.py`. */
export function gradeOf(limit: Limit | undefined, value: number | null): Grade {
  if (value === null || !limit) return "cannot be said";
  const sign = limit.at_least ? 1 : -1;
  if (sign * (value - limit.acceptable) >= -SLACK) return "acceptable";
  return sign * (value - limit.marginal) >= -SLACK ? "marginal" : "not acceptable";
}

/** Whether even the bad end of an interval is acceptable. */
export function isShown(limit: Limit, share: Pick<Share, "low" | "high">): boolean {
  return gradeOf(limit, limit.at_least ? share.low : share.high) === "acceptable";
}

export function kappaWord(limit: Limit | undefined, value: number | null): string {
  if (value === null) return words.grades["cannot be said"];
  if (value >= KAPPA_VERY_GOOD - SLACK) return words.kappaWords.veryGood;
  const grade = gradeOf(limit, value);
  if (grade === "acceptable") return words.kappaWords.good;
  return grade === "marginal" ? words.kappaWords.moderate : words.kappaWords.poor;
}

export interface Bin {
  from: number;
  to: number;
  first: number;
  second: number;
}

const BINS = 28;
/** Values over more than this ratio are compared by their logarithm, as sizes are. */
const LOG_FROM_RATIO = 8;

export interface Scale {
  low: number;
  high: number;
  log: boolean;
  /** From a value to its place in [0, 1]. */
  place: (value: number) => number;
  value: (place: number) => number;
}

/** The axis of a histogram: logarithmic where sizes range over much. */
export function scaleOf(values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low > LOG_FROM_RATIO;
  const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const extent = b - a || 1;
  return {
    low,
    high,
    log,
    place: (value) => ((log ? Math.log(Math.max(value, low * 1e-3)) : value) - a) / extent,
    value: (place) => (log ? Math.exp(a + place * extent) : a + place * extent),
  };
}

export function binsOf(values: readonly (readonly [number, boolean])[], scale: Scale): Bin[] {
  const bins = Array.from(
    { length: BINS },
    (_, n): Bin => ({
      from: scale.value(n / BINS),
      to: scale.value((n + 1) / BINS),
      first: 0,
      second: 0,
    }),
  );
  for (const [value, second] of values) {
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.floor(scale.place(value) * BINS)))];
    if (bin && second) bin.second += 1;
    else if (bin) bin.first += 1;
  }
  return bins;
}

/** How many answers say what the limit says. */
export function agreeing(
  values: readonly (readonly [number, boolean])[],
  limit: number,
  rising: boolean,
): number {
  return values.filter(([value, second]) => value >= limit === (second === rising)).length;
}

/** The class below the limit, and the one from it on. */
export function sidesOf(rule: ProposedRule): [below: string, above: string] {
  const rising = rule.limit?.rising ?? true;
  return rising ? [rule.first, rule.second] : [rule.second, rule.first];
}

/** About three digits: a limit is nothing to be read to the micrometer. */
export function roundLimit(value: number): number {
  return Number(value.toPrecision(3));
}

export interface Column {
  who: string;
  text: string;
  shapes: readonly Shape[];
}

/**
 * One column for each answer that differs from that person's others: a trial that says the
 * same twice is one picture. The texts are those of the report.
 */
export function columnsOf(
  words: readonly StudyWord[],
  told: Readonly<Record<string, string>>,
): Column[] {
  if (words.length === 0) {
    return Object.entries(told).map(([who, text]) => ({ who, text, shapes: [] }));
  }
  const seen = new Set<string>();
  const columns: Column[] = [];
  for (const { labeler, trial, shapes } of words) {
    const key = `${labeler} ${JSON.stringify(shapes)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const mine = words.filter((w) => w.labeler === labeler);
    const same = mine.every((w) => JSON.stringify(w.shapes) === JSON.stringify(shapes));
    const [once, each] = [labeler, `${labeler}, trial ${trial}`];
    columns.push({ who: same ? once : each, text: told[each] ?? told[once] ?? "", shapes });
  }
  return columns;
}
