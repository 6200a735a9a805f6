/** The edge of a mask as an SVG path along the sides of its pixels. */

import { eachStretch, runsOfCounts } from "./runs";

/**
 * @param size Width and height of the whole image.
 * @param counts Run lengths column by column, beginning with background.
 */
export function maskPath(size: readonly number[], counts: readonly number[]): string {
  const [width = 0, height = 0] = size;
  // Columns stand for rows here, and x for y: both are exchanged where points are written.
  const rows = new Map<number, Run[]>();
  eachStretch(runsOfCounts(counts, [width, height]), height, (x, top, bottom) => {
    const column = rows.get(x);
    if (column) column.push([top, bottom]);
    else rows.set(x, [[top, bottom]]);
  });
  const edges = new Map<string, [number, number][]>();
  const add = (x1: number, y1: number, x2: number, y2: number) => {
    const key = `${y1} ${x1}`;
    const ends = edges.get(key);
    if (ends) ends.push([y2, x2]);
    else edges.set(key, [[y2, x2]]);
  };
  for (const [y, runs] of rows) {
    for (const [from, to] of runs) {
      add(from, y + 1, from, y);
      add(to, y, to, y + 1);
    }
    for (const [from, to] of without(runs, rows.get(y - 1) ?? [])) add(from, y, to, y);
    for (const [from, to] of without(runs, rows.get(y + 1) ?? [])) add(to, y + 1, from, y + 1);
  }
  return joined(edges);
}

type Run = readonly [number, number];

/** The parts of runs that other runs do not cover. */
function without(runs: readonly Run[], others: readonly Run[]): Run[] {
  const out: Run[] = [];
  for (const [from, to] of runs) {
    let at = from;
    for (const [a, b] of others) {
      if (b <= at || a >= to) continue;
      if (a > at) out.push([at, a]);
      at = b;
    }
    if (at < to) out.push([at, to]);
  }
  return out;
}

function joined(edges: Map<string, [number, number][]>): string {
  const parts: string[] = [];
  for (const [start] of edges) {
    for (let ends = edges.get(start); ends && ends.length > 0; ends = edges.get(start)) {
      const points = [start];
      let at = start;
      do {
        const next: [number, number] | undefined = edges.get(at)?.pop();
        if (next === undefined) break;
        at = `${next[0]} ${next[1]}`;
        points.push(at);
      } while (at !== start);
      parts.push(`M${points.join("L")}Z`);
    }
  }
  return parts.join("");
}
