/**
 * Draws what the editor holds. The picture and the shapes at rest are layers that are drawn
 * anew only when they change; a frame copies them and draws what is being worked on.
 */

import type { Change, Item } from "../document";
import type { Editor } from "../editor";
import { type Box, type Point, type Size, unite } from "../geometry";
import { styleOf } from "../palette";
import { runsOutline } from "../runs";
import { boundsOf } from "../shapes/kinds";
import type { MaskShape } from "../shapes/shape";
import { toImage } from "../viewport";
import { Layer } from "./layer";
import { MaskBitmap } from "./maskBitmap";
import type { Picture } from "./picture";
import {
  addPath,
  type Ctx,
  drawChip,
  drawHandles,
  drawShapes,
  strokeDashed,
  strokeOutline,
} from "./shapes";
import { applyTone } from "./tone";

const MASK_ALPHA = 0.42;
const MOST_CHIPS = 120;
const CHIP_FROM_PX = 26;
const OFF_IMAGE_ALPHA = 0.5;
const REST_MS = 120;
// Chips and halos reach beyond the box of their shape.
const BEYOND_PX = 24;
const CHIP_WIDTH_PX = 160;

interface KeptMask {
  bitmap: MaskBitmap;
  runs: MaskShape["runs"];
}

export interface FrameTimes {
  /** Duration of the drawing of each frame, newest last, in ms. */
  readonly drawing: number[];
}

export class Painter {
  private readonly canvas: HTMLCanvasElement;
  private readonly ctx: CanvasRenderingContext2D;
  private readonly editor: Editor;
  private readonly pictureLayer = new Layer();
  private readonly shapeLayer = new Layer();
  private readonly masks = new Map<number, KeptMask>();
  private readonly dirtyMasks = new Map<number, Box | null>();
  private readonly stop: () => void;
  private picture: Picture | null = null;
  private pictureVersion = 0;
  private stopPicture: (() => void) | null = null;
  private due = 0;
  private zoom = { scale: 0, since: -Infinity };
  private sharpening = 0;
  /** Set by the bench page to collect times. */
  times: FrameTimes | null = null;

  constructor(canvas: HTMLCanvasElement, editor: Editor) {
    const ctx = canvas.getContext("2d");
    if (!ctx) throw new Error("This browser cannot draw.");
    this.canvas = canvas;
    this.ctx = ctx;
    this.editor = editor;
    this.stop = editor.listenDraw((change) => {
      if (change) this.follow(change);
      this.request();
    });
  }

  /** The picture to draw from now on; the caller closes the old one. */
  show(picture: Picture | null): void {
    this.stopPicture?.();
    this.picture = picture;
    this.pictureVersion += 1;
    this.stopPicture =
      picture?.listen(() => {
        this.pictureVersion += 1;
        this.request();
      }) ?? null;
    this.request();
  }

  resize(stage: Size, ratio: number): void {
    this.canvas.width = Math.max(1, Math.round(stage[0] * ratio));
    this.canvas.height = Math.max(1, Math.round(stage[1] * ratio));
    this.editor.resize(stage);
  }

  close(): void {
    this.stop();
    this.stopPicture?.();
    cancelAnimationFrame(this.due);
    clearTimeout(this.sharpening);
  }

