/** Shapes over a picture, as lines; for looking only, not for drawing. */
import { memo } from "react";
import type { Shape } from "@/api/types";
import type { ClassColor } from "@/ui/classColors";
import { maskPath } from "./maskPath";

interface ShapesOverlayProps {
  shapes: readonly Shape[];
  width: number;
  height: number;
  colors: (name: string) => ClassColor;
  /** What a model says is drawn in dashes. */
  dashed?: boolean;
}

/** Fills the picture's own box; put it over an image that is shown whole. */
export const ShapesOverlay = memo(function ShapesOverlay(props: ShapesOverlayProps) {
  const { shapes, width, height, colors, dashed = false } = props;
  const dash = dashed ? "6 4" : undefined;
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMid meet"
      style={{ position: "absolute", inset: 0, width: "100%", height: "100%" }}
      aria-hidden="true"
    >
      {shapes.map((shape, i) => {
        const d = outline(shape);
        if (d === "") return null;
        const color = colors(shape.label).color;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: shapes have no name of their own
          <g key={i} fill="none" vectorEffect="non-scaling-stroke">
            <path
              d={d}
              stroke="#000"
              strokeOpacity=".6"
              strokeWidth="4"
              vectorEffect="non-scaling-stroke"
            />
            <path
              d={d}
              stroke={color}
              strokeWidth="2"
              strokeDasharray={dash}
              fill={dashed || shape.kind === "box" ? "none" : color}
              fillOpacity=".18"
              fillRule="evenodd"
              vectorEffect="non-scaling-stroke"
            />
          </g>
        );
      })}
    </svg>
  );
});

function outline(shape: Shape): string {
  switch (shape.kind) {
    case "box": {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = shape.xyxy;
      return `M${x1} ${y1}H${x2}V${y2}H${x1}Z`;
    }
    case "polygon":
      return shape.rings
        .map((ring) => `M${ring.map(([x = 0, y = 0]) => `${x} ${y}`).join("L")}Z`)
        .join("");
    case "mask":
      return maskPath(shape.size_wh, shape.counts);
    default:
      return "";
  }
}
