/** What a device said last of drift. */
import type { Device } from "@/api/types";

export interface Drift {
  alarm: boolean;
  sentence: string;
}

export function driftOf(device: Pick<Device, "drift">): Drift | null {
  const drift = device.drift;
  if (drift === null) return null;
  return { alarm: drift.alarm === true, sentence: String(drift.sentence ?? "") };
}

const SILENT_MS = 15 * 60_000;

/** Whether a device has been quiet for longer than a line usually is. */
export function isSilent(device: Pick<Device, "last_seen">, now = Date.now()): boolean {
  return now - Date.parse(device.last_seen) > SILENT_MS;
}
