/** Escapes and overkill over the runs: two lines with the interval of every point. */
import { useElementSize } from "@mantine/hooks";
import type { CoursePoint } from "@/ui/course";
import { dayText, type Proportion, shareText, timeText } from "@/ui/figures";
import { next as words } from "@/words/next";
import classes from "./NextPage.module.css";

const HEIGHT = 230;
const LEFT = 46;
const BOTTOM = 30;
const TOP = 8;

// The first and the last label may reach past their point, but not past the chart.
const SHIFTS = { start: -14, middle: 0, end: 14 };
const SERIES = [
  { name: "escapes", color: "var(--pm-ng)", shift: -4 },
  { name: "overkill", color: "var(--pm-warn)", shift: 4 },
] as const;

export function CourseChart({ course }: { course: readonly CoursePoint[] }) {
  const { ref, width } = useElementSize();
  const inner = Math.max(10, width - LEFT - 24);
  const top = niceTop(course);
  const x = (i: number) =>
    LEFT + 16 + (course.length < 2 ? 0 : ((inner - 16) * i) / (course.length - 1));
  const y = (share: number) => TOP + (HEIGHT - BOTTOM - TOP) * (1 - share / top);
  return (
    <div ref={ref}>
      <div className={classes.legend}>
        {SERIES.map((s) => (
          <span key={s.name}>
            <svg width="18" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="18"
                y1="4"
                y2="4"
                stroke={s.color}
                strokeWidth="2.5"
                strokeDasharray={s.name === "overkill" ? "5 3" : undefined}
              />
            </svg>
            {words[s.name]}
          </span>
        ))}
      </div>
      {width > 0 ? (
        <svg className={classes.chart} height={HEIGHT} role="img" aria-label={words.course}>
          {[0, top / 2, top].map((share) => (
            <g key={share}>
              <line x1={LEFT} x2={width} y1={y(share)} y2={y(share)} stroke="var(--pm-line)" />
              <text
                x={LEFT - 8}
                y={y(share) + 4}
                textAnchor="end"
                fontSize="12"
                fill="var(--mantine-color-dimmed)"
              >
                {tick(share)}
              </text>
            </g>
          ))}
          {SERIES.map((s) => (
            <g key={s.name}>
              <path
                d={path(
                  course.map((p, i) => [x(i) + s.shift, p[s.name]] as const),
                  y,
                )}
                fill="none"
                stroke={s.color}
                strokeWidth="2"
                strokeDasharray={s.name === "overkill" ? "5 3" : undefined}
              />
              {course.map((p, i) => (
                <Mark
                  key={p.run}
                  at={x(i) + s.shift}
                  y={y}
                  value={p[s.name]}
                  color={s.color}
                  what={words.of[s.name]}
                />
              ))}
            </g>
          ))}
          <Days course={course} x={x} />
        </svg>
      ) : null}
    </div>
  );
}

/** When the runs were; not under every one where there are many. */
function Days({ course, x }: { course: readonly CoursePoint[]; x: (i: number) => number }) {
  const days = course.map((p) => label(p, false));
  const alike = new Set(days).size < days.length;
  const every = Math.ceil(course.length / (alike ? 5 : 8));
  const last = course.length - 1;
  return course.map((p, i) => {
    if (i % every > 0) return null;
    const anchor = i === 0 ? "start" : i === last ? "end" : "middle";
    return (
      <text
        key={p.run}
        x={x(i)}
        y={HEIGHT - 8}
        textAnchor={anchor}
        dx={SHIFTS[anchor]}
        fontSize="12"
        fill="var(--mantine-color-dimmed)"
      >
        {label(p, alike)}
      </text>
    );
  });
}

interface MarkProps {
  at: number;
  y: (share: number) => number;
  value: Proportion | null;
  color: string;
  what: string;
}

function Mark({ at, y, value, color, what }: MarkProps) {
  if (value === null) return null;
  return (
    <g>
      <title>{shareText(value, what)}</title>
      <line
        x1={at}
        x2={at}
        y1={y(value.low)}
        y2={y(value.high)}
        stroke={color}
        strokeOpacity=".4"
        strokeWidth="2"
      />
      <circle cx={at} cy={y(value.count / value.total)} r="4" fill={color} />
      <circle cx={at} cy={y(value.count / value.total)} r="14" fill="transparent" />
    </g>
  );
}

function path(
  points: readonly (readonly [number, Proportion | null])[],
  y: (share: number) => number,
): string {
  return points
    .filter((p): p is readonly [number, Proportion] => p[1] !== null)
    .map(([at, p], i) => `${i ? "L" : "M"}${at.toFixed(1)} ${y(p.count / p.total).toFixed(1)}`)
    .join("");
}

/** The top of the scale: the widest interval, rounded up to what reads well. */
function niceTop(course: readonly CoursePoint[]): number {
  const highest = Math.max(
    0.01,
    ...course.flatMap((p) => [p.escapes?.high ?? 0, p.overkill?.high ?? 0]),
  );
  return [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1].find((t) => t >= highest) ?? 1;
}

function tick(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** The day of a run, with the time where several are of one day. */
function label(p: CoursePoint, timed: boolean): string {
  if (!p.created) return p.run.slice(0, 8);
  const day = dayText(p.created).replace(/ \d{4}$/, "");
  return timed ? `${day}, ${timeText(p.created)}` : day;
}
