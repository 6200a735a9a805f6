/** The course of a watch for drift, in the measures of its chart. */
import type { DriftCourse } from "@/api/types";

/** A panel of the chart, in pixels; y grows downwards. */
export interface Panel {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scale {
  x: (image: number) => number;
  y: (value: number) => number;
}

/** Below this the evidence is shown as none. */
const LEAST = 0.1;
/** So many deviations of single images around the mean are always in sight. */
const SIGHT = 2.5;

function between(value: number, low: number, high: number): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
}

function across(panel: Panel, images: readonly number[]) {
  const first = images[0] ?? 0;
  const last = images.at(-1) ?? 1;
  return (image: number) =>
    panel.left + (panel.right - panel.left) * between(image, first, last);
}

/** The evidence in powers of ten: what doubles is one step, however large it is. */
export function evidenceScale(course: DriftCourse, panel: Panel): Scale {
  const most = Math.max(10 * course.threshold, ...course.evidence);
  const y = (value: number) => {
    const share = between(
      Math.log10(Math.max(value, LEAST)),
      Math.log10(LEAST),
      Math.log10(most),
    );
    return panel.bottom - (panel.bottom - panel.top) * share;
  };
  return { x: across(panel, course.images), y };
}

/** The named figure, with the reference around the middle of what is in sight. */
export function valueScale(course: DriftCourse, panel: Panel): Scale {
  const around = SIGHT * course.reference_deviation;
  const low = Math.min(course.reference_mean - around, ...course.values);
  const high = Math.max(course.reference_mean + around, ...course.values);
  const y = (value: number) =>
    panel.bottom - (panel.bottom - panel.top) * between(value, low, high);
  return { x: across(panel, course.images), y };
}

/** A line through the points of a course. */
export function pathOf(
  images: readonly number[],
  values: readonly number[],
  { x, y }: Scale,
): string {
  return images
    .map((image, i) => {
      const value = values[i] ?? 0;
      return `${i ? "L" : "M"}${x(image).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join("");
}

/** The point whose place across is nearest to one of the chart. */
export function nearestPoint(course: DriftCourse, at: number, { x }: Scale): number {
  let best = 0;
  course.images.forEach((image, i) => {
    if (Math.abs(x(image) - at) < Math.abs(x(course.images[best] ?? 0) - at)) best = i;
  });
  return best;
}
