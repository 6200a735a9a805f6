/** From an alarm to a version that does better: one step after another, each to be gone on with. */
import { Button, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { may } from "@/api/here";
import { isOver, useNewestJob } from "@/api/jobs";
import type { Line, RolloutLine, Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { AlarmStep } from "@/features/update/AlarmStep";
import { AnswerStep } from "@/features/update/AnswerStep";
import { EffectStep } from "@/features/update/EffectStep";
import { MakeStep } from "@/features/update/MakeStep";
import { PicturesStep } from "@/features/update/PicturesStep";
import { lineQuery, rolloutsQuery, upkeepQuery } from "@/features/update/queries";
import { Records } from "@/features/update/Records";
import { SwapStep } from "@/features/update/SwapStep";
import { answeredOf, lastState, STEPS, type Step, stepNow } from "@/features/update/steps";
import { driftOf } from "@/ui/drift";
import { Empty } from "@/ui/Empty";
import { countText } from "@/ui/figures";
import { CheckIcon } from "@/ui/icons";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export default function UpdatePage() {
  const here = useHere();
  const upkeep = useQuery(upkeepQuery(here));
  if (upkeep.data === undefined) {
    return (
      <Page>
        {upkeep.isError ? (
          <QueryProblem query={upkeep} />
        ) : (
          <Skeleton height={240} radius="lg" />
        )}
      </Page>
    );
  }
  if (upkeep.data.run === null) {
    return (
      <Empty title={words.nothing} text={words.nothingText}>
        <title>{`${words.title} · ${here.project}`}</title>
      </Empty>
    );
  }
  return (
    <Page>
      <PageHead title={words.title} text={words.text}>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/limits" params={{ project: here.project }} {...root} />
          )}
        >
          {words.limits}
        </Button>
      </PageHead>
      {may(here.role, "operator") ? null : (
        <Text c="dimmed" mb="md">
          {words.viewer}
        </Text>
      )}
      <Steps upkeep={upkeep.data} />
      <Records />
    </Page>
  );
}

function Steps({ upkeep }: { upkeep: Upkeep }) {
  const here = useHere();
  const line = useQuery(lineQuery(here)).data;
  const rollouts = useQuery(rolloutsQuery(here)).data;
  const feedback = useNewestJob(here, "feedback");
  const making = useNewestJob(here, "update");
  const [open, setOpen] = useState<ReadonlySet<Step>>(new Set());
  const now = stepNow({
    waiting: upkeep.waiting,
    answered: answeredOf(upkeep),
    last: lastState(upkeep),
    making: making !== undefined && !isOver(making),
    fetching: feedback !== undefined && !isOver(feedback),
    swapped: hasArrived(upkeep, line, rollouts),
  });
  const bodies: Record<Step, ReactNode> = {
    alarm: <AlarmStep />,
    pictures: <PicturesStep upkeep={upkeep} job={feedback} now={now === "pictures"} />,
    answer: <AnswerStep upkeep={upkeep} />,
    make: <MakeStep upkeep={upkeep} job={making} now={now === "make"} />,
    swap: <SwapStep upkeep={upkeep} now={now === "swap"} />,
    effect: <EffectStep swap={upkeep.swap} />,
  };
  const toggle = (step: Step) => {
    const next = new Set(open);
    if (!next.delete(step)) next.add(step);
    setOpen(next);
  };
  return (
    <ol className={classes.steps}>
      {STEPS.map((step, i) => (
        <StepOf
          key={step}
          step={step}
          number={i + 1}
          now={step === now}
          done={i < STEPS.indexOf(now)}
          open={step === now || open.has(step) || (step === "alarm" && now === "pictures")}
          said={saidOf(step, upkeep, line)}
          onToggle={() => toggle(step)}
        >
          {bodies[step]}
        </StepOf>
      ))}
    </ol>
  );
}

interface StepOfProps {
  step: Step;
  number: number;
  now: boolean;
  done: boolean;
  open: boolean;
  said: string;
  onToggle: () => void;
  children: ReactNode;
}

function StepOf({ step, number, now, done, open, said, onToggle, children }: StepOfProps) {
  return (
    <li
      className={classes.step}
      data-now={now || undefined}
      data-done={done || undefined}
      aria-current={now ? "step" : undefined}
    >
      <span className={classes.number} aria-hidden="true">
        {done ? <CheckIcon size={17} /> : number}
      </span>
      <button type="button" className={classes.head} aria-expanded={open} onClick={onToggle}>
        <h2>{words.steps[step]}</h2>
        <span>{said}</span>
      </button>
      {open ? <div className={classes.body}>{children}</div> : null}
    </li>
  );
}

/** A word beside the name of a step, which is read while the step is closed. */
function saidOf(step: Step, upkeep: Upkeep, line: Line | undefined): string {
  if (step === "alarm") {
    const alarmed = line?.devices.find((d) => driftOf(d)?.alarm);
    return alarmed ? words.alarmOf(alarmed.name) : words.calm;
  }
  if (step === "answer" && upkeep.waiting > 0) return words.waiting(countText(upkeep.waiting));
  if (step === "make") return words.answered(countText(answeredOf(upkeep)));
  if (step === "swap" && upkeep.version !== null) return words.inUse(upkeep.version);
  return "";
}

/** Whether the version in use runs on the devices, as far as they tell. */
function hasArrived(
  upkeep: Upkeep,
  line: Line | undefined,
  rollouts: readonly RolloutLine[] | undefined,
): boolean {
  const newest = rollouts?.[0];
  if (newest?.version === upkeep.version) return newest?.state === "done";
  const devices = line?.devices ?? [];
  return devices.length > 0 && devices.every((d) => d.release === upkeep.version);
}
