/**
 * Draws what the editor holds. The picture and the shapes at rest are layers that are drawn
 * anew only when they change; a frame copies them and draws what is being worked on.
 */

import type { Item } from "../document";
import type { Editor } from "../editor";
import { type Box, grown, overlap, type Size } from "../geometry";
import { styleOf } from "../palette";
import { runsOutline } from "../runs";
import { boundsOf } from "../shapes/kinds";
import type { CanvasShape, MaskShape } from "../shapes/shape";
import { seenBox, type View } from "../viewport";
import { drawDraft, drawPointer } from "./drafts";
import { Layer, type Seeing } from "./layer";
import { MaskBitmaps } from "./maskBitmaps";
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
import { applyTone, isNeutral, toneName } from "./tone";

const MOST_CHIPS = 120;
const CHIP_FROM_PX = 26;
const REST_MS = 120;
const SAME_PLACE = 0.9;
const OUTSET_PX = 5;
const CHIP_BELOW_PX = 26;
// Chips and halos reach beyond the box of their shape.
const BEYOND_PX = 24;
const CHIP_WIDTH_PX = 160;

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
  private readonly masks = new MaskBitmaps();
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
      if (change) this.masks.follow(change);
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

  private frame(): void {
    const { canvas, ctx, editor } = this;
    const { stage, view, tone } = editor;
    const ratio = canvas.width / Math.max(stage[0], 1);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    const how = { view, stage, ratio, rests: this.rests(view.scale) };
    const sight = { ...how, version: `${this.pictureVersion} ${toneName(tone)}` };
    let sharp = this.drawPicture(sight);
    if (!editor.hidden) {
      const rest = { ...how, version: `${editor.restVersion}` };
      const drawn = this.shapeLayer.show(ctx, rest, (to, seen) =>
        this.drawRest(to, seen, ratio),
      );
      sharp = sharp && drawn;
    }
    if (!sharp) this.sharpenSoon();
    ctx.setTransform(...placed(view, ratio));
    this.drawActive(ratio);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** The picture; true where it is sharp. */
  private drawPicture(sight: Seeing): boolean {
    const { ctx, picture } = this;
    const { tone, view, stage } = this.editor;
    const scale = view.scale * sight.ratio;
    if (picture && isNeutral(tone) && this.pictureLayer.mayBeRough(sight)) {
      // Nearest pixels of the right level: a tenth of the time of smooth ones, and nothing
      // is missing at the edges as with a layer that is stretched.
      ctx.setTransform(...placed(view, sight.ratio));
      picture.draw(ctx, seenBox(view, stage), scale, true);
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      return false;
    }
    return this.pictureLayer.show(ctx, sight, (to, seen) => {
      picture?.draw(to, seen, scale);
      applyTone(to, tone, seen, scale);
    });
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
      if (item.shape.kind === "mask") this.drawMask(ctx, item.id, item.shape);
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
      const box = boundsOf(one.shape);
      // Another name for the same place: around what is there, its own name below.
      const around = box !== null && this.covers(box);
      if (one.shape.kind === "mask") addOutline(path, one.shape);
      else if (around && box)
        addPath(path, outset(one.shape.label, box, OUTSET_PX * unit), unit);
      else addPath(path, one.shape, unit);
      strokeDashed(ctx, path, style, unit);
      if (!box || this.editor.suggestions.length > MOST_CHIPS) continue;
      const [x1, , , y2] = box;
      const below: Box = [x1, y2 + CHIP_BELOW_PX * unit, x1, y2 + CHIP_BELOW_PX * unit];
      ctx.globalAlpha = 0.85;
      drawChip(ctx, around ? below : box, `${one.shape.label}?`, style, unit, 0);
      ctx.globalAlpha = 1;
    }
  }

  private covers(box: Box): boolean {
    return this.editor.itemsWithin(box).some((item) => {
      const own = boundsOf(item.shape);
      return own !== null && overlap(own, box) > SAME_PLACE;
    });
  }

  private chip(ctx: Ctx, item: Item, unit: number): void {
    const box = boundsOf(item.shape);
    if (!box) return;
    const { label } = item.shape;
    drawChip(ctx, box, label, styleOf(this.editor.styles, label), unit, 0);
  }

  private drawMask(ctx: Ctx, id: number, shape: MaskShape): void {
    this.masks.draw(ctx, id, shape, styleOf(this.editor.styles, shape.label).color);
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
    drawDraft(ctx, editor, unit);
    drawPointer(ctx, editor, unit, ratio);
  }

  private drawOne(item: Item, unit: number): void {
    if (item.shape.kind === "mask") this.drawMask(this.ctx, item.id, item.shape);
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
}

/** The transform from pixels of the image to those of the canvas. */
function placed(view: View, ratio: number): [number, number, number, number, number, number] {
  const scale = view.scale * ratio;
  return [scale, 0, 0, scale, Math.round(view.x * ratio), Math.round(view.y * ratio)];
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

function outset(label: string, box: Box, by: number): CanvasShape {
  return { kind: "box", label, xyxy: grown(box, by) };
}
