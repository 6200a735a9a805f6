/** Which step of the way is to be done now: read from what the server knows, so it survives. */
import type { Document, Job, Upkeep } from "@/api/types";

export const STEPS = ["alarm", "pictures", "answer", "make", "swap", "effect"] as const;
export type Step = (typeof STEPS)[number];

export interface Facts {
  waiting: number;
  answered: number;
  /** State of the newest update; null where there was none. */
  last: string | null;
  making: boolean;
  fetching: boolean;
  /** Whether the version in use has reached the devices. */
  swapped: boolean;
}

export function stepNow(facts: Facts): Step {
  if (facts.making || facts.last === "interrupted") return "make";
  if (facts.fetching) return "pictures";
  if (facts.waiting > 0) return "answer";
  if (facts.answered > 0) return "make";
  if (facts.last === "done") return facts.swapped ? "effect" : "swap";
  return "pictures";
}

export function answeredOf(upkeep: Pick<Upkeep, "due">): number {
  const count = upkeep.due.corrections;
  return typeof count === "number" ? count : 0;
}

export function lastState(upkeep: Pick<Upkeep, "updates">): string | null {
  const state = upkeep.updates[0]?.state;
  return typeof state === "string" ? state : null;
}

export interface CheckSaid {
  name: string;
  title: string;
  verdict: string;
  reason: string;
  figures: Document;
}

/** The checks of a result or a record. */
export function checksOf(document: Document | null): CheckSaid[] {
  const found = document?.checks;
  return Array.isArray(found) ? (found as CheckSaid[]) : [];
}

export interface Apart {
  name: string;
  sha256: string;
  device: string;
  old: string;
  new: string;
}

/** The pictures on which both versions disagree. */
export function apartOf(check: CheckSaid): Apart[] {
  const found = check.figures.disagreements;
  return Array.isArray(found) ? (found as Apart[]) : [];
}

/** The sentences of the result of a job. */
export function sentencesOf(job: Pick<Job, "result">): string[] {
  const found = job.result?.sentences;
  return Array.isArray(found) ? found.map(String) : [];
}
