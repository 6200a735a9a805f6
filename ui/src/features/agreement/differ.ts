/** Which shapes of several answers on one image are those on which the answers part. */
import type { Box, Size } from "@/canvas/geometry";
import { boundsOf } from "@/canvas/shapes/kinds";
import type { CanvasShape } from "@/canvas/shapes/shape";

/** Two shapes that overlap so far mean the same thing. */
const SAME_FROM = 0.5;
/** A window over more of the image than this shows the image whole. */
const MOST_SHARE = 0.5;

export interface Parted {
  agreed: CanvasShape[];
  apart: CanvasShape[];
}

/** For each answer, what all others say too, and what one of them does not. */
export function partedShapes(answers: readonly (readonly CanvasShape[])[]): Parted[] {
  return answers.map((shapes, mine) => {
    const others = answers.filter((_, n) => n !== mine);
    const agreed = shapes.filter((shape) =>
      others.every((other) => other.some((one) => isSame(shape, one))),
    );
    return { agreed, apart: shapes.filter((shape) => !agreed.includes(shape)) };
  });
}

/** The box, unless it takes up so much of the image that all of it may be shown. */
export function closeUp(box: Box | null, size: Size): Box | null {
  if (box === null) return null;
  const shares = [(box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]];
  return Math.max(...shares) > MOST_SHARE ? null : box;
}

function isSame(a: CanvasShape, b: CanvasShape): boolean {
  if (a.label !== b.label) return false;
  const [one, two] = [boundsOf(a), boundsOf(b)];
  if (one === null || two === null) return one === two;
  return overlap(one, two) >= SAME_FROM;
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  const both = width * height;
  return both / (area(a) + area(b) - both);
}
