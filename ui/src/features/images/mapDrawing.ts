/** Draws the points of the map, those selected above the others, and the lasso. */
import type { MapPoints } from "@/api/types";
import { type MapView, type Spot, toScreen } from "@/features/images/mapView";
import type { Selection } from "@/features/images/selection";
import type { ClassColor } from "@/ui/classColors";

interface MapScene {
  points: MapPoints;
  view: MapView;
  size: Spot;
  palette: readonly ClassColor[];
  selection: Selection;
  lasso: readonly Spot[];
  hover: number;
}

const GREY = "#a9b0b8";
const SIDE_PX = 6;

export function drawMap(canvas: HTMLCanvasElement, scene: MapScene): void {
  const { points, size, palette, selection, lasso, hover } = scene;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(size[0] * ratio), Math.round(size[1] * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size[0], size[1]);
  const some = !selection.all && selection.shas.size > 0;
  const isChosen = (i: number) => some && selection.shas.has(points.sha256[i] ?? "");
  context.globalAlpha = some ? 0.4 : 0.85;
  dots(context, scene, (i) =>
    isChosen(i) ? null : (palette[points.value[i] ?? -1]?.color ?? GREY),
  );
  context.globalAlpha = 1;
  if (some) {
    dots(context, scene, (i) => (isChosen(i) ? "#ffffff" : null), SIDE_PX + 3);
    dots(context, scene, (i) =>
      isChosen(i) ? (palette[points.value[i] ?? -1]?.color ?? GREY) : null,
    );
  }
  if (hover >= 0) dots(context, scene, (i) => (i === hover ? "#ffffff" : null), SIDE_PX + 3);
  line(context, lasso);
}

function dots(
  context: CanvasRenderingContext2D,
  { points, view, size }: MapScene,
  colorOf: (i: number) => string | null,
  side = SIDE_PX,
): void {
  let last = "";
  for (let i = 0; i < points.x.length; i++) {
    const color = colorOf(i);
    if (color === null) continue;
    const [x, y] = toScreen(view, size, points.x[i] ?? 0, points.y[i] ?? 0);
    if (x < -side || y < -side || x > size[0] + side || y > size[1] + side) continue;
    if (color !== last) context.fillStyle = color;
    last = color;
    context.fillRect(x - side / 2, y - side / 2, side, side);
  }
}

function line(context: CanvasRenderingContext2D, lasso: readonly Spot[]): void {
  if (lasso.length < 2) return;
  context.beginPath();
  for (const [x, y] of lasso) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = "rgb(255 255 255 / 12%)";
  context.fill();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5;
  context.stroke();
}
