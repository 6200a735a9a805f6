/** What is being drawn and where the pointer is: on top of everything, in every frame. */

import type { Editor } from "../editor";
import type { Point } from "../geometry";
import { styleOf } from "../palette";
import { toImage } from "../viewport";
import { type Ctx, strokeOutline } from "./shapes";

const OFF_IMAGE_ALPHA = 0.5;

export function drawDraft(ctx: Ctx, editor: Editor, unit: number): void {
  const { draft } = editor.tool;
  if (!draft) return;
  const style = styleOf(editor.styles, editor.drawingClass);
  const path = new Path2D();
  if (draft.kind === "band") {
    const [x1, y1, x2, y2] = draft.box;
    ctx.fillStyle = "rgb(255 255 255 / 8%)";
    ctx.fillRect(x1, y1, x2 - x1, y2 - y1);
    ctx.setLineDash([4 * unit, 3 * unit]);
    ctx.strokeStyle = "rgb(255 255 255 / 85%)";
    ctx.lineWidth = unit;
    ctx.strokeRect(x1, y1, x2 - x1, y2 - y1);
    ctx.setLineDash([]);
    return;
  }
  if (draft.kind === "box") {
    const [a, b] = [draft.from, draft.to];
    path.rect(
      Math.min(a[0], b[0]),
      Math.min(a[1], b[1]),
      Math.abs(a[0] - b[0]),
      Math.abs(a[1] - b[1]),
    );
    strokeOutline(ctx, path, style, unit, 1.8, 0.08);
    sizeNote(ctx, a, b, unit);
    return;
  }
  const points = draft.to && !draft.closes ? [...draft.corners, draft.to] : draft.corners;
  points.forEach(([x, y], n) => {
    if (n === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  if (draft.closes) path.closePath();
  strokeOutline(ctx, path, style, unit, 1.8, 0.08);
  draft.corners.forEach(([x, y], n) => {
    const r = (n === 0 ? (draft.closes ? 7 : 5) : 3) * unit;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = n === 0 ? "#ffffff" : style.color;
    ctx.fill();
    ctx.strokeStyle = "rgb(0 0 0 / 75%)";
    ctx.lineWidth = unit;
    ctx.stroke();
  });
}

/** Width and height beside the corner that is being drawn. */
function sizeNote(ctx: Ctx, from: Point, to: Point, unit: number): void {
  const [w, h] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  const text = `${Math.round(w)} × ${Math.round(h)} px`;
  ctx.font = `500 ${11.5 * unit}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const width = ctx.measureText(text).width + 10 * unit;
  const [x, y] = [Math.max(from[0], to[0]) + 8 * unit, Math.max(from[1], to[1]) + 14 * unit];
  ctx.fillStyle = "rgb(0 0 0 / 70%)";
  ctx.beginPath();
  ctx.roundRect(x, y - 9 * unit, width, 18 * unit, 4 * unit);
  ctx.fill();
  ctx.fillStyle = "#ffffff";
  ctx.fillText(text, x + 5 * unit, y + 0.5 * unit);
}

export function drawPointer(ctx: Ctx, editor: Editor, unit: number, ratio: number): void {
  const { pointer, toolName } = editor;
  if (!pointer || editor.readOnly) return;
  if (toolName === "brush" || toolName === "eraser") {
    const r = Math.max(editor.brushPx / 2, unit);
    for (const [color, width] of [
      ["rgb(0 0 0 / 70%)", 2.6],
      [
        toolName === "eraser" ? "#ffffff" : styleOf(editor.styles, editor.drawingClass).color,
        1.2,
      ],
    ] as const) {
      ctx.beginPath();
      ctx.arc(pointer[0], pointer[1], r, 0, 2 * Math.PI);
      ctx.strokeStyle = color;
      ctx.lineWidth = width * unit;
      ctx.stroke();
    }
  } else if (toolName === "box" && !editor.tool.draft)
    crosshair(ctx, editor, pointer, unit, ratio);
}

function crosshair(ctx: Ctx, editor: Editor, at: Point, unit: number, ratio: number): void {
  const [x1, y1] = toImage(editor.view, [0, 0]);
  const [x2, y2] = toImage(editor.view, [editor.stage[0], editor.stage[1]]);
  const inside = at[0] >= 0 && at[1] >= 0 && at[0] <= editor.size[0] && at[1] <= editor.size[1];
  ctx.globalAlpha = inside ? 1 : OFF_IMAGE_ALPHA;
  ctx.setLineDash([]);
  for (const [color, width] of [
    ["rgb(0 0 0 / 45%)", 3],
    ["rgb(255 255 255 / 75%)", 1],
  ] as const) {
    ctx.fillStyle = color;
    const half = (width / 2 / ratio) * unit;
    ctx.fillRect(x1, at[1] - half, x2 - x1, 2 * half);
    ctx.fillRect(at[0] - half, y1, 2 * half, y2 - y1);
  }
  ctx.globalAlpha = 1;
}
