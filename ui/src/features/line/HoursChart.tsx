/** How many images came in each hour, by verdict. */
import type { Hour } from "@/api/types";
import { countText, timeText } from "@/ui/figures";
import { line as words } from "@/words/line";
import classes from "./LinePage.module.css";

const HEIGHT = 130;
const BASE = HEIGHT - 22;

export function HoursChart({ hours }: { hours: readonly Hour[] }) {
  const total = (h: Hour) => Object.values(h.counts).reduce((a, b) => a + b, 0);
  const top = Math.max(1, ...hours.map(total));
  const every = Math.ceil(hours.length / 8);
  return (
    <>
      <div className={classes.legend}>
        <span data-tone="ok">{words.ok}</span>
        <span data-tone="ng">{words.ng}</span>
        <span className={classes.dim}>{words.most(countText(top))}</span>
      </div>
      <div className={classes.hours} style={{ height: HEIGHT }}>
        {hours.map((hour, i) => {
          const { OK = 0, NG = 0, error = 0 } = hour.counts;
          const px = (n: number) => (BASE * n) / top;
          const at = timeText(hour.start);
          return (
            <div
              key={hour.start}
              className={classes.hour}
              title={`${at}: ${words.counts(countText(OK), countText(NG))}`}
            >
              <div className={classes.bar} data-tone="ng" style={{ height: px(NG + error) }} />
              <div className={classes.bar} data-tone="ok" style={{ height: px(OK) }} />
              <span className={classes.tick}>{i % every === 0 ? at : ""}</span>
            </div>
          );
        })}
      </div>
    </>
  );
}
