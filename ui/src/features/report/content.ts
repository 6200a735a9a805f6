/** Reading a report: its content is a document whose parts depend on the task. */
import type { Document } from "@/api/types";
import { type Proportion, wilson } from "@/ui/figures";

export interface Outcome {
  threshold: number;
  escapes: Proportion;
  overkill: Proportion;
}

export interface Confusion {
  rows: string[];
  columns: string[];
  counts: number[][];
}

export interface Ranged {
  value: number;
  low: number;
  high: number;
}

export interface ClassRow {
  name: string;
  support: number | null;
  found: Proportion | null;
  right: Proportion | null;
  overlap: Ranged | null;
}

export interface CurvePoint {
  threshold: number;
  escapes: number;
  overkill: number;
}

export interface Ceiling {
  metrics: [string, Ranged][];
  sentence: string;
  assumes: string;
}

export function outcomeOf(content: Document): Outcome | null {
  const found = content.outcome as Partial<Outcome> | null | undefined;
  const escapes = proportionOf(found?.escapes);
  const overkill = proportionOf(found?.overkill);
  if (typeof found?.threshold !== "number" || escapes === null || overkill === null)
    return null;
  return { threshold: found.threshold, escapes, overkill };
}

/** The confusion matrix; for tasks without one NG and OK, from the outcome. */
export function confusionOf(content: Document): Confusion | null {
  const found = content.confusion as Confusion | null | undefined;
  if (found?.counts && found.counts.length > 0) return found;
  const outcome = outcomeOf(content);
  if (outcome === null) return null;
  const { escapes, overkill } = outcome;
  return {
    rows: ["NG", "OK"],
    columns: ["NG", "OK"],
    counts: [
      [escapes.total - escapes.count, escapes.count],
      [overkill.count, overkill.total - overkill.count],
    ],
  };
}

export function classRowsOf(content: Document): ClassRow[] {
  const parts = (content.report as Document | undefined)?.per_class;
  if (!Array.isArray(parts)) return [];
  const names = Array.isArray(content.classes) ? content.classes.map(String) : [];
  // Of outlines the background is the first class.
  const all = content.task === "segmentation" ? ["", ...names] : names;
  return parts
    .map((part: Document, i) => ({
      name: all[i] ?? "",
      support: typeof part.support === "number" ? part.support : null,
      found: proportionOf(part.recall),
      right: proportionOf(part.precision),
      overlap: rangedOf(part.iou),
    }))
    .filter((row) => row.name !== "");
}

export function ceilingOf(content: Document): Ceiling | null {
  const found = content.ceiling as Document | undefined;
  if (typeof found?.sentence !== "string") return null;
  const metrics = Object.entries((found.metrics as Document | undefined) ?? {})
    .map(([name, value]): [string, Ranged | null] => [name, rangedOf(value)])
    .filter((pair): pair is [string, Ranged] => pair[1] !== null);
  return { metrics, sentence: found.sentence, assumes: String(found.assumes ?? "") };
}

export function metricsOf(content: Document): [string, number][] {
  return Object.entries((content.metrics as Document | undefined) ?? {}).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number",
  );
}

/** The costs that a threshold was chosen by. */
export function costsOf(content: Document): { escape: number; overkill: number } {
  const costs = (content.choice as Document | undefined)?.costs as Document | undefined;
  const number = (value: unknown, otherwise: number) =>
    typeof value === "number" ? value : otherwise;
  return { escape: number(costs?.escape, 10), overkill: number(costs?.overkill, 1) };
}

/** The points of a curve that both shares are known of, by rising threshold. */
export function curveOf(curve: readonly (readonly (number | null)[])[]): CurvePoint[] {
  return curve.flatMap(([threshold, escapes, overkill]) =>
    threshold != null && escapes != null && overkill != null
      ? [{ threshold, escapes, overkill }]
      : [],
  );
}

/** What happens at a point of the curve, with intervals. */
export function outcomeAt(
  point: CurvePoint,
  totals: Pick<Outcome, "escapes" | "overkill">,
): Outcome {
  const { escapes, overkill } = totals;
  return {
    threshold: point.threshold,
    escapes: wilson(Math.round(point.escapes * escapes.total), escapes.total),
    overkill: wilson(Math.round(point.overkill * overkill.total), overkill.total),
  };
}

/** The point that is in force at a threshold: the last one at or below it. */
export function pointAt(curve: readonly CurvePoint[], threshold: number): number {
  const above = curve.findIndex((p) => p.threshold > threshold);
  return Math.max(0, (above < 0 ? curve.length : above) - 1);
}

/** Expected cost of one inspected image at an outcome, with the shares of these images. */
export function costPerImage(
  outcome: Pick<Outcome, "escapes" | "overkill">,
  costs: { escape: number; overkill: number },
): number {
  const { escapes, overkill } = outcome;
  const images = escapes.total + overkill.total;
  if (images === 0) return 0;
  return (costs.escape * escapes.count + costs.overkill * overkill.count) / images;
}

function proportionOf(value: unknown): Proportion | null {
  const { count, total, low, high } = (value ?? {}) as Partial<Proportion>;
  if (typeof count !== "number" || typeof total !== "number") return null;
  if (typeof low !== "number" || typeof high !== "number") return wilson(count, total);
  return { count, total, low, high };
}

function rangedOf(part: unknown): Ranged | null {
  const { value, low, high } = (part ?? {}) as Partial<Ranged>;
  if (typeof value !== "number") return null;
  return { value, low: low ?? value, high: high ?? value };
}

/** Sentences of a comparison with runs called by when they were trained, not by their ids. */
export function withRunNames(
  sentence: string,
  runs: readonly { id: string; name: string }[],
): string {
  const named = sentence.replace(
    /\br\d+\b/g,
    (id) => runs.find((run) => run.id === id)?.name ?? id,
  );
  return named.slice(0, 1).toUpperCase() + named.slice(1);
}

/** How many images a comparison found judged otherwise, by what became of them. */
export function changedOf(content: Document): { worse: number; better: number } {
  const found = Array.isArray(content.changed) ? (content.changed as Document[]) : [];
  const better = found.filter((one) => one.second === one.truth).length;
  return { worse: found.length - better, better };
}
