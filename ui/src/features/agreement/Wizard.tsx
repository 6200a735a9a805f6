/** A new study in three steps: who, how many images, how often. */

import { Button, Checkbox, Group, Radio, Slider, Stepper, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { asProblem, post } from "@/api/client";
import { may, projectPath } from "@/api/here";
import type { NewStudy, Problem, Study } from "@/api/types";
import { useHere } from "@/app/here";
import { minutesText } from "@/ui/figures";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { agreement } from "@/words/agreement";
import { membersQuery, studiesQuery } from "./queries";
import classes from "./Wizard.module.css";

const words = agreement.wizard;
const SECONDS_PER_LOOK = 10;
const IMAGES = [20, 30, 40, 50, 60, 80, 100, 150, 200];
/** Half the width of the interval of a kappa of about 0.8 is this over the root of the images. */
const KAPPA_WIDTH = 1.2;

export function Wizard({ leave }: { leave: () => void }) {
  const here = useHere();
  const client = useQueryClient();
  const members = useQuery(membersQuery(here));
  const [step, setStep] = useState(0);
  const [labelers, setLabelers] = useState<string[]>([]);
  const [size, setSize] = useState(IMAGES.indexOf(50));
  const [trials, setTrials] = useState("2");
  const [name, setName] = useState("");
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const images = IMAGES[size] ?? 50;
  const people = (members.data ?? []).filter((m) =>
    may(m.projects[here.project] ?? m.role, "labeler"),
  );

  const start = async () => {
    setMaking(true);
    setProblem(null);
    const study: NewStudy = { name: name.trim(), labelers, images, trials: Number(trials) };
    try {
      await post<Study>(projectPath(here, "/studies"), study);
      await client.invalidateQueries({ queryKey: studiesQuery(here).queryKey });
      leave();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setMaking(false);
    }
  };

  const looks = images * Number(trials);
  const steps: readonly ReactNode[] = [
    <Checkbox.Group
      key="who"
      label={words.who}
      description={words.whoHint}
      value={labelers}
      onChange={setLabelers}
    >
      <div className={classes.people}>
        {people.map((m) => (
          <Checkbox.Card key={m.person.id} value={m.person.name} className={classes.person}>
            <Checkbox.Indicator />
            <span>{m.person.name}</span>
          </Checkbox.Card>
        ))}
        {members.isSuccess && people.length === 0 ? <p>{words.nobody}</p> : null}
      </div>
    </Checkbox.Group>,
    <div key="many">
      <h2 className={classes.question}>{words.howMany}</h2>
      <p className={classes.hint}>{words.howManyHint}</p>
      <p className={classes.figure}>
        {images} <span>{words.images.toLowerCase()}</span>
      </p>
      <Slider
        thumbLabel={words.images}
        min={0}
        max={IMAGES.length - 1}
        step={1}
        value={size}
        onChange={setSize}
        label={null}
        marks={IMAGES.map((n, value) => ({ value, label: String(n) }))}
      />
      <p className={classes.precise}>
        {words.precise((KAPPA_WIDTH / Math.sqrt(images)).toFixed(2))}
      </p>
    </div>,
    <div key="trials">
      <Radio.Group
        label={words.trialsTitle}
        description={words.trialsHint}
        value={trials}
        onChange={setTrials}
      >
        <div className={classes.people}>
          {([1, 2, 3] as const).map((n) => (
            <Radio.Card key={n} value={String(n)} className={classes.person}>
              <Radio.Indicator />
              <span>{words.trials[n]}</span>
            </Radio.Card>
          ))}
        </div>
      </Radio.Group>
      <TextInput
        mt="lg"
        label={words.name}
        placeholder={words.namePlaceholder}
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <p className={classes.precise}>
        {words.sum(looks * labelers.length, minutesText((looks * SECONDS_PER_LOOK) / 60))}
      </p>
    </div>,
  ];

  return (
    <div className={classes.wizard}>
      <PageHead title={words.title}>
        <Button variant="default" onClick={leave}>
          {agreement.back}
        </Button>
      </PageHead>
      <Stepper active={step} onStepClick={setStep} allowNextStepsSelect={false} size="sm">
        {words.steps.map((label) => (
          <Stepper.Step key={label} label={label} />
        ))}
      </Stepper>
      <div className={classes.step}>{steps[step]}</div>
      {problem ? <ProblemNote problem={problem} /> : null}
      <Group justify="space-between" mt="lg">
        <Button variant="default" disabled={step === 0} onClick={() => setStep(step - 1)}>
          {words.back}
        </Button>
        {step < steps.length - 1 ? (
          <Button disabled={labelers.length === 0} onClick={() => setStep(step + 1)}>
            {words.next}
          </Button>
        ) : (
          <Button loading={making} onClick={() => void start()}>
            {words.start}
          </Button>
        )}
      </Group>
    </div>
  );
}
