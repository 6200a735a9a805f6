/** Brightness and contrast of what is drawn already. */

import type { Box } from "../geometry";
import type { Tone } from "../sight";

export function isNeutral({ brightness, contrast }: Tone): boolean {
  return brightness === 1 && contrast === 1;
}

/** The same for the same tone. */
export function toneName({ brightness, contrast }: Tone): string {
  return `${brightness} ${contrast}`;
}

/** The table from old to new values of a channel, 0 to 255. */
export function toneTable({ brightness, contrast }: Tone): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) =>
    Math.round((value * brightness - 127.5) * contrast + 127.5),
  );
}

/**
 * Change the tone of the part `seen` of a picture, drawn at `scale` device pixels per pixel
 * of the image. Not every browser has filters on canvases.
 */
export function applyTone(
  ctx: OffscreenCanvasRenderingContext2D,
  tone: Tone,
  seen: Box,
  scale: number,
): void {
  if (isNeutral(tone)) return;
  const { e: left, f: top } = ctx.getTransform();
  const [x, y] = [Math.round(seen[0] * scale + left), Math.round(seen[1] * scale + top)];
  const width = Math.round((seen[2] - seen[0]) * scale);
  const height = Math.round((seen[3] - seen[1]) * scale);
  if (width <= 0 || height <= 0) return;
  if (!("filter" in ctx)) {
    byTable(ctx as OffscreenCanvasRenderingContext2D, tone, [x, y, width, height]);
    return;
  }
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.filter = `brightness(${tone.brightness}) contrast(${tone.contrast})`;
  // Opaque pixels over themselves: what is clear stays clear.
  ctx.globalCompositeOperation = "source-atop";
  ctx.drawImage(ctx.canvas, x, y, width, height, x, y, width, height);
  ctx.restore();
}

function byTable(
  ctx: OffscreenCanvasRenderingContext2D,
  tone: Tone,
  [x, y, width, height]: readonly [number, number, number, number],
): void {
  const data = ctx.getImageData(x, y, width, height);
  const table = toneTable(tone);
  for (let i = 0; i < data.data.length; i += 4) {
    for (let c = i; c < i + 3; c += 1) data.data[c] = table[data.data[c] ?? 0] ?? 0;
  }
  ctx.putImageData(data, x, y);
}
