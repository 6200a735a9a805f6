/**
 * An offscreen canvas that holds a part of the plane around what is seen, at the resolution
 * of the screen. While the view moves within it, a frame is one copy.
 */

import type { Box, Size } from "../geometry";
import type { View } from "../viewport";

/** CSS pixels kept beyond each edge of the stage. */
const MARGIN_PX = 192;

export class Layer {
  private canvas = new OffscreenCanvas(1, 1);
  private ctx: OffscreenCanvasRenderingContext2D | null = null;
  private at: { scale: number; x: number; y: number; ratio: number; version: string } | null =
    null;

  /** Whether what it holds covers the stage and is what `version` names. */
  private covers(view: View, stage: Size, ratio: number, version: string): boolean {
    const { at } = this;
    if (!at || at.scale !== view.scale || at.ratio !== ratio || at.version !== version) {
      return false;
    }
    const [dx, dy] = [view.x - at.x, view.y - at.y];
    const fits = this.canvas.width === Math.round((stage[0] + 2 * MARGIN_PX) * ratio);
    const fitsDown = this.canvas.height === Math.round((stage[1] + 2 * MARGIN_PX) * ratio);
    return fits && fitsDown && Math.abs(dx) <= MARGIN_PX && Math.abs(dy) <= MARGIN_PX;
  }

  /**
   * Copy the layer to the screen, drawn anew by `draw` where it must be. `draw` gets a
   * context in pixels of the image and the part of the image to draw.
   */
  show(
    to: CanvasRenderingContext2D,
    how: { view: View; stage: Size; ratio: number; version: string },
    draw: (ctx: OffscreenCanvasRenderingContext2D, seen: Box) => void,
  ): void {
    const { view, stage, ratio, version } = how;
    if (!this.covers(view, stage, ratio, version)) {
      const ctx = this.sized(stage, ratio);
      const [left, top] = [view.x + MARGIN_PX, view.y + MARGIN_PX];
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
      const scale = view.scale * ratio;
      ctx.setTransform(scale, 0, 0, scale, Math.round(left * ratio), Math.round(top * ratio));
      const seen: Box = [
        -left / view.scale,
        -top / view.scale,
        (stage[0] + MARGIN_PX - view.x) / view.scale,
        (stage[1] + MARGIN_PX - view.y) / view.scale,
      ];
      draw(ctx, seen);
      this.at = { scale: view.scale, x: view.x, y: view.y, ratio, version };
    }
    const at = this.at ?? view;
    const [dx, dy] = [view.x - at.x - MARGIN_PX, view.y - at.y - MARGIN_PX];
    to.drawImage(this.canvas, Math.round(dx * ratio), Math.round(dy * ratio));
  }

  private sized(stage: Size, ratio: number): OffscreenCanvasRenderingContext2D {
    const width = Math.round((stage[0] + 2 * MARGIN_PX) * ratio);
    const height = Math.round((stage[1] + 2 * MARGIN_PX) * ratio);
    if (!this.ctx || this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas = new OffscreenCanvas(width, height);
      this.ctx = this.canvas.getContext("2d");
      if (!this.ctx) throw new Error("This browser cannot draw.");
    }
    return this.ctx;
  }
}
