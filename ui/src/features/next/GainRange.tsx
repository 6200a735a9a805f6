/** An expected gain as a mark on its interval, with zero as a line. */
import classes from "./NextPage.module.css";

interface GainRangeProps {
  gain: number;
  low: number | null;
  high: number | null;
}

const WIDTH = 200;
/** The scale reaches from zero to five points at least, further where the interval does. */
const LEAST_SPAN = 0.05;

export function GainRange({ gain, low, high }: GainRangeProps) {
  const from = Math.min(0, low ?? gain);
  const to = Math.max(LEAST_SPAN, high ?? gain);
  const x = (value: number) => 4 + ((WIDTH - 8) * (value - from)) / (to - from);
  const color =
    gain > 0 ? "var(--mantine-primary-color-filled)" : "var(--mantine-color-dimmed)";
  return (
    <svg
      className={classes.range}
      viewBox={`0 0 ${WIDTH} 14`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <line x1="4" x2={WIDTH - 4} y1="7" y2="7" stroke="var(--pm-line)" strokeWidth="2" />
      <line x1={x(0)} x2={x(0)} y1="1" y2="13" stroke="var(--mantine-color-dimmed)" />
      {low !== null && high !== null ? (
        <line
          x1={x(low)}
          x2={x(high)}
          y1="7"
          y2="7"
          stroke={color}
          strokeWidth="5"
          strokeOpacity=".35"
        />
      ) : null}
      <line x1={x(gain)} x2={x(gain)} y1="2" y2="12" stroke={color} strokeWidth="3" />
    </svg>
  );
}
