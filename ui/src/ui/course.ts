/** The course of escapes and overkill over the runs, read from the advice. */
import type { Document } from "@/api/types";
import { type Proportion, wilson } from "@/ui/figures";

export interface CoursePoint {
  run: string;
  created: string | null;
  escapes: Proportion | null;
  overkill: Proportion | null;
}

export function courseOf(documents: readonly Document[]): CoursePoint[] {
  return documents
    .map((d) => ({
      run: String(d.run ?? ""),
      created: typeof d.at === "string" ? d.at : null,
      escapes: proportionOf(d.escapes),
      overkill: proportionOf(d.overkill),
    }))
    .filter((p) => p.escapes !== null || p.overkill !== null);
}

function proportionOf(value: unknown): Proportion | null {
  if (typeof value !== "object" || value === null) return null;
  const { count, total, low, high } = value as Partial<Proportion>;
  if (typeof count !== "number" || typeof total !== "number" || total === 0) return null;
  return typeof low === "number" && typeof high === "number"
    ? { count, total, low, high }
    : wilson(count, total);
}
