/** Brightness and contrast of what is drawn already. */

import type { Tone } from "../editor";

/** The table from old to new values of a channel, 0 to 255. */
export function toneTable({ brightness, contrast }: Tone): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) =>
    Math.round((value * brightness - 127.5) * contrast + 127.5),
  );
}

/** Change the tone of a whole canvas; not every browser has filters on canvases. */
export function applyTone(ctx: OffscreenCanvasRenderingContext2D, tone: Tone): void {
  if (tone.brightness === 1 && tone.contrast === 1) return;
  const { width, height } = ctx.canvas;
  if ("filter" in ctx) {
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.filter = `brightness(${tone.brightness}) contrast(${tone.contrast})`;
    ctx.globalCompositeOperation = "copy";
    ctx.drawImage(ctx.canvas, 0, 0);
    ctx.restore();
    return;
  }
  const data = (ctx as OffscreenCanvasRenderingContext2D).getImageData(0, 0, width, height);
  const table = toneTable(tone);
  for (let i = 0; i < data.data.length; i += 4) {
    for (let c = i; c < i + 3; c += 1) data.data[c] = table[data.data[c] ?? 0] ?? 0;
  }
  (ctx as OffscreenCanvasRenderingContext2D).putImageData(data, 0, 0);
}
