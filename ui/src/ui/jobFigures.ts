/** What to say of a job while it runs. */
import type { Job } from "@/api/types";
import { countText, secondsText } from "@/ui/figures";
import { frame, jobKinds } from "@/words/frame";

export function jobName(job: Pick<Job, "kind">): string {
  return jobKinds[job.kind] ?? job.kind;
}

/** How much is done, in [0, 1]; null while that cannot be told. */
export function jobShare(job: Pick<Job, "progress">): number | null {
  const progress = job.progress;
  if (progress === null || progress.total <= 0) return null;
  return Math.min(1, progress.done / progress.total);
}

/** "import: reading, 120 of 400". */
export function stageText(job: Pick<Job, "state" | "progress">): string {
  if (job.state === "queued") return frame.jobs.waiting;
  const progress = job.progress;
  if (progress === null) return "";
  if (progress.total <= 0) return progress.stage;
  return `${progress.stage}, ${countText(progress.done)} of ${countText(progress.total)}`;
}

/** "3 min left"; empty while unknown. */
export function etaText(job: Pick<Job, "progress">): string {
  const eta = job.progress?.eta_s ?? null;
  return eta === null ? "" : `${secondsText(eta)} left`;
}
