/** A job that is under way, with the way to stop it. */
import { Button, Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { cancelJob } from "@/api/jobs";
import type { Job } from "@/api/types";
import { useHere } from "@/app/here";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export function Going({ job, text }: { job: Job; text: string }) {
  const here = useHere();
  const client = useQueryClient();
  const share = jobShare(job);
  return (
    <div aria-live="polite">
      <p className={classes.strong}>{text}</p>
      <Progress
        size="lg"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={text}
      />
      <div className={classes.row}>
        <span className={classes.dim}>
          {[stageText(job), etaText(job)].filter(Boolean).join(" · ")}
        </span>
        <Button
          variant="default"
          ml="auto"
          onClick={() => void cancelJob(client, here.organisation, job)}
        >
          {words.stop}
        </Button>
      </div>
    </div>
  );
}
