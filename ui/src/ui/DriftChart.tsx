/** Two panels over the same images: the evidence with its limit, and the figure that moved. */
import { useElementSize } from "@mantine/hooks";
import { type PointerEvent, useState } from "react";
import type { DriftCourse } from "@/api/types";
import { evidenceScale, nearestPoint, type Panel, pathOf, valueScale } from "@/ui/driftCourse";
import { countText } from "@/ui/figures";
import { componentName, drift as words } from "@/words/drift";
import classes from "./DriftPart.module.css";

const HEIGHT = 208;
const EVIDENCE = { top: 20, bottom: 92 };
const VALUES = { top: 122, bottom: 184 };
const RIGHT = 8;
const DIGITS = 3;

export function DriftChart({ watch }: { watch: DriftCourse }) {
  const { ref, width } = useElementSize();
  const [seen, setSeen] = useState<number | null>(null);
  const across = { left: 0, right: Math.max(60, width - RIGHT) };
  const upper = evidenceScale(watch, { ...across, ...EVIDENCE });
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setSeen(nearestPoint(watch, event.clientX - box.left, upper));
  };
  const shown = seen !== null && seen < watch.images.length ? seen : null;
  return (
    <div ref={ref} className={classes.chart}>
      {width > 0 ? (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={spoken(watch)}
          onPointerMove={point}
          onPointerLeave={() => setSeen(null)}
        >
          <Began watch={watch} x={upper.x} />
          <Evidence watch={watch} panel={{ ...across, ...EVIDENCE }} />
          <Values watch={watch} panel={{ ...across, ...VALUES }} />
          <Ends watch={watch} right={across.right} />
          {shown === null ? null : (
            <line
              className={classes.cursor}
              x1={upper.x(watch.images[shown] ?? 0)}
              x2={upper.x(watch.images[shown] ?? 0)}
              y1={EVIDENCE.top}
              y2={VALUES.bottom}
            />
          )}
        </svg>
      ) : null}
      <p className={classes.read}>{shown === null ? words.hover : readOut(watch, shown)}</p>
    </div>
  );
}

interface PanelProps {
  watch: DriftCourse;
  panel: Panel;
}

function Evidence({ watch, panel }: PanelProps) {
  const scale = evidenceScale(watch, panel);
  const limit = scale.y(watch.threshold);
  return (
    <>
      <text className={classes.label} x={0} y={panel.top - 7}>
        {words.evidence}
      </text>
      <line
        className={classes.base}
        x1={0}
        x2={panel.right}
        y1={panel.bottom}
        y2={panel.bottom}
      />
      <line className={classes.limit} x1={0} x2={panel.right} y1={limit} y2={limit} />
      <text className={classes.limitText} x={panel.right} y={limit - 5} textAnchor="end">
        {words.limit(countText(watch.threshold))}
      </text>
      <path className={classes.line} d={pathOf(watch.images, watch.evidence, scale)} />
      {watch.alarms
        .filter((image) => image >= (watch.images[0] ?? 0))
        .map((image) => (
          <g key={image} className={classes.alarm}>
            <title>{words.alarmAt(countText(image))}</title>
            <path d={`M${scale.x(image)} ${limit}l5.5 -10h-11z`} />
          </g>
        ))}
    </>
  );
}

function Values({ watch, panel }: PanelProps) {
  const scale = valueScale(watch, panel);
  const { reference_mean: mean, reference_deviation: deviation } = watch;
  const top = scale.y(mean + deviation);
  return (
    <>
      <text className={classes.label} x={0} y={panel.top - 7}>
        {`${componentName(watch.component)}, ${watch.alarm ? words.named : words.furthest}`}
      </text>
      <rect
        className={classes.band}
        x={0}
        width={panel.right}
        y={top}
        height={Math.max(1, scale.y(mean - deviation) - top)}
      >
        <title>{words.usual}</title>
      </rect>
      <line
        className={classes.base}
        x1={0}
        x2={panel.right}
        y1={scale.y(mean)}
        y2={scale.y(mean)}
      />
      <path className={classes.line} d={pathOf(watch.images, watch.values, scale)} />
    </>
  );
}

/** Between which images the change lies, as far as the evidence can tell. */
function Began({ watch, x }: { watch: DriftCourse; x: (image: number) => number }) {
  if (watch.since_low === null || watch.since_high === null) return null;
  const left = x(watch.since_low);
  return (
    <rect
      className={classes.began}
      x={left}
      width={Math.max(3, x(watch.since_high) - left)}
      y={EVIDENCE.top}
      height={VALUES.bottom - EVIDENCE.top}
    >
      <title>{words.began(countText(watch.since_low), countText(watch.since_high))}</title>
    </rect>
  );
}

function Ends({ watch, right }: { watch: DriftCourse; right: number }) {
  return (
    <>
      <text className={classes.tick} x={0} y={HEIGHT - 6}>
        {words.image(countText(watch.images[0] ?? 0))}
      </text>
      <text className={classes.tick} x={right} y={HEIGHT - 6} textAnchor="end">
        {words.image(countText(watch.images.at(-1) ?? 0))}
      </text>
    </>
  );
}

function figure(value: number): string {
  return Number(value.toPrecision(DIGITS)).toString();
}

function readOut(watch: DriftCourse, place: number): string {
  const evidence = watch.evidence[place] ?? 0;
  return words.read(
    countText(watch.images[place] ?? 0),
    evidence >= 10 ? countText(evidence) : figure(evidence),
    `${componentName(watch.component).toLowerCase()} ${figure(watch.values[place] ?? 0)}`,
    figure(watch.reference_mean),
  );
}

function spoken(watch: DriftCourse): string {
  const now = watch.evidence.at(-1) ?? 0;
  return words.spoken(countText(now), countText(watch.threshold), watch.alarms.length);
}
