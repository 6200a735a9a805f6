/** The pixels under a round brush, as runs. */

import { clamp, type Point, type Size } from "./geometry";
import { type Runs, RunWriter } from "./runs";

/**
 * The pixels whose center lies no farther than `radius` from the stretch between two
 * points. A brush of any size sets at least the pixel under its center.
 */
export function strokeRuns(from: Point, to: Point, radius: number, size: Size): Runs {
  const [width, height] = size;
  const reach = Math.max(radius, 0.5);
  const writer = new RunWriter(height);
  const first = clamp(Math.floor(Math.min(from[0], to[0]) - reach), 0, width);
  const last = clamp(Math.ceil(Math.max(from[0], to[0]) + reach), 0, width);
  for (let x = first; x < last; x += 1) {
    const span = capsuleColumn(from, to, reach, x + 0.5);
    if (span === null) continue;
    const top = clamp(Math.ceil(span[0] - 0.5), 0, height);
    const bottom = clamp(Math.floor(span[1] - 0.5) + 1, 0, height);
    writer.add(x, top, bottom);
  }
  const made = writer.done();
  return made.length > 0 ? made : pixelRuns(to, size);
}

function pixelRuns(at: Point, size: Size): Runs {
  const [x, y] = [Math.floor(at[0]), Math.floor(at[1])];
  if (x < 0 || y < 0 || x >= size[0] || y >= size[1]) return new Int32Array(0);
  return Int32Array.from([x * size[1] + y, x * size[1] + y + 1]);
}

/** Where a vertical line crosses a capsule: the capsule is convex, so it is one stretch. */
function capsuleColumn(a: Point, b: Point, radius: number, x: number): [number, number] | null {
  let [top, bottom] = [Infinity, -Infinity];
  const widen = (low: number, high: number) => {
    top = Math.min(top, low);
    bottom = Math.max(bottom, high);
  };
  for (const [cx, cy] of [a, b]) {
    const half = radius * radius - (x - cx) * (x - cx);
    if (half >= 0) widen(cy - Math.sqrt(half), cy + Math.sqrt(half));
  }
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (length > 0) {
    const [nx, ny] = [(-(b[1] - a[1]) / length) * radius, ((b[0] - a[0]) / length) * radius];
    const side = (sign: number) => {
      const [x1, x2] = [a[0] + sign * nx, b[0] + sign * nx];
      if (x1 === x2 || x < Math.min(x1, x2) || x > Math.max(x1, x2)) return;
      const share = (x - x1) / (x2 - x1);
      const y = a[1] + sign * ny + share * (b[1] - a[1]);
      widen(y, y);
    };
    side(1);
    side(-1);
  }
  return top <= bottom ? [top, bottom] : null;
}
