/** Picking pictures that devices sent, to be looked at by a person. */
import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { isOver, mayStart, startJob } from "@/api/jobs";
import type { Job, Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { Going } from "@/features/update/Going";
import { sentencesOf } from "@/features/update/steps";
import { countText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

const USUAL = 40;

interface PicturesStepProps {
  upkeep: Upkeep;
  job: Job | undefined;
  now: boolean;
}

export function PicturesStep({ upkeep, job, now }: PicturesStepProps) {
  const here = useHere();
  const client = useQueryClient();
  const [count, setCount] = useState(USUAL);
  const start = useMutation({
    mutationFn: () => startJob(client, here, "feedback", { count }),
  });
  if (job && !isOver(job)) return <Going job={job} text={words.fetching} />;
  return (
    <>
      <p>{words.fetchText}</p>
      {job?.state === "done"
        ? sentencesOf(job).map((said) => (
            <p key={said} className={classes.dim}>
              {said}
            </p>
          ))
        : null}
      {job?.problem ? <ProblemNote problem={job.problem} /> : null}
      <div className={classes.row}>
        <NumberInput
          label={words.fetchCount}
          w={140}
          min={1}
          max={2000}
          size="md"
          value={count}
          onChange={(value) => setCount(Number(value) || USUAL)}
        />
        <Button
          size="md"
          variant={now ? "filled" : "default"}
          loading={start.isPending}
          disabled={!mayStart(here, "feedback")}
          onClick={() => start.mutate()}
        >
          {upkeep.waiting > 0 ? words.fetchMore : words.fetch}
        </Button>
        <span className={classes.dim}>{words.waiting(countText(upkeep.waiting))}</span>
      </div>
    </>
  );
}
