/** Making the new version and what the checks say of it. */
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isOver, mayStart, startJob } from "@/api/jobs";
import type { Job, Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { Checks } from "@/features/update/Checks";
import { Going } from "@/features/update/Going";
import { answeredOf, lastState } from "@/features/update/steps";
import { plural } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

interface MakeStepProps {
  upkeep: Upkeep;
  job: Job | undefined;
  now: boolean;
}

export function MakeStep({ upkeep, job, now }: MakeStepProps) {
  const here = useHere();
  const client = useQueryClient();
  const start = useMutation({ mutationFn: () => startJob(client, here, "update", {}) });
  if (job && !isOver(job)) return <Going job={job} text={words.making} />;
  const answered = answeredOf(upkeep);
  const cut = lastState(upkeep) === "interrupted";
  return (
    <>
      {answered > 0 || cut ? <p>{words.makeText(plural(answered, "picture"))}</p> : null}
      {answered === 0 && !cut && job?.state !== "done" ? <p>{words.makeNone}</p> : null}
      {cut ? <p className={classes.dim}>{words.makeEnded}</p> : null}
      {job ? <Came job={job} /> : null}
      <div className={classes.row}>
        <Button
          size="md"
          variant={now ? "filled" : "default"}
          loading={start.isPending}
          disabled={!mayStart(here, "update") || (answered === 0 && !cut)}
          onClick={() => start.mutate()}
        >
          {cut ? words.goOn : words.make}
        </Button>
      </div>
    </>
  );
}

/** What came of the last try. */
function Came({ job }: { job: Job }) {
  if (job.problem) return <ProblemNote problem={job.problem} />;
  if (job.result === null) return null;
  const { version } = job.result;
  return (
    <>
      <p className={classes.strong}>
        {typeof version === "number" ? words.promoted(version) : words.refused}
      </p>
      <Checks of={job.result} />
      {typeof version === "number" ? null : <p className={classes.dim}>{words.refusedText}</p>}
    </>
  );
}
