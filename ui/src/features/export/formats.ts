/** Which formats are offered for a task, and what an export came to. */
import type { Job, Task } from "@/api/types";
import { fitting, formats } from "@/words/exporting";

/** The formats that hold everything, then the others. */
export function formatsFor(task: Task): { fits: string[]; others: string[] } {
  const fits = [...fitting[task]];
  return { fits, others: Object.keys(formats).filter((name) => !fits.includes(name)) };
}

export function formatTitle(name: unknown): string {
  return typeof name === "string" ? (formats[name]?.title ?? name) : "";
}

export interface Exported {
  format: string;
  files: number;
  bytes: number;
  lost: string[];
}

/** What the result of an export job says; null for one that is not done. */
export function exportedOf(job: Pick<Job, "state" | "options" | "result">): Exported | null {
  if (job.state !== "done" || job.result === null) return null;
  const { files, size_bytes, lost } = job.result;
  return {
    format: formatTitle(job.options.format),
    files: typeof files === "number" ? files : 0,
    bytes: typeof size_bytes === "number" ? size_bytes : 0,
    lost: Array.isArray(lost) ? lost.map(String) : [],
  };
}
