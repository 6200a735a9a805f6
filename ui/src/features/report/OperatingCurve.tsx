/** The curve of every trade between escapes and overkill; the handle moves along it. */
import { useElementSize } from "@mantine/hooks";
import { type PointerEvent, useRef } from "react";
import type { CurvePoint, Outcome } from "@/features/report/content";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface OperatingCurveProps {
  curve: readonly CurvePoint[];
  place: number;
  shown: Outcome;
  saved: number;
  onPlace: (place: number) => void;
}

const HEIGHT = 300;
const LEFT = 72;
const BOTTOM = 42;
const TOP = 10;
const RIGHT = 18;

export function OperatingCurve(props: OperatingCurveProps) {
  const { curve, place, shown, saved, onPlace } = props;
  const { ref, width } = useElementSize();
  const svg = useRef<SVGSVGElement>(null);
  const top = { x: 1, y: 1 };
  // The corner where both are low is where decisions fall; the square root widens it.
  const x = (share: number) => LEFT + (width - LEFT - RIGHT) * Math.sqrt(share / top.x);
  const y = (share: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.sqrt(share / top.y));
  const drag = (event: PointerEvent) => {
    if (event.buttons === 0 || svg.current === null) return;
    svg.current.setPointerCapture(event.pointerId);
    const box = svg.current.getBoundingClientRect();
    onPlace(nearest(curve, event.clientX - box.left, event.clientY - box.top, x, y));
  };
  const at = curve[place];
  const before = curve[saved];
  return (
    <div ref={ref}>
      {width > 0 && at ? (
        <svg
          ref={svg}
          className={classes.curve}
          height={HEIGHT}
          onPointerDown={drag}
          onPointerMove={drag}
          role="img"
          aria-label={`${words.curve}: ${words.handleText(shown.threshold.toFixed(2))}`}
        >
          <Axes x={x} y={y} width={width} />
          <path
            d={steps(curve, x, y)}
            fill="none"
            stroke="var(--mantine-color-text)"
            strokeWidth="2"
            strokeLinejoin="round"
          />
          {before && saved !== place ? (
            <g>
              <circle
                cx={x(before.overkill)}
                cy={y(before.escapes)}
                r="6"
                fill="var(--pm-surface)"
                stroke="var(--mantine-color-dimmed)"
                strokeWidth="2"
              />
              <text
                x={x(before.overkill) + 11}
                y={y(before.escapes) - 8}
                fontSize="12"
                fill="var(--mantine-color-dimmed)"
              >
                {words.saved}
              </text>
            </g>
          ) : null}
          <g className={classes.handle} stroke="var(--mantine-primary-color-filled)">
            <line
              x1={x(at.overkill)}
              x2={x(at.overkill)}
              y1={y(shown.escapes.low)}
              y2={y(shown.escapes.high)}
              strokeWidth="3"
              strokeOpacity=".4"
            />
            <line
              x1={x(shown.overkill.low)}
              x2={x(shown.overkill.high)}
              y1={y(at.escapes)}
              y2={y(at.escapes)}
              strokeWidth="3"
              strokeOpacity=".4"
            />
            <circle
              cx={x(at.overkill)}
              cy={y(at.escapes)}
              r="18"
              fill="transparent"
              stroke="none"
            />
            <circle
              cx={x(at.overkill)}
              cy={y(at.escapes)}
              r="8.5"
              fill="var(--mantine-primary-color-filled)"
              stroke="var(--pm-surface)"
              strokeWidth="2.5"
            />
          </g>
        </svg>
      ) : (
        <div style={{ height: HEIGHT }} />
      )}
      <input
        className={classes.slider}
        type="range"
        min={0}
        max={curve.length - 1}
        step={1}
        value={place}
        aria-label={words.handle}
        aria-valuetext={words.handleText(shown.threshold.toFixed(2))}
        onChange={(event) => onPlace(Number(event.currentTarget.value))}
      />
    </div>
  );
}

type Scale = (share: number) => number;

const TICKS = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1];

function Axes({ x, y, width }: { x: Scale; y: Scale; width: number }) {
  return (
    <g fontSize="12" fill="var(--mantine-color-dimmed)">
      {TICKS.map((t) => (
        <g key={t}>
          <line x1={LEFT} x2={width - RIGHT} y1={y(t)} y2={y(t)} stroke="var(--pm-line)" />
          <line x1={x(t)} x2={x(t)} y1={TOP} y2={HEIGHT - BOTTOM} stroke="var(--pm-line)" />
          <text x={LEFT - 8} y={y(t) + 4} textAnchor="end">
            {t * 100} %
          </text>
          <text x={x(t)} y={HEIGHT - BOTTOM + 17} textAnchor="middle">
            {t * 100} %
          </text>
        </g>
      ))}
      <text x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 5} textAnchor="middle">
        {words.xAxis}
      </text>
      <text
        transform={`translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`}
        textAnchor="middle"
      >
        {words.yAxis}
      </text>
    </g>
  );
}

function steps(curve: readonly CurvePoint[], x: Scale, y: Scale): string {
  return curve
    .map((p, i) => `${i ? "L" : "M"}${x(p.overkill).toFixed(1)} ${y(p.escapes).toFixed(1)}`)
    .join("");
}

function nearest(
  curve: readonly CurvePoint[],
  px: number,
  py: number,
  x: Scale,
  y: Scale,
): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  curve.forEach((p, i) => {
    const distance = (x(p.overkill) - px) ** 2 + (y(p.escapes) - py) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
