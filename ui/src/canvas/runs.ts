/**
 * Masks as runs: sorted, disjoint, never touching stretches [start, end) of pixel numbers.
 *
 * Pixels are numbered down the columns (x * height + y), which is the order of the run
 * lengths that the server keeps (`core/rle.py`, the same as COCO's): those begin with the
 * number of unset pixels. All operations give new arrays; a run array is never changed.
 */

import type { Box, Size } from "./geometry";

export type Runs = Int32Array;

export const NO_RUNS: Runs = new Int32Array(0);

export type Combine = (a: boolean, b: boolean) => boolean;

const either: Combine = (a, b) => a || b;
const firstOnly: Combine = (a, b) => a && !b;
const differing: Combine = (a, b) => a !== b;

/** Run lengths of the server as runs. Throws where they do not cover the image exactly. */
export function runsOfCounts(counts: readonly number[], size: Size): Runs {
  const edges: number[] = [];
  let at = 0;
  counts.forEach((count, place) => {
    if (count < 0) throw new RangeError(`mask run ${place} is ${count}`);
    if (place % 2 === 1 && count > 0) {
      if (edges.length > 0 && edges[edges.length - 1] === at)
        edges[edges.length - 1] = at + count;
      else edges.push(at, at + count);
    }
    at += count;
  });
  if (at !== size[0] * size[1]) {
    throw new RangeError(`mask runs cover ${at} pixels, the image has ${size[0] * size[1]}`);
  }
  return Int32Array.from(edges);
}

/** Runs as the run lengths of the server, beginning with unset pixels. */
export function countsOfRuns(runs: Runs, size: Size): number[] {
  const counts: number[] = [];
  let at = 0;
  for (const edge of runs) {
    counts.push(edge - at);
    at = edge;
  }
  const rest = size[0] * size[1] - at;
  if (rest > 0 || counts.length === 0) counts.push(rest);
  return counts;
}

/** First edge place whose value is above (or, with `atLeast`, not below) a pixel number. */
function placeOf(runs: Runs, pixel: number, atLeast: boolean): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const edge = runs[middle] ?? 0;
    if (edge > pixel || (atLeast && edge === pixel)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a pixel is set. */
export function hasPixel(runs: Runs, pixel: number): boolean {
  return placeOf(runs, pixel, false) % 2 === 1;
}

/** The places [from, to) of `runs`, whole runs, that touch the pixels [start, end). */
export function touching(runs: Runs, start: number, end: number): [from: number, to: number] {
  const first = placeOf(runs, start, true);
  const last = placeOf(runs, end, false);
  return [first - (first % 2), last + (last % 2)];
}

function combineAll(a: Runs, b: Runs, rule: Combine): Runs {
  const out = new Int32Array(a.length + b.length + 2);
  let [i, j, filled] = [0, 0, 0];
  let on = false;
  while (i < a.length || j < b.length) {
    const [nextA, nextB] = [a[i] ?? Infinity, b[j] ?? Infinity];
    const at = Math.min(nextA, nextB);
    if (nextA === at) i += 1;
    if (nextB === at) j += 1;
    const now = rule(i % 2 === 1, j % 2 === 1);
    if (now !== on) {
      out[filled] = at;
      filled += 1;
      on = now;
    }
  }
  return out.slice(0, filled);
}

/** Combine where `b` is; what lies before and after it in `a` is copied as it is. */
function combine(a: Runs, b: Runs, rule: Combine): Runs {
  if (b.length === 0) return a;
  const [from, to] = touching(a, b[0] ?? 0, b[b.length - 1] ?? 0);
  const middle = combineAll(a.subarray(from, to), b, rule);
  const out = new Int32Array(from + middle.length + a.length - to);
  out.set(a.subarray(0, from));
  out.set(middle, from);
  out.set(a.subarray(to), from + middle.length);
  return out;
}

export function union(a: Runs, b: Runs): Runs {
  return a.length === 0 ? b : combine(a, b, either);
}

export function subtract(a: Runs, b: Runs): Runs {
  return a.length === 0 ? a : combine(a, b, firstOnly);
}

/** What is in exactly one of the two; with the same `b` again it gives `a` back. */
export function flip(a: Runs, b: Runs): Runs {
  return a.length === 0 ? b : combine(a, b, differing);
}

export function sameRuns(a: Runs, b: Runs): boolean {
  return a.length === b.length && a.every((edge, place) => edge === b[place]);
}

/** Number of set pixels. */
export function runsArea(runs: Runs): number {
  let total = 0;
  for (let i = 0; i < runs.length; i += 2) total += (runs[i + 1] ?? 0) - (runs[i] ?? 0);
  return total;
}

/** Call `visit(x, top, bottom)` for every stretch of a column, left to right. */
export function eachStretch(
  runs: Runs,
  height: number,
  visit: (x: number, top: number, bottom: number) => void,
  from = 0,
  to = runs.length,
): void {
  for (let i = from; i < to; i += 2) {
    let start = runs[i] ?? 0;
    const end = runs[i + 1] ?? 0;
    while (start < end) {
      const x = Math.floor(start / height);
      const stop = Math.min(end, (x + 1) * height);
      visit(x, start - x * height, stop - x * height);
      start = stop;
    }
  }
}

/** The smallest box around the set pixels, or null for none. */
export function runsBox(runs: Runs, height: number): Box | null {
  if (runs.length === 0) return null;
  let [top, bottom] = [height, 0];
  eachStretch(runs, height, (_x, y1, y2) => {
    top = Math.min(top, y1);
    bottom = Math.max(bottom, y2);
  });
  const left = Math.floor((runs[0] ?? 0) / height);
  const right = Math.floor(((runs[runs.length - 1] ?? 1) - 1) / height) + 1;
  return [left, top, right, bottom];
}

/** Collects stretches that come in rising order into runs. */
export class RunWriter {
  private readonly edges: number[] = [];
  private readonly height: number;

  constructor(height: number) {
    this.height = height;
  }

  /** Add the pixels [top, bottom) of a column. */
  add(x: number, top: number, bottom: number): void {
    if (bottom <= top) return;
    const start = x * this.height + top;
    if (this.edges[this.edges.length - 1] === start) this.edges.pop();
    else this.edges.push(start);
    this.edges.push(x * this.height + bottom);
  }

  done(): Runs {
    return Int32Array.from(this.edges);
  }
}

/** The runs shifted by whole pixels; what leaves the image is cut off. */
export function shiftRuns(runs: Runs, dx: number, dy: number, size: Size): Runs {
  const [width, height] = size;
  const writer = new RunWriter(height);
  eachStretch(runs, height, (x, top, bottom) => {
    const to = x + dx;
    if (to < 0 || to >= width) return;
    writer.add(to, Math.max(0, top + dy), Math.min(height, bottom + dy));
  });
  return writer.done();
}

/** The edges between set and unset pixels as stretches [x1, y1, x2, y2, ...]. */
export function runsOutline(runs: Runs, height: number): number[] {
  const lines: number[] = [];
  eachStretch(runs, height, (x, top, bottom) => {
    lines.push(x, top, x + 1, top, x, bottom, x + 1, bottom);
  });
  if (runs.length === 0) return lines;
  // Where the mask and the mask one column further differ, a vertical edge runs.
  const shifted = runs.map((edge) => edge + height);
  eachStretch(flip(runs, shifted), height, (x, top, bottom) => {
    lines.push(x, top, x, bottom);
  });
  return lines;
}
