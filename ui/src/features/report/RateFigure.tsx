/** A share in large, with its interval drawn and said. */
import { betweenText, type Proportion, percent } from "@/ui/figures";
import classes from "./ReportPage.module.css";

interface RateFigureProps {
  name: string;
  what: string;
  tone: string;
  value: Proportion;
}

export function RateFigure({ name, what, tone, value }: RateFigureProps) {
  const share = value.total === 0 ? null : value.count / value.total;
  const top = Math.max(0.1, value.high);
  const x = (s: number) => (100 * s) / top;
  return (
    <div className={classes.figure} style={{ ["--tone" as string]: tone }}>
      <div className={classes.figureName}>{name}</div>
      <div className={classes.figureCount}>
        {value.count} of {value.total}
      </div>
      <div className={classes.figureText}>
        {what}
        {share === null ? null : (
          <>
            <svg
              className={classes.figureRange}
              viewBox="0 0 100 10"
              preserveAspectRatio="none"
              aria-hidden="true"
            >
              <line x1="0" x2="100" y1="5" y2="5" stroke="var(--pm-line)" strokeWidth="2" />
              <line
                x1={x(value.low)}
                x2={x(value.high)}
                y1="5"
                y2="5"
                stroke={tone}
                strokeOpacity=".4"
                strokeWidth="4"
              />
              <rect x={x(share) - 0.6} y="0" width="1.2" height="10" fill={tone} />
            </svg>
            {percent(share)} %, {betweenText(value)}
          </>
        )}
      </div>
    </div>
  );
}