  private request(): void {
    if (this.due !== 0) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      const begun = performance.now();
      this.frame();
      this.times?.drawing.push(performance.now() - begun);
    });
  }

  private follow(change: Change): void {
    if (change.kind === "load") {
      this.masks.clear();
      this.dirtyMasks.clear();
      return;
    }
    for (const id of change.ids) {
      if (!this.masks.has(id)) continue;
      const known = this.dirtyMasks.get(id);
      // Whoever does not say what changed may have changed everything.
      const all =
        change.kind === "live" && known !== null ? unite(known ?? null, change.area) : null;
      this.dirtyMasks.set(id, all);
    }
  }

  private frame(): void {
    const { canvas, ctx, editor } = this;
    const { stage, view, tone } = editor;
    const ratio = canvas.width / Math.max(stage[0], 1);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    const how = { view, stage, ratio, rests: this.rests(view.scale) };
    const version = `${this.pictureVersion} ${tone.brightness} ${tone.contrast}`;
    let sharp = this.pictureLayer.show(ctx, { ...how, version }, (to, seen) => {
      this.picture?.draw(to, seen, view.scale * ratio);
      applyTone(to, tone, seen, view.scale * ratio);
    });
    if (!editor.hidden) {
      const rest = { ...how, version: `${editor.restVersion}` };
      const drawn = this.shapeLayer.show(ctx, rest, (to, seen) =>
        this.drawRest(to, seen, ratio),
      );
      sharp = sharp && drawn;
    }
    if (!sharp) this.sharpenSoon();
    const scale = view.scale * ratio;
    ctx.setTransform(
      scale,
      0,
      0,
      scale,
      Math.round(view.x * ratio),
      Math.round(view.y * ratio),
    );
    this.drawActive(ratio);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Whether the scale is the same as a while ago. */
  private rests(scale: number): boolean {
    const now = performance.now();
    if (this.zoom.scale !== scale) this.zoom = { scale, since: now };
    return now - this.zoom.since >= REST_MS;
  }

  private sharpenSoon(): void {
    clearTimeout(this.sharpening);
    this.sharpening = window.setTimeout(() => this.request(), REST_MS + 10);
  }

  /** Shapes that nobody is working on, and suggestions. */
  private drawRest(ctx: OffscreenCanvasRenderingContext2D, seen: Box, ratio: number): void {
    const { editor } = this;
    const unit = 1 / editor.view.scale;
    const beyond: Box = [
      seen[0] - CHIP_WIDTH_PX * unit,
      seen[1] - BEYOND_PX * unit,
      seen[2] + BEYOND_PX * unit,
      seen[3] + BEYOND_PX * unit,
    ];
    const items = editor.itemsWithin(beyond).filter((item) => !editor.isActive(item.id));
    for (const item of items) {
      if (item.shape.kind === "mask") this.drawMask(ctx, item, item.shape);
    }
    const look = { scale: editor.view.scale * ratio, ratio };
    drawShapes(
      ctx,
      items.map((item) => item.shape),
      editor.styles,
      look,
    );
    this.drawSuggestions(ctx, unit);
    // All or none: a strip that is drawn later must not decide otherwise.
    if (editor.document.count > MOST_CHIPS) return;
    for (const item of items) {
      const box = boundsOf(item.shape);
      if (box && (box[2] - box[0]) / unit >= CHIP_FROM_PX) this.chip(ctx, item, unit);
    }
  }

  private drawSuggestions(ctx: OffscreenCanvasRenderingContext2D, unit: number): void {
    for (const one of this.editor.suggestions) {
      const style = styleOf(this.editor.styles, one.shape.label);
      const path = new Path2D();
      if (one.shape.kind === "mask") addOutline(path, one.shape);
      else addPath(path, one.shape, unit);
      strokeDashed(ctx, path, style, unit);
      const box = boundsOf(one.shape);
      if (!box || this.editor.suggestions.length > MOST_CHIPS) continue;
      ctx.globalAlpha = 0.85;
      drawChip(ctx, box, `${one.shape.label}?`, style, unit, 0);
      ctx.globalAlpha = 1;
    }
  }

  private chip(ctx: Ctx, item: Item, unit: number): void {
    const box = boundsOf(item.shape);
    if (!box) return;
    const { label } = item.shape;
    drawChip(ctx, box, label, styleOf(this.editor.styles, label), unit, 0);
  }

  private drawMask(ctx: Ctx, item: Item, shape: MaskShape): void {
    const { color } = styleOf(this.editor.styles, shape.label);
    let kept = this.masks.get(item.id);
    const dirty = this.dirtyMasks.get(item.id);
    if (!kept || kept.bitmap.color !== color) {
      kept = { bitmap: new MaskBitmap(color), runs: shape.runs };
      kept.bitmap.update(shape.runs, boundsOf(shape), shape.size, null);
      this.masks.set(item.id, kept);
    } else if (kept.runs !== shape.runs) {
      kept.bitmap.update(shape.runs, boundsOf(shape), shape.size, dirty ?? null);
      kept.runs = shape.runs;
    }
    this.dirtyMasks.delete(item.id);
    kept.bitmap.draw(ctx as OffscreenCanvasRenderingContext2D, MASK_ALPHA);
  }

  /** What is selected, hovered or being drawn. */
  private drawActive(ratio: number): void {
    const { ctx, editor } = this;
    const unit = 1 / editor.view.scale;
    if (!editor.hidden) {
      const active = editor.document.all().filter((item) => editor.isActive(item.id));
      for (const item of active) this.drawOne(item, unit);
      const hovered = editor.hovered === null ? undefined : editor.document.get(editor.hovered);
      if (hovered && !editor.isActive(hovered.id)) {
        this.outline(hovered, unit, 2.6);
        this.chip(ctx, hovered, unit);
      }
      const only = editor.onlySelected;
      if (only && !editor.readOnly && editor.document.transaction !== "move") {
        drawHandles(ctx, only.shape, unit);
      }
    }
    this.drawDraft(unit);
    this.drawPointer(unit, ratio);
  }

  private drawOne(item: Item, unit: number): void {
    if (item.shape.kind === "mask") this.drawMask(this.ctx, item, item.shape);
    const painting = this.editor.document.transaction !== null && item.shape.kind === "mask";
    if (this.editor.selection.has(item.id) && !painting) this.outline(item, unit, 2.4);
    else if (item.shape.kind !== "mask") this.outline(item, unit, 1.6);
    if (this.editor.selection.has(item.id)) this.chip(this.ctx, item, unit);
  }

  private outline(item: Item, unit: number, width: number): void {
    const path = new Path2D();
    const mask = item.shape.kind === "mask";
    if (item.shape.kind === "mask") addOutline(path, item.shape);
    else addPath(path, item.shape, unit);
    const style = styleOf(this.editor.styles, item.shape.label);
    strokeOutline(this.ctx, path, style, unit, width, mask ? 0 : 0.1);
  }

  private drawDraft(unit: number): void {
    const { ctx, editor } = this;
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
      this.sizeNote(a, b, unit);
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
  private sizeNote(from: Point, to: Point, unit: number): void {
    const { ctx } = this;
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

  private drawPointer(unit: number, ratio: number): void {
    const { ctx, editor } = this;
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
    } else if (toolName === "box" && !editor.tool.draft) this.crosshair(pointer, unit, ratio);
  }

  private crosshair(at: Point, unit: number, ratio: number): void {
    const { ctx, editor } = this;
    const [x1, y1] = toImage(editor.view, [0, 0]);
    const [x2, y2] = toImage(editor.view, [editor.stage[0], editor.stage[1]]);
    const inside =
      at[0] >= 0 && at[1] >= 0 && at[0] <= editor.size[0] && at[1] <= editor.size[1];
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
}

// Outlines of masks that nobody paints on are asked for in every frame.
const outlines = new WeakMap<MaskShape["runs"], number[]>();

function addOutline(path: Path2D, shape: MaskShape): void {
  let lines = outlines.get(shape.runs);
  if (!lines) {
    lines = runsOutline(shape.runs, shape.size[1]);
    outlines.set(shape.runs, lines);
  }
  for (let i = 0; i < lines.length; i += 4) {
    path.moveTo(lines[i] ?? 0, lines[i + 1] ?? 0);
    path.lineTo(lines[i + 2] ?? 0, lines[i + 3] ?? 0);
  }
}
