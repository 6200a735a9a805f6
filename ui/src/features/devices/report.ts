/** What a device said last of itself, read from its report. */
import type { Document, FleetDevice } from "@/api/types";
import { bytesText, countText } from "@/ui/figures";
import { devices as words } from "@/words/devices";

export interface Told {
  /** Why it says there is drift, one sentence per point. */
  drift: string[];
  /** What waits to be sent; null where it sends nothing or has not told. */
  outbox: string | null;
  /** Whether something of it was lost or cannot be sent. */
  outboxBad: boolean;
  disk: string | null;
  diskShare: number | null;
  healthy: boolean | null;
  software: string;
  update: string;
  disagreements: number;
  troubles: [string, string][];
}

const LITTLE_ROOM = 0.05;

export function toldBy(device: Pick<FleetDevice, "report">): Told {
  const report = device.report ?? {};
  const outbox = objectOf(report.outbox);
  const disk = objectOf(report.disk);
  const free = numberOf(disk?.free_bytes);
  const total = numberOf(disk?.total_bytes);
  return {
    drift: Object.values(objectOf(report.drift) ?? {})
      .map(objectOf)
      .filter((found) => found?.alarm === true)
      .map((found) => String(found?.sentence ?? "")),
    outbox: outbox === null ? null : outboxText(outbox),
    outboxBad: outbox !== null && ("trouble" in outbox || lost(outbox) > 0),
    disk: free === null ? null : words.diskFree(bytesText(free)),
    diskShare: free === null || !total ? null : free / total,
    healthy: typeof report.healthy === "boolean" ? report.healthy : null,
    software: String(report.pitmark ?? ""),
    update: String(report.update ?? ""),
    disagreements: numberOf(report.disagreements) ?? 0,
    troubles: Object.entries(objectOf(report.troubles) ?? {}).map(([k, v]) => [k, String(v)]),
  };
}

/** Whether the disk of a device is nearly full. */
export function littleRoom(told: Told): boolean {
  return told.diskShare !== null && told.diskShare < LITTLE_ROOM;
}

function outboxText(outbox: Document): string {
  if ("trouble" in outbox) return words.outboxTrouble;
  const waiting = sum(outbox.waiting);
  const aside = numberOf(outbox.aside) ?? 0;
  const dropped = lost(outbox);
  const size = bytesText(numberOf(outbox.size_bytes) ?? 0);
  return [
    waiting > 0 ? words.outboxWaiting(countText(waiting), size) : words.outboxEmpty,
    aside > 0 ? words.outboxAside(countText(aside)) : "",
    dropped > 0 ? words.outboxDropped(countText(dropped)) : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function lost(outbox: Document): number {
  return Object.values(objectOf(outbox.dropped) ?? {}).reduce<number>((a, b) => a + sum(b), 0);
}

function sum(counts: unknown): number {
  return Object.values(objectOf(counts) ?? {}).reduce<number>(
    (a, b) => a + (numberOf(b) ?? 0),
    0,
  );
}

function objectOf(value: unknown): Document | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Document)
    : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
