/**
 * An offscreen canvas that holds a part of the plane around what is seen, at the resolution
 * of the screen. While the view moves within it, a frame is one copy; when it moves on, only
 * the strips that come into sight are drawn. While the view is zoomed, a layer that takes
 * long to draw is shown stretched, and drawn sharp when the zoom comes to rest.
 */

import type { Box, Size } from "../geometry";
import type { View } from "../viewport";

/** CSS pixels kept beyond each edge of the stage. */
const MARGIN_PX = 192;
// Moving on before the edge is reached keeps the strips narrow.
const MOVE_ON_PX = 96;
/** A layer that takes longer is stretched while zooming. */
const QUICK_MS = 2;

export interface Seeing {
  readonly view: View;
  readonly stage: Size;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** Names what is drawn; another name means that all of it is drawn anew. */
  readonly version: string;
  /** Whether the zoom has come to rest. */
  readonly rests: boolean;
}

type Draw = (ctx: OffscreenCanvasRenderingContext2D, seen: Box) => void;

interface Held {
  readonly scale: number;
  /** Where the image's corner lies in the canvas, in whole device pixels. */
  readonly left: number;
  readonly top: number;
  readonly version: string;
}

export class Layer {
  private canvas = new OffscreenCanvas(1, 1);
  private spare = new OffscreenCanvas(1, 1);
  private held: Held | null = null;
  private lastMs = 0;

  /**
   * Copy the layer to the screen, drawn anew where it must be: `draw` gets a context in
   * pixels of the image, and the part of the image to draw. True where it is sharp.
   */
  show(to: CanvasRenderingContext2D, seeing: Seeing, draw: Draw): boolean {
    const { view, ratio, version } = seeing;
    const [width, height] = sizeFor(seeing);
    const margin = Math.round(MARGIN_PX * ratio);
    const usable = this.holds(seeing);
    if (this.held && this.mayBeRough(seeing) && this.lastMs > QUICK_MS) {
      this.stretch(to, this.held, seeing);
      return false;
    }
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas = new OffscreenCanvas(width, height);
      this.spare = new OffscreenCanvas(width, height);
    }
    const left = Math.round(view.x * ratio) + margin;
    const top = Math.round(view.y * ratio) + margin;
    if (!usable || this.held?.scale !== view.scale)
      this.drawAll({ left, top, scale: view.scale, version }, ratio, draw);
    else this.moveOn(left, top, ratio, draw);
    const held = this.held ?? { left, top };
    to.drawImage(this.canvas, left - held.left - margin, top - held.top - margin);
    return true;
  }

  /** Whether this is a frame of a zoom: what is held is right, but at another scale. */
  mayBeRough(seeing: Seeing): boolean {
    return !seeing.rests && this.holds(seeing) && this.held?.scale !== seeing.view.scale;
  }

  private holds(seeing: Seeing): boolean {
    const [width, height] = sizeFor(seeing);
    const sized = this.canvas.width === width && this.canvas.height === height;
    return sized && this.held?.version === seeing.version;
  }

  private stretch(to: CanvasRenderingContext2D, held: Held, seeing: Seeing): void {
    const { view, ratio } = seeing;
    const by = view.scale / held.scale;
    // For a moment only, and without a graphics card smoothing takes ten times as long.
    to.imageSmoothingEnabled = false;
    to.drawImage(
      this.canvas,
      view.x * ratio - held.left * by,
      view.y * ratio - held.top * by,
      this.canvas.width * by,
      this.canvas.height * by,
    );
  }

  private drawAll(held: Held, ratio: number, draw: Draw): void {
    const begun = performance.now();
    this.held = held;
    this.drawPart([0, 0, this.canvas.width, this.canvas.height], ratio, draw);
    // One quick drawing among slow ones says little.
    this.lastMs = Math.max(performance.now() - begun, this.lastMs / 2);
  }

  /** Shift what is held, and draw the strips that it lacks then. */
  private moveOn(left: number, top: number, ratio: number, draw: Draw): void {
    const { held } = this;
    if (!held) return;
    const [dx, dy] = [left - held.left, top - held.top];
    const most = MOVE_ON_PX * ratio;
    if (Math.abs(dx) <= most && Math.abs(dy) <= most) return;
    const { width, height } = this.canvas;
    this.held = { ...held, left, top };
    if (Math.abs(dx) >= width || Math.abs(dy) >= height) {
      this.drawPart([0, 0, width, height], ratio, draw);
      return;
    }
    const ctx = contextOf(this.spare);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.drawImage(this.canvas, dx, dy);
    [this.canvas, this.spare] = [this.spare, this.canvas];
    if (dx > 0) this.drawPart([0, 0, dx, height], ratio, draw);
    if (dx < 0) this.drawPart([width + dx, 0, width, height], ratio, draw);
    if (dy > 0) this.drawPart([0, 0, width, dy], ratio, draw);
    if (dy < 0) this.drawPart([0, height + dy, width, height], ratio, draw);
  }

  /** Draw a part of the canvas, given in its device pixels. */
  private drawPart(part: Box, ratio: number, draw: Draw): void {
    const { held } = this;
    if (!held) return;
    const ctx = contextOf(this.canvas);
    const scale = held.scale * ratio;
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.beginPath();
    ctx.rect(part[0], part[1], part[2] - part[0], part[3] - part[1]);
    ctx.clip();
    ctx.clearRect(part[0], part[1], part[2] - part[0], part[3] - part[1]);
    ctx.setTransform(scale, 0, 0, scale, held.left, held.top);
    draw(ctx, [
      (part[0] - held.left) / scale,
      (part[1] - held.top) / scale,
      (part[2] - held.left) / scale,
      (part[3] - held.top) / scale,
    ]);
    ctx.restore();
  }
}

/** Width and height of a layer in device pixels. */
function sizeFor({ stage, ratio }: Seeing): [number, number] {
  const side = (px: number) => Math.round((px + 2 * MARGIN_PX) * ratio);
  return [side(stage[0]), side(stage[1])];
}

const contexts = new WeakMap<OffscreenCanvas, OffscreenCanvasRenderingContext2D>();

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const ctx = contexts.get(canvas) ?? canvas.getContext("2d");
  if (!ctx) throw new Error("This browser cannot draw.");
  contexts.set(canvas, ctx);
  return ctx;
}
