/** The training that runs, or what came of the last one that this page knows of. */
import { Button, Progress, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Here } from "@/api/here";
import { cancelJob, isOver, useJobCourse } from "@/api/jobs";
import type { Job } from "@/api/types";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { LineChart } from "@/ui/LineChart";
import { ProblemNote } from "@/ui/ProblemNote";
import { train as words } from "@/words/train";
import classes from "./TrainPage.module.css";

interface TrainingNowProps {
  here: Here;
  job: Job;
}

export function TrainingNow({ here, job }: TrainingNowProps) {
  return (
    <section className={classes.now} aria-live="polite">
      {isOver(job) ? <Over here={here} job={job} /> : <Running here={here} job={job} />}
    </section>
  );
}

function Running({ here, job }: TrainingNowProps) {
  const client = useQueryClient();
  const course = useJobCourse(here.organisation, job.id);
  const xs = useMemo(() => course.map((p) => p.images), [course]);
  const ys = useMemo(() => course.map((p) => p.loss), [course]);
  const share = jobShare(job);
  return (
    <>
      <div className={classes.nowHead}>
        <Title order={2} fz="lg">
          {job.state === "queued" ? words.queued : words.running}
        </Title>
        <span className={classes.eta}>
          {[stageText(job), etaText(job)].filter(Boolean).join(" · ")}
        </span>
        <Button
          ml="auto"
          variant="default"
          onClick={() => void cancelJob(client, here.organisation, job)}
        >
          {words.cancel}
        </Button>
      </div>
      <Progress
        mt="md"
        size="lg"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={words.running}
      />
      <p className={classes.curveTitle}>{words.curve}</p>
      {course.length > 1 ? (
        <LineChart xs={xs} ys={ys} xName={words.images} yName={words.loss} />
      ) : (
        <Text c="dimmed">{words.curveWait}</Text>
      )}
    </>
  );
}

function Over({ here, job }: TrainingNowProps) {
  if (job.problem) {
    return (
      <>
        <Title order={2} fz="lg" mb="sm">
          {words.failed}
        </Title>
        <ProblemNote problem={job.problem} />
      </>
    );
  }
  if (job.state === "cancelled") return <Text>{words.cancelled}</Text>;
  const { run, sentences } = resultOf(job);
  return (
    <>
      <div className={classes.nowHead}>
        <Title order={2} fz="lg">
          {words.done}
        </Title>
        <Button
          ml="auto"
          renderRoot={(root) => (
            <Link
              to="/p/$project/report"
              params={{ project: here.project }}
              search={run ? { run } : {}}
              {...root}
            />
          )}
        >
          {words.read}
        </Button>
      </div>
      {sentences.length > 0 ? (
        <ul className={classes.sentences}>
          {sentences.map((s) => (
            <li key={s}>{s}</li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

function resultOf(job: Job): { run: string | undefined; sentences: string[] } {
  const { run, sentences } = job.result ?? {};
  return {
    run: typeof run === "string" ? run : undefined,
    sentences: Array.isArray(sentences) ? sentences.map(String) : [],
  };
}
