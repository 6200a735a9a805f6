/** A picture that only shows: an image or a part of it with shapes, as thumbnails and evidence. */

import { useMemo } from "react";
import { type Box, grown, type Size, unite } from "./geometry";
import { type ClassStyle, styleOf } from "./palette";
import { eachStretch, runsOutline } from "./runs";
import classes from "./Shot.module.css";
import { boundsOf } from "./shapes/kinds";
import type { CanvasShape, MaskShape } from "./shapes/shape";

export interface ShotProps {
  /** The address of the picture with at least so many pixels on its longer side. */
  url: (side: number) => string;
  size: Size;
  label: string;
  styles: readonly ClassStyle[];
  shapes?: readonly CanvasShape[];
  /** Drawn dashed: what a model says. */
  dashed?: readonly CanvasShape[];
  /** Show only the surroundings of this box. */
  focus?: Box | null;
  /** Width over height of the picture shown. */
  ratio?: number;
  /** CSS pixels that it is wide on the page, for the choice of the picture. */
  width?: number;
}

const LEAST_FOCUS_PX = 64;

/** A window of a given ratio around a box, with room, inside the image where it can be. */
export function windowAround(box: Box | null, size: Size, ratio: number, room = 1.4): Box {
  const whole: Box = [0, 0, size[0], size[1]];
  const own = box ?? whole;
  const wide = Math.max(own[2] - own[0], LEAST_FOCUS_PX);
  const high = Math.max(own[3] - own[1], LEAST_FOCUS_PX);
  const extra = box === null ? 0 : (room * Math.max(wide, high)) / 2;
  const wanted = grown([0, 0, wide, high], extra);
  let [w, h] = [wanted[2] - wanted[0], wanted[3] - wanted[1]];
  if (w / h < ratio) w = h * ratio;
  else h = w / ratio;
  const place = (center: number, extent: number, limit: number) =>
    extent >= limit
      ? (limit - extent) / 2
      : Math.min(Math.max(center - extent / 2, 0), limit - extent);
  const x = place((own[0] + own[2]) / 2, w, size[0]);
  const y = place((own[1] + own[3]) / 2, h, size[1]);
  return [x, y, x + w, y + h];
}

export function Shot(props: ShotProps) {
  const { url, size, label, styles, shapes = [], dashed = [], focus = null } = props;
  const ratio = props.ratio ?? size[0] / size[1];
  const [x1, y1, x2, y2] = windowAround(focus, size, ratio);
  const perPx = (props.width ?? 320) / (x2 - x1);
  const side = Math.max(...size) * perPx * Math.min(window.devicePixelRatio || 1, 2);
  return (
    <svg
      className={classes.shot}
      viewBox={`${x1} ${y1} ${x2 - x1} ${y2 - y1}`}
      style={{ aspectRatio: ratio }}
      role="img"
      aria-label={label}
    >
      <image href={url(Math.min(side, 3072))} width={size[0]} height={size[1]} />
      {shapes.map((shape, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: shapes have no other name
        <Mark key={n} shape={shape} style={styleOf(styles, shape.label)} dashed={false} />
      ))}
      {dashed.map((shape, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: shapes have no other name
        <Mark key={n} shape={shape} style={styleOf(styles, shape.label)} dashed />
      ))}
    </svg>
  );
}

function Mark({
  shape,
  style,
  dashed,
}: {
  shape: CanvasShape;
  style: ClassStyle;
  dashed: boolean;
}) {
  const path = useMemo(() => pathOf(shape), [shape]);
  const fill = useMemo(() => (shape.kind === "mask" ? fillOf(shape) : null), [shape]);
  if (path === "") return null;
  return (
    <>
      {fill ? <path d={fill} fill={style.color} fillOpacity={dashed ? 0.2 : 0.38} /> : null}
      <path d={path} className={classes.halo} />
      <path
        d={path}
        className={classes.line}
        stroke={style.color}
        strokeDasharray={dashed ? "6 4" : undefined}
      />
    </>
  );
}

function pathOf(shape: CanvasShape): string {
  if (shape.kind === "box") {
    const [x1, y1, x2, y2] = shape.xyxy;
    return `M${x1} ${y1}H${x2}V${y2}H${x1}Z`;
  }
  if (shape.kind === "polygon") {
    return shape.rings
      .map((ring) => `${ring.map(([x, y], n) => `${n === 0 ? "M" : "L"}${x} ${y}`).join("")}Z`)
      .join("");
  }
  if (shape.kind === "class") return "";
  const lines = runsOutline(shape.runs, shape.size[1]);
  let path = "";
  for (let i = 0; i < lines.length; i += 4) {
    path += `M${lines[i]} ${lines[i + 1]}L${lines[i + 2]} ${lines[i + 3]}`;
  }
  return path;
}

function fillOf(shape: MaskShape): string {
  let path = "";
  eachStretch(shape.runs, shape.size[1], (x, top, bottom) => {
    path += `M${x} ${top}h1V${bottom}h-1Z`;
  });
  return path;
}

/** The box around the shapes of a list that have a place. */
export function focusOf(shapes: readonly CanvasShape[]): Box | null {
  return shapes.reduce<Box | null>((box, shape) => unite(box, boundsOf(shape)), null);
}
