/** What a suggestion would change, shape by shape and in words. */

import type { Shape } from "@/api/types";
import { findings } from "@/words/findings";

const words = findings.change;

export interface ShapeChange {
  removed: Shape[];
  added: Shape[];
  /** In words. */
  sentences: string[];
}

function placeOf(shape: Shape): string {
  return JSON.stringify({ ...shape, label: "" });
}

/** The difference between two lists of shapes, each shape counted. */
export function changeOf(labels: readonly Shape[], suggestion: readonly Shape[]): ShapeChange {
  const added = [...suggestion];
  const removed: Shape[] = [];
  for (const shape of labels) {
    const same = added.findIndex((s) => JSON.stringify(s) === JSON.stringify(shape));
    if (same >= 0) added.splice(same, 1);
    else removed.push(shape);
  }
  return { removed, added, sentences: sentencesOf(removed, added) };
}

function sentencesOf(removed: readonly Shape[], added: readonly Shape[]): string[] {
  const out: string[] = [];
  const come = [...added];
  const take = (match: (shape: Shape) => boolean): Shape | undefined => {
    const place = come.findIndex(match);
    return place < 0 ? undefined : come.splice(place, 1)[0];
  };
  const gone = removed.filter((shape) => {
    const renamed = take((s) => placeOf(s) === placeOf(shape));
    if (renamed) out.push(words.renamed(shape.label, renamed.label));
    return !renamed;
  });
  for (const shape of gone) {
    const redrawn = take((s) => s.label === shape.label && s.kind === shape.kind);
    out.push(redrawn ? words.redrawn(shape.label) : words.removed(shape.label));
  }
  return [...out, ...come.map((shape) => words.added(shape.label))];
}
