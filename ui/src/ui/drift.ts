/** What a device said last of drift. */
import type { Device } from "@/api/types";
import { countText } from "@/ui/figures";

export interface Drift {
  alarm: boolean;
  sentence: string;
  /** Between which images of its count it began, where it tells. */
  began: [string, string] | null;
  /** Such as "camera 2": where it happened while it did not elsewhere. */
  places: string[];
}

export function driftOf(device: Pick<Device, "drift">): Drift | null {
  const drift = device.drift;
  if (drift === null) return null;
  const { since_low: low, since_high: high, carriers } = drift;
  const both = typeof low === "number" && typeof high === "number";
  return {
    alarm: drift.alarm === true,
    sentence: String(drift.sentence ?? ""),
    began: both ? [countText(low), countText(high)] : null,
    places: Array.isArray(carriers)
      ? carriers.filter(Array.isArray).map((pair) => pair.map(String).join(" "))
      : [],
  };
}

const SILENT_MS = 15 * 60_000;

/** Whether a device has been quiet for longer than a line usually is. */
export function isSilent(device: Pick<Device, "last_seen">, now = Date.now()): boolean {
  return now - Date.parse(device.last_seen) > SILENT_MS;
}
