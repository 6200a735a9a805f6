/** The share of NG of a device with its interval, drawn and in words. */
import type { FleetDevice } from "@/api/types";
import { betweenText, countText, percent } from "@/ui/figures";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

const WIDTH = 96;
const HEIGHT = 14;

interface NgRateProps {
  device: Pick<FleetDevice, "ng_rate" | "ng_low" | "ng_high" | "parts" | "sentence">;
  /** The share at the right end, the same for all that are compared. */
  most: number;
}

export function NgRate({ device, most }: NgRateProps) {
  const { ng_rate: rate, ng_low: low, ng_high: high, parts } = device;
  if (rate === null) return <span className={classes.dim}>{words.noParts}</span>;
  const x = (share: number) => 3 + (WIDTH - 6) * Math.min(1, share / most);
  return (
    <span className={classes.rate} title={device.sentence}>
      <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
        <line x1="0" x2={WIDTH} y1="7" y2="7" stroke="var(--pm-line)" strokeWidth="2" />
        <line x1={x(low)} x2={x(high)} y1="7" y2="7" stroke="var(--pm-ng)" strokeWidth="3" />
        <circle cx={x(rate)} cy="7" r="4" fill="var(--pm-ng)" />
      </svg>
      <span>
        {`${percent(rate)} %`}
        <span className={classes.dim}>
          {`${countText(parts.ng)} of ${countText(parts.ng + parts.ok)}, ${betweenText({ low, high })}`}
        </span>
      </span>
    </span>
  );
}
