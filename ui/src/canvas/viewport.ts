/** Which part of the image is seen, and how large: screen = image * scale + offset. */

import { type Box, clamp, type Point, type Size } from "./geometry";

export interface View {
  /** Screen (CSS) pixels per pixel of the image. */
  readonly scale: number;
  /** Where the image's corner (0, 0) lies on the stage, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

export const LARGEST_SCALE = 48;
const FIT_PADDING_PX = 24;
// At least this much of the image stays on the stage.
const ALWAYS_SEEN_PX = 64;

/** The view with the whole image as large as it fits; small images grow at most 8 times. */
export function fitted(image: Size, stage: Size): View {
  const room: Size = [
    Math.max(stage[0] - 2 * FIT_PADDING_PX, 16),
    Math.max(stage[1] - 2 * FIT_PADDING_PX, 16),
  ];
  const scale = Math.min(room[0] / image[0], room[1] / image[1], 8);
  return {
    scale,
    x: Math.round((stage[0] - image[0] * scale) / 2),
    y: Math.round((stage[1] - image[1] * scale) / 2),
  };
}

export function smallestScale(image: Size, stage: Size): number {
  return Math.min(fitted(image, stage).scale / 2, 1);
}

/** The view moved back so far that the image cannot be lost. */
export function kept(view: View, image: Size, stage: Size): View {
  const [width, height] = [image[0] * view.scale, image[1] * view.scale];
  const seen = (extent: number) => Math.min(ALWAYS_SEEN_PX, extent);
  return {
    scale: view.scale,
    x: clamp(view.x, seen(width) - width, stage[0] - seen(width)),
    y: clamp(view.y, seen(height) - height, stage[1] - seen(height)),
  };
}

export function panned(view: View, dx: number, dy: number, image: Size, stage: Size): View {
  return kept({ ...view, x: view.x + dx, y: view.y + dy }, image, stage);
}

/** The view zoomed by a factor, the point of the image under `at` staying where it is. */
export function zoomed(view: View, factor: number, at: Point, image: Size, stage: Size): View {
  const scale = clamp(view.scale * factor, smallestScale(image, stage), LARGEST_SCALE);
  const by = scale / view.scale;
  const moved = { scale, x: at[0] - (at[0] - view.x) * by, y: at[1] - (at[1] - view.y) * by };
  return kept(moved, image, stage);
}

/** The view that shows a box of the image in the middle of the stage. */
export function around(box: Box, image: Size, stage: Size, share = 0.5): View {
  const [width, height] = [Math.max(box[2] - box[0], 1), Math.max(box[3] - box[1], 1)];
  const wanted = share * Math.min(stage[0] / width, stage[1] / height);
  const scale = clamp(wanted, fitted(image, stage).scale, LARGEST_SCALE / 4);
  const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const view = { scale, x: stage[0] / 2 - cx * scale, y: stage[1] / 2 - cy * scale };
  return kept(view, image, stage);
}

export function toImage(view: View, at: Point): Point {
  return [(at[0] - view.x) / view.scale, (at[1] - view.y) / view.scale];
}

export function toScreen(view: View, at: Point): Point {
  return [at[0] * view.scale + view.x, at[1] * view.scale + view.y];
}

/** The part of the image's plane that lies on the stage. */
export function seenBox(view: View, stage: Size): Box {
  const [x1, y1] = toImage(view, [0, 0]);
  const [x2, y2] = toImage(view, [stage[0], stage[1]]);
  return [x1, y1, x2, y2];
}
