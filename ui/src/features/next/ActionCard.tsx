/** One thing to do: what, why, what it should bring, and the button that begins it. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import type { Action, ImagePage } from "@/api/types";
import { useHere } from "@/app/here";
import { GainRange } from "@/features/next/GainRange";
import { CopyButton } from "@/ui/CopyButton";
import { minutesText, pointsText } from "@/ui/figures";
import { jobName } from "@/ui/jobFigures";
import { toast } from "@/ui/toast";
import { stages, next as words } from "@/words/next";
import classes from "./NextPage.module.css";

const UNLABELED = "labeled = no";

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
        <div className={classes.title}>
          <span>{action.title}</span>{" "}
          <span className={classes.stage}>{stages[action.stage]}</span>
        </div>
        <p className={classes.why}>{action.why}</p>
        <Fold action={action} />
      </div>
      <div className={classes.gain}>
        <Gain action={action} />
      </div>
      <div className={classes.do}>
        {action.job === null && action.page === "next" ? (
          <CopyButton text={action.command} label={words.copyCommand} />
        ) : action.job === null ? (
          <GoButton action={action} variant={variant} />
        ) : (
          <JobButton kind={action.job} variant={variant} />
        )}
      </div>
    </article>
  );
}

/** What the advice rests on and its command; the command alone where it rests on nothing. */
function Fold({ action: { basis, command } }: { action: Action }) {
  if (!basis && !command) return null;
  return (
    <details className={classes.fold}>
      <summary>{basis ? words.basis : words.command}</summary>
      {basis ? <div>{basis}</div> : null}
      {command ? (
        <div>
          {basis ? `${words.command}: ` : null}
          <code>{command}</code>
        </div>
      ) : null}
    </details>
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
  const go = useMutation({
    mutationFn: () => placeOf(here, action.page || "next"),
    onSuccess: (href) => void navigate({ href, to: href }),
  });
  return (
    <Button variant={variant} loading={go.isPending} onClick={() => go.mutate()}>
      {words.go}
    </Button>
  );
}

/** Labeling begins with the first image that nobody has labeled. */
async function placeOf(here: Here, page: string): Promise<string> {
  const base = `/p/${encodeURIComponent(here.project)}`;
  if (page !== "annotate") return `${base}/${page}`;
  const query = { filter: UNLABELED, offset: 0, limit: 1 };
  const found = await get<ImagePage>(projectPath(here, "/images"), query);
  const first = found.items[0];
  if (first === undefined) return `${base}/images`;
  return `${base}/annotate/${first.sha256}?filter=${encodeURIComponent(UNLABELED)}`;
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
  const able = mayStart(here, kind);
  return (
    <>
      <Button
        variant={variant}
        loading={start.isPending || running}
        disabled={!able}
        onClick={() => start.mutate()}
      >
        {words.doIt}
      </Button>
      {able ? null : <span className={classes.not}>{words.notYours}</span>}
    </>
  );
}
