import type { Device } from "@/api/types";
import { driftOf, isSilent } from "@/ui/drift";
import { whenText } from "@/ui/figures";
import { line as words } from "@/words/line";
import classes from "./LinePage.module.css";

interface DeviceCardProps {
  device: Device;
  /** The newest release there is. */
  newest: number | undefined;
}

export function DeviceCard({ device, newest }: DeviceCardProps) {
  const drift = driftOf(device);
  const silent = isSilent(device);
  const outdated = newest !== undefined && device.release !== null && device.release < newest;
  return (
    <article className={classes.device}>
      <div className={classes.deviceHead}>
        <span
          className={classes.lamp}
          data-tone={silent ? "off" : drift?.alarm ? "bad" : "good"}
        />
        <span className={classes.deviceName}>{device.name}</span>
        <span className={classes.dim}>
          {device.release === null ? words.noRelease : words.release(device.release)}
          {outdated ? `, ${words.outdated(newest)}` : ""}
        </span>
      </div>
      <Spark rates={device.ng_by_hour} />
      <p className={classes.deviceText}>{device.sentence}</p>
      <p className={classes.deviceText} data-bad={drift?.alarm || undefined}>
        {drift === null
          ? words.noDrift
          : drift.sentence || (drift.alarm ? words.drift : words.steady)}
      </p>
      <p className={classes.dim}>
        {words.lastSeen(whenText(device.last_seen))}
        {silent ? `, ${words.silent}` : ""}
      </p>
    </article>
  );
}

const WIDTH = 300;
const HEIGHT = 46;

/** The share of NG hour by hour. */
function Spark({ rates }: { rates: readonly (number | null)[] }) {
  const top = Math.max(0.1, ...rates.map((r) => r ?? 0));
  const step = WIDTH / Math.max(1, rates.length);
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words.rate}
    >
      <title>{words.rate}</title>
      <line x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} stroke="var(--pm-line)" />
      {rates.map((rate, i) => {
        if (rate === null) return null;
        const height = Math.max(1.5, (HEIGHT - 2) * (rate / top));
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
            key={i}
            x={i * step + step * 0.15}
            width={step * 0.7}
            y={HEIGHT - 1 - height}
            height={height}
            fill="var(--pm-ng)"
            fillOpacity=".72"
          />
        );
      })}
    </svg>
  );
}
