/** Starts an analysis, and says so while it runs. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { useHere } from "@/app/here";
import { etaText } from "@/ui/jobFigures";
import { report as words } from "@/words/report";

export function JobButton({ kind, label }: { kind: string; label: string }) {
  const here = useHere();
  const client = useQueryClient();
  const job = useNewestJob(here, kind);
  const start = useMutation({ mutationFn: () => startJob(client, here, kind) });
  if (!mayStart(here, kind)) return null;
  if (job && !isOver(job)) {
    return (
      <Button variant="default" disabled>
        {[words.running, etaText(job)].filter(Boolean).join(", ")}
      </Button>
    );
  }
  return (
    <Button variant="default" loading={start.isPending} onClick={() => start.mutate()}>
      {label}
    </Button>
  );
}
