/** The button that has the labels audited, and where that audit stands. */
import { Button, Progress, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { useHere } from "@/app/here";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { ProblemNote } from "@/ui/ProblemNote";
import { findings as words } from "@/words/findings";

const KIND = "audit";

/** The audit that ended last, if this page knows of one: with another one the queue is another. */
export function useEndedAudit(): string {
  const job = useNewestJob(useHere(), KIND);
  return job && isOver(job) ? job.id : "";
}

export function LookForFaults() {
  const here = useHere();
  const client = useQueryClient();
  const job = useNewestJob(here, KIND);
  const start = useMutation({ mutationFn: () => startJob(client, here, KIND, {}) });
  if (job && !isOver(job)) {
    const share = jobShare(job);
    return (
      <div role="status">
        <Text mb="sm">{words.auditRunning}</Text>
        <Progress
          value={100 * (share ?? 1)}
          animated={share === null}
          aria-label={words.audit}
        />
        <Text c="dimmed" mt={4}>
          {[stageText(job), etaText(job)].filter(Boolean).join(" · ")}
        </Text>
      </div>
    );
  }
  return (
    <>
      {job?.problem ? <ProblemNote problem={job.problem} /> : null}
      {mayStart(here, KIND) ? (
        <Button loading={start.isPending} onClick={() => start.mutate()}>
          {words.audit}
        </Button>
      ) : null}
    </>
  );
}
