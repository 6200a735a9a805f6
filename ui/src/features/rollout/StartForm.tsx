/** A rollout to begin: which release, who first, in which waves, and what halts it. */
import { MultiSelect, Radio, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem, post } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Release, Rollout, StartRollout } from "@/api/types";
import { useHere } from "@/app/here";
import { type PlanName, RULES, SHARES, sharesOf, wavesOf } from "@/features/rollout/plan";
import { offeredQuery } from "@/features/rollout/queries";
import { RulesForm } from "@/features/rollout/RulesForm";
import { plural, whenText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { rollout as words } from "@/words/rollout";
import classes from "./RolloutPage.module.css";

const PLANS: readonly PlanName[] = ["careful", "halves", "once", "named", "own"];
const TYPING_MS = 200;

interface StartFormProps {
  releases: readonly Release[];
  /** The version that the address asks for. */
  asked: string | undefined;
  /** Registered devices. */
  devices: number;
  /** The release of a rollout that is open, which this one would end. */
  ends: number | null;
  onStarted: () => void;
}

export function StartForm({ releases, asked, devices, ends, onStarted }: StartFormProps) {
  const here = useHere();
  const client = useQueryClient();
  const [chosen, setChosen] = useState(
    () => (releases.find((r) => String(r.version) === asked) ?? releases[0])?.version ?? 1,
  );
  const [canary, setCanary] = useState<string[]>([]);
  const [plan, setPlan] = useState<PlanName>("careful");
  const [own, setOwn] = useState("5, 25, 100");
  const [rules, setRules] = useState(RULES);
  const shares = plan === "own" ? sharesOf(own) : SHARES[plan];
  const lonely = plan === "named" && canary.length === 0;
  const waves = wavesOf(devices, canary.length, shares ?? []);
  const start = useMutation({
    mutationFn: (given: StartRollout) => post<Rollout>(projectPath(here, "/rollouts"), given),
    meta: { quiet: true },
    onSuccess: (made) => {
      toast({ text: words.started(made.version) });
      onStarted();
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(here) }),
  });
  const first = plural(waves[0] ?? 0, "device");
  return (
    <div className={classes.form}>
      <div className={classes.line}>
        <Select
          label={words.release}
          w={260}
          value={String(chosen)}
          data={releases.map((r) => ({
            value: String(r.version),
            label: `${words.which(r.version)}, ${whenText(r.created)}`,
          }))}
          onChange={(value) => value && setChosen(Number(value))}
        />
        <FirstDevices value={canary} onChange={setCanary} />
      </div>
      <Radio.Group
        label={words.steps}
        value={plan}
        onChange={(value) => setPlan(value as PlanName)}
      >
        {PLANS.map((name) => (
          <Radio key={name} mt={10} value={name} label={words.plans[name]} />
        ))}
      </Radio.Group>
      {plan === "own" ? (
        <TextInput
          label={words.own}
          w={260}
          value={own}
          error={shares === null ? words.ownWrong : null}
          onChange={(e) => setOwn(e.currentTarget.value)}
        />
      ) : null}
      <Text c="dimmed">{lonely ? words.needsNamed : previewOf(waves)}</Text>
      <RulesForm rules={rules} onChange={setRules} />
      <div className={classes.line}>
        <Sure
          size="md"
          variant="filled"
          loading={start.isPending}
          disabled={shares === null || lonely}
          sentence={[
            words.startSure(chosen, first),
            ends === null ? "" : words.startSupersedes(ends),
          ].join(" ")}
          onSure={() =>
            start.mutate({ version: chosen, waves: [...(shares ?? [])], canary, rules })
          }
        >
          {words.start}
        </Sure>
      </div>
      {start.isError ? <ProblemNote problem={asProblem(start.error)} /> : null}
    </div>
  );
}

function previewOf(waves: readonly number[]): string {
  if (waves.length === 0) return words.preview(words.previewNone);
  return words.preview(
    waves.map((n, i) => words.previewWave(i + 1, plural(n, "device"))).join("; "),
  );
}

interface FirstDevicesProps {
  value: string[];
  onChange: (names: string[]) => void;
}

function FirstDevices({ value, onChange }: FirstDevicesProps) {
  const here = useHere();
  const [typed, setTyped] = useState("");
  const [name] = useDebouncedValue(typed, TYPING_MS);
  const found = useQuery({ ...offeredQuery(here, name), placeholderData: keepPreviousData });
  const names = (found.data?.items ?? [])
    .filter((d) => d.state === "active" || d.state === "silent")
    .map((d) => d.name);
  return (
    <MultiSelect
      label={words.first}
      description={words.firstHint}
      w={420}
      searchable
      nothingFoundMessage={words.firstNone}
      data={[...new Set([...value, ...names])]}
      value={value}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={onChange}
    />
  );
}
