/** What an import job says when it is done. */
import type { Job } from "@/api/types";

export interface ImportSummary {
  format: string;
  found: number;
  added: number;
  known: number;
  labeled: number;
  classes: string[];
  problems: { name: string; reason: string }[];
  notes: string[];
}

export function summaryOf(job: Pick<Job, "result">): ImportSummary | null {
  const found = job.result as Partial<ImportSummary> | null;
  if (found === null || typeof found.added !== "number") return null;
  return {
    format: found.format ?? "",
    found: found.found ?? found.added,
    added: found.added,
    known: found.known ?? 0,
    labeled: found.labeled ?? 0,
    classes: found.classes ?? [],
    problems: found.problems ?? [],
    notes: found.notes ?? [],
  };
}
