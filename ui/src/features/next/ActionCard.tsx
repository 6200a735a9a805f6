/** One thing to do: what, why, what it should bring, and the button that begins it. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { may } from "@/api/here";
import { isOver, startJob, useNewestJob } from "@/api/jobs";
import type { Action } from "@/api/types";
import { useHere } from "@/app/here";
import { GainRange } from "@/features/next/GainRange";
import { minutesText, pointsText } from "@/ui/figures";
import { jobName } from "@/ui/jobFigures";
import { toast } from "@/ui/toast";
import { stages, next as words } from "@/words/next";
import classes from "./NextPage.module.css";

interface ActionCardProps {
  action: Action;
  /** The one primary action of the page. */
  first: boolean;
}

export function ActionCard({ action, first }: ActionCardProps) {
  const variant = first ? "filled" : "default";
  return (
    <article className={classes.card} data-first={first || undefined}>
      <div>
        <div className={classes.stage}>{stages[action.stage]}</div>
        <div className={classes.title}>{action.title}</div>
        <p className={classes.why}>{action.why}</p>
      </div>
      <div className={classes.gain}>
        <Gain action={action} />
      </div>
      <div className={classes.do}>
        {action.job === null ? (
          <GoButton action={action} variant={variant} />
        ) : (
          <JobButton kind={action.job} variant={variant} />
        )}
      </div>
      {action.basis || action.command ? (
        <details className={classes.fold}>
          <summary>{action.basis ? words.basis : words.command}</summary>
          {action.basis ? <div className={classes.dim}>{action.basis}</div> : null}
          {action.command ? <code>{action.command}</code> : null}
        </details>
      ) : null}
    </article>
  );
}

function Gain({ action }: { action: Action }) {
  const time = words.minutes(minutesText(action.minutes));
  if (action.gain === null) return <span className={classes.dim}>{time}</span>;
  return (
    <>
      <GainRange gain={action.gain} low={action.low} high={action.high} />
      <strong>{pointsText(action.gain, action.low, action.high)}</strong>
      <br />
      <span className={classes.dim}>{time}</span>
    </>
  );
}

function GoButton({ action, variant }: { action: Action; variant: string }) {
  const here = useHere();
  const navigate = useNavigate();
  const page = action.page || "next";
  const href = `/p/${encodeURIComponent(here.project)}/${page}`;
  return (
    <Button variant={variant} onClick={() => void navigate({ href, to: href })}>
      {words.go}
    </Button>
  );
}

function JobButton({ kind, variant }: { kind: string; variant: string }) {
  const here = useHere();
  const client = useQueryClient();
  const newest = useNewestJob(here, kind);
  const running = newest !== undefined && !isOver(newest);
  const start = useMutation({
    mutationFn: () => startJob(client, here, kind),
    onSuccess: (job) => toast({ text: `${words.started}: ${jobName(job)}` }),
  });
  return (
    <Button
      variant={variant}
      loading={start.isPending || running}
      disabled={!may(here.role, "admin")}
      onClick={() => start.mutate()}
    >
      {words.doIt}
    </Button>
  );
}
