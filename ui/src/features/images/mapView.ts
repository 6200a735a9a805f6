/** The view of the embedding map: where points lie on the screen, and which are meant. */

export interface Dots {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What lies in the middle, and how many pixels one unit of the map is long. */
export interface MapView {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export type Spot = readonly [x: number, y: number];

const ROOM = 0.9;
const [LEAST_SCALE, MOST_SCALE] = [1e-6, 1e9];

/** All points, with some room around them. */
export function fitted(dots: Dots, [width, height]: Spot): MapView {
  const [x1, x2] = range(dots.x);
  const [y1, y2] = range(dots.y);
  const scale = ROOM * Math.min(width / (x2 - x1 || 1), height / (y2 - y1 || 1));
  return { x: (x1 + x2) / 2, y: (y1 + y2) / 2, scale: scale || 1 };
}

/** Where a point of the map is in pixels; y of the map points up. */
export function toScreen(view: MapView, [width, height]: Spot, x: number, y: number): Spot {
  return [width / 2 + (x - view.x) * view.scale, height / 2 - (y - view.y) * view.scale];
}

export function panned(view: MapView, dx: number, dy: number): MapView {
  return { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale };
}

/** Closer by a factor; what lies under the pixel `at` stays there. */
export function zoomed(
  view: MapView,
  [width, height]: Spot,
  at: Spot,
  factor: number,
): MapView {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor));
  const [dx, dy] = [at[0] - width / 2, at[1] - height / 2];
  return {
    x: view.x + dx / view.scale - dx / scale,
    y: view.y - dy / view.scale + dy / scale,
    scale,
  };
}

/** The point nearest to a pixel, at most `reach` pixels away; -1 for none. */
export function nearest(
  dots: Dots,
  view: MapView,
  size: Spot,
  at: Spot,
  reach: number,
): number {
  let [found, least] = [-1, reach * reach];
  for (let i = 0; i < dots.x.length; i++) {
    const [x, y] = toScreen(view, size, dots.x[i] ?? 0, dots.y[i] ?? 0);
    const far = (x - at[0]) ** 2 + (y - at[1]) ** 2;
    if (far <= least) [found, least] = [i, far];
  }
  return found;
}

/** The points inside a line drawn around them, closed by a straight one. */
export function inside(
  dots: Dots,
  view: MapView,
  size: Spot,
  lasso: readonly Spot[],
): number[] {
  const found: number[] = [];
  for (let i = 0; i < dots.x.length; i++) {
    if (isInside(toScreen(view, size, dots.x[i] ?? 0, dots.y[i] ?? 0), lasso)) found.push(i);
  }
  return found;
}

/** By the number of sides that a ray to the right crosses. */
function isInside([x, y]: Spot, lasso: readonly Spot[]): boolean {
  let odd = false;
  lasso.forEach(([x1, y1], i) => {
    const [x2, y2] = lasso[(i + 1) % lasso.length] ?? [x1, y1];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) odd = !odd;
  });
  return odd;
}

function range(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low <= high ? [low, high] : [0, 1];
}
