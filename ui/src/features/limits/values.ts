/** Limits and schedule as forms change them, out of the documents of the server. */
import type { Document } from "@/api/types";

export const ACTIONS = ["feedback", "update", "promote", "roll_back", "roll_out"] as const;
export const CHECKS = [
  "must_catch",
  "not_worse",
  "everywhere",
  "same_on_device",
  "side_by_side",
] as const;

export type Action = (typeof ACTIONS)[number];

export interface Limits {
  allowed: Action[];
  updates_per_day: number;
  hours: [number, number];
  must_pass: string[];
  first_share: number;
  gate: Record<string, number>;
  way_back: Record<string, number>;
}

export interface Schedule {
  on: boolean;
  corrections: number | null;
  retry_hours: number;
}

export const limitsOf = (told: Document) => told as unknown as Limits;
export const scheduleOf = (told: Document) => told as unknown as Schedule;

/** With a name in the list or not. */
export function toggled<T>(list: readonly T[], name: T, on: boolean): T[] {
  const others = list.filter((n) => n !== name);
  return on ? [...others, name] : others;
}

/** Only what differs is sent, so that two people who change two things both have their way. */
export function changesOf<T extends object>(before: T, after: T): Partial<T> {
  const changed = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof T]),
  );
  return Object.fromEntries(changed) as Partial<T>;
}
