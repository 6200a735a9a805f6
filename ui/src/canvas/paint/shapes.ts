/** How shapes look: outlines in the color of their class over a dark line, chips, handles. */

import type { Box, Point } from "../geometry";
import { type ClassStyle, styleOf } from "../palette";
import { boundsOf, handlesOf } from "../shapes/kinds";
import type { CanvasShape } from "../shapes/shape";

export type Ctx = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const HALO = "rgb(0 0 0 / 55%)";
/** Shapes that are smaller on the screen are drawn this large, to be seen at all. */
const LEAST_SEEN_PX = 7;
const FILL_ALPHA = 0.14;
const DASHES = { plain: null, stripes: [6, 6], dots: [2, 4], grid: [2, 10] } as const;

export interface Look {
  /** Screen (device) pixels per unit of the context. */
  readonly scale: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/** The path of a box or polygon; masks and classes have none. */
export function addPath(path: Path2D, shape: CanvasShape, unit: number): void {
  const box = boundsOf(shape);
  if (!box || shape.kind === "mask" || shape.kind === "class") return;
  const least = LEAST_SEEN_PX * unit;
  const [w, h] = [box[2] - box[0], box[3] - box[1]];
  if (w < least && h < least) {
    const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    path.rect(cx - least / 2, cy - least / 2, least, least);
    return;
  }
  if (shape.kind === "box") {
    path.rect(box[0], box[1], w, h);
    return;
  }
  for (const ring of shape.rings) addRing(path, ring);
}

function addRing(path: Path2D, ring: readonly Point[]): void {
  ring.forEach(([x, y], n) => {
    if (n === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  path.closePath();
}

/**
 * Many shapes at once. Boxes are drawn one by one, for which there is a short way; one path
 * of a thousand boxes is a hard case for every rasterizer.
 */
export function drawShapes(
  ctx: Ctx,
  shapes: Iterable<CanvasShape>,
  styles: readonly ClassStyle[],
  look: Look,
): void {
  const unit = look.ratio / look.scale;
  const byLabel = new Map<string, CanvasShape[]>();
  for (const shape of shapes) {
    const same = byLabel.get(shape.label);
    if (same) same.push(shape);
    else byLabel.set(shape.label, [shape]);
  }
  for (const [label, same] of byLabel) {
    const style = styleOf(styles, label);
    const boxes = same.flatMap((shape) => seenRect(shape, unit) ?? []);
    drawRects(ctx, boxes, style, unit);
    for (const shape of same) {
      if (shape.kind !== "polygon" || seenRect(shape, unit)) continue;
      const path = new Path2D();
      addPath(path, shape, unit);
      strokeOutline(ctx, path, style, unit);
    }
  }
}

type Rect = readonly [x: number, y: number, width: number, height: number];

/** What is drawn as a rectangle: boxes, and whatever is too small to be seen as it is. */
function seenRect(shape: CanvasShape, unit: number): Rect[] | null {
  const box = boundsOf(shape);
  if (!box || shape.kind === "mask") return null;
  const least = LEAST_SEEN_PX * unit;
  const [w, h] = [box[2] - box[0], box[3] - box[1]];
  if (w < least && h < least) {
    const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    return [[cx - least / 2, cy - least / 2, least, least]];
  }
  return shape.kind === "box" ? [[box[0], box[1], w, h]] : null;
}

function drawRects(ctx: Ctx, rects: readonly Rect[], style: ClassStyle, unit: number): void {
  ctx.lineJoin = "miter";
  ctx.setLineDash([]);
  ctx.fillStyle = style.color;
  ctx.globalAlpha = FILL_ALPHA;
  for (const rect of rects) ctx.fillRect(...rect);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = HALO;
  ctx.lineWidth = 3.4 * unit;
  for (const rect of rects) ctx.strokeRect(...rect);
  ctx.strokeStyle = style.color;
  ctx.lineWidth = 1.6 * unit;
  for (const rect of rects) ctx.strokeRect(...rect);
  const dash = DASHES[style.pattern];
  if (!dash) return;
  ctx.setLineDash(dash.map((d) => d * unit));
  ctx.strokeStyle = "#ffffff";
  for (const rect of rects) ctx.strokeRect(...rect);
  ctx.setLineDash([]);
}

/** An outline with a light fill. */
export function strokeOutline(
  ctx: Ctx,
  path: Path2D,
  style: ClassStyle,
  unit: number,
  width = 1.6,
  fill = FILL_ALPHA,
): void {
  ctx.lineJoin = "round";
  if (fill > 0) {
    ctx.globalAlpha = fill;
    ctx.fillStyle = style.color;
    ctx.fill(path, "evenodd");
    ctx.globalAlpha = 1;
  }
  ctx.setLineDash([]);
  ctx.strokeStyle = HALO;
  ctx.lineWidth = (width + 1.8) * unit;
  ctx.stroke(path);
  ctx.strokeStyle = style.color;
  ctx.lineWidth = width * unit;
  ctx.stroke(path);
  const dash = DASHES[style.pattern];
  if (dash) {
    ctx.setLineDash(dash.map((d) => d * unit));
    ctx.strokeStyle = "#ffffff";
    ctx.stroke(path);
    ctx.setLineDash([]);
  }
}

/** What a model proposes: dashed. */
export function strokeDashed(ctx: Ctx, path: Path2D, style: ClassStyle, unit: number): void {
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.strokeStyle = "rgb(0 0 0 / 40%)";
  ctx.lineWidth = 3 * unit;
  ctx.stroke(path);
  ctx.setLineDash([7 * unit, 5 * unit]);
  ctx.strokeStyle = style.color;
  ctx.lineWidth = 1.7 * unit;
  ctx.stroke(path);
  ctx.setLineDash([]);
}

/** A name on the color of its class, above the shape or inside where there is no room. */
export function drawChip(
  ctx: Ctx,
  box: Box,
  text: string,
  style: ClassStyle,
  unit: number,
  top: number,
): void {
  const height = 17 * unit;
  ctx.font = `600 ${11.5 * unit}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const width = ctx.measureText(text).width + 10 * unit;
  const y = box[1] - height - 2 * unit < top ? box[1] + 2 * unit : box[1] - height - 2 * unit;
  ctx.fillStyle = style.color;
  ctx.beginPath();
  ctx.roundRect(box[0], y, width, height, 3 * unit);
  ctx.fill();
  ctx.fillStyle = style.ink;
  ctx.fillText(text, box[0] + 5 * unit, y + height / 2 + 0.5 * unit);
}

/** The points of a selected shape that can be dragged. */
export function drawHandles(ctx: Ctx, shape: CanvasShape, unit: number): void {
  const box = boundsOf(shape);
  if (!box) return;
  const shorter = Math.min(box[2] - box[0], box[3] - box[1]) / unit;
  ctx.setLineDash([]);
  for (const handle of handlesOf(shape)) {
    // Middles would cover a small shape.
    if (handle.minor && shorter < 44) continue;
    const size = (handle.minor ? 3.5 : 4.5) * unit;
    const [x, y] = handle.at;
    ctx.beginPath();
    if (shape.kind === "box") ctx.rect(x - size, y - size, 2 * size, 2 * size);
    else ctx.arc(x, y, size, 0, 2 * Math.PI);
    ctx.fillStyle = handle.minor ? "rgb(255 255 255 / 70%)" : "#ffffff";
    ctx.fill();
    ctx.strokeStyle = "rgb(0 0 0 / 75%)";
    ctx.lineWidth = 1.2 * unit;
    ctx.stroke();
  }
}
