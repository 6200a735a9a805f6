/** The pixels of a mask as a bitmap that is kept up with the mask, part by part. */

import { type Box, grown, type Size } from "../geometry";
import { eachStretch, type Runs, touching } from "../runs";
import type { Ctx } from "./shapes";

const MARGIN_PX = 64;
const ROOM_SHARE = 0.3;
const MOST_PIXELS = 4_000_000;

export class MaskBitmap {
  private canvas: OffscreenCanvas;
  private ctx: OffscreenCanvasRenderingContext2D;
  private frame: Box = [0, 0, 1, 1];
  // Pixels of the image per pixel of the bitmap, a power of two.
  private step = 1;
  private readonly rgb: readonly [number, number, number];
  readonly color: string;

  constructor(color: string) {
    this.color = color;
    this.rgb = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as [
      number,
      number,
      number,
    ];
    this.canvas = new OffscreenCanvas(1, 1);
    this.ctx = contextOf(this.canvas);
  }

  /** Show these runs; only `dirty` has changed since the last time (null: everything). */
  update(runs: Runs, box: Box | null, size: Size, dirty: Box | null): void {
    const fresh = dirty === null || (box !== null && !this.holds(box));
    if (fresh) this.allocate(box, size);
    this.write(runs, size, fresh ? this.frame : dirty);
  }

  draw(ctx: Ctx, alpha: number): void {
    const [x1, y1] = this.frame;
    ctx.globalAlpha = alpha;
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(
      this.canvas,
      x1,
      y1,
      this.canvas.width * this.step,
      this.canvas.height * this.step,
    );
    ctx.globalAlpha = 1;
  }

  private holds(box: Box): boolean {
    const [x1, y1, x2, y2] = this.frame;
    return x1 <= box[0] && y1 <= box[1] && x2 >= box[2] && y2 >= box[3];
  }

  private allocate(box: Box | null, size: Size): void {
    const around: Box = box ?? [0, 0, 1, 1];
    // Room to paint on: a mask that grows should not be drawn anew at every move.
    const room = Math.max(around[2] - around[0], around[3] - around[1]) * ROOM_SHARE;
    const wanted = grown(around, MARGIN_PX + room);
    this.step = 1;
    const area = (wanted[2] - wanted[0]) * (wanted[3] - wanted[1]);
    while (area / this.step ** 2 > MOST_PIXELS) this.step *= 2;
    const cut = (v: number, high: number, up: boolean) => {
      const inside = Math.min(Math.max(v, 0), high) / this.step;
      return (up ? Math.ceil(inside) : Math.floor(inside)) * this.step;
    };
    this.frame = [
      cut(wanted[0], size[0], false),
      cut(wanted[1], size[1], false),
      cut(wanted[2], size[0], true),
      cut(wanted[3], size[1], true),
    ];
    const [x1, y1, x2, y2] = this.frame;
    const [width, height] = [(x2 - x1) / this.step, (y2 - y1) / this.step];
    this.canvas = new OffscreenCanvas(Math.max(width, 1), Math.max(height, 1));
    this.ctx = contextOf(this.canvas);
  }

  private write(runs: Runs, size: Size, area: Box): void {
    const { step, frame } = this;
    const low = (v: number, from: number) => Math.max(0, Math.floor((v - from) / step));
    const high = (v: number, from: number, most: number) =>
      Math.min(most, Math.ceil((v - from) / step));
    const [left, top] = [low(area[0], frame[0]), low(area[1], frame[1])];
    const right = high(area[2], frame[0], this.canvas.width);
    const bottom = high(area[3], frame[1], this.canvas.height);
    const [width, height] = [right - left, bottom - top];
    if (width <= 0 || height <= 0) return;
    const data = new ImageData(width, height);
    const pixels = new Uint32Array(data.data.buffer);
    const [r, g, b] = this.rgb;
    const ink = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    const firstColumn = frame[0] + left * step;
    const endColumn = Math.min(size[0], frame[0] + right * step);
    const range = touching(runs, firstColumn * size[1], endColumn * size[1]);
    const paint = (x: number, y1: number, y2: number) => {
      const column = Math.floor((x - frame[0]) / step) - left;
      if (column < 0 || column >= width) return;
      const from = Math.max(0, Math.floor((y1 - frame[1]) / step) - top);
      const to = Math.min(height, Math.ceil((y2 - frame[1]) / step) - top);
      for (let y = from; y < to; y += 1) pixels[y * width + column] = ink;
    };
    eachStretch(runs, size[1], paint, range[0], range[1]);
    this.ctx.putImageData(data, left, top);
  }
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser cannot draw.");
  return ctx;
}
