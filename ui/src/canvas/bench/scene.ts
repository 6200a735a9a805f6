/** A large image with many shapes, made up: what the bench page draws. */

import { strokeRuns } from "../brush";
import type { Point, Size } from "../geometry";
import { maskOf } from "../shapes/mask";
import type { CanvasShape } from "../shapes/shape";
import { Chance } from "../testing/chance";

export const SCENE_CLASSES = ["pit", "scratch", "dent", "stain", "crack"];

/** A picture of a ground metal surface. */
export async function sceneBitmap([width, height]: Size): Promise<ImageBitmap> {
  const canvas = new OffscreenCanvas(width, height);
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser cannot draw.");
  const ground = ctx.createLinearGradient(0, 0, width, height);
  ground.addColorStop(0, "#8d9196");
  ground.addColorStop(0.5, "#a9adb1");
  ground.addColorStop(1, "#7f8489");
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, width, height);
  const chance = new Chance(7);
  for (let n = 0; n < 6000; n += 1) {
    const light = chance.share() < 0.5;
    ctx.strokeStyle = light ? "rgb(255 255 255 / 8%)" : "rgb(0 0 0 / 8%)";
    ctx.lineWidth = 1 + chance.share() * 3;
    const [x, y] = chance.point([width, height]);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + 200 + 400 * chance.share(), y + 20 * chance.share());
    ctx.stroke();
  }
  return createImageBitmap(canvas);
}

/** Boxes mostly, polygons, and a few masks, all over the image. */
export function sceneShapes(count: number, size: Size): CanvasShape[] {
  const chance = new Chance(11);
  return Array.from({ length: count }, (_, n): CanvasShape => {
    const label = chance.one(SCENE_CLASSES);
    const [x, y] = chance.point([size[0] - 200, size[1] - 200]);
    const [w, h] = [12 + 120 * chance.share() ** 2, 12 + 120 * chance.share() ** 2];
    if (n % 100 === 99) {
      const to: Point = [x + 2 * w, y + 2 * h];
      return maskOf(label, strokeRuns([x + 30, y + 30], to, 8 + w / 8, size), size);
    }
    if (n % 4 !== 3) return { kind: "box", label, xyxy: [x, y, x + w, y + h] };
    const corners = 6 + chance.int(0, 10);
    const ring = Array.from({ length: corners }, (_corner, k): Point => {
      const angle = (2 * Math.PI * k) / corners;
      const radius = 0.35 + 0.15 * chance.share();
      return [
        x + w * (0.5 + radius * Math.cos(angle)),
        y + h * (0.5 + radius * Math.sin(angle)),
      ];
    });
    return { kind: "polygon", label, rings: [ring] };
  });
}
