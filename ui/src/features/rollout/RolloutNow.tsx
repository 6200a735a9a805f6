/** The newest rollout: its waves, how the parts fare under it, and the ways to stop it. */
import { Button, Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { PartTotals, Release, Rollout, RulesOfRollout } from "@/api/types";
import { useHere } from "@/app/here";
import { RULES } from "@/features/rollout/plan";
import { RulesForm } from "@/features/rollout/RulesForm";
import { Waves } from "@/features/rollout/Waves";
import { countText, sentence, shareText, whenText, wilson } from "@/ui/figures";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { rollout as words } from "@/words/rollout";
import classes from "./RolloutPage.module.css";

interface RolloutNowProps {
  rollout: Rollout;
  releases: readonly Release[];
}

export function RolloutNow({ rollout, releases }: RolloutNowProps) {
  const here = useHere();
  const { state, version } = rollout;
  const open = state === "running" || state === "halted";
  return (
    <section className={classes.card} aria-label={words.which(version)}>
      <div className={classes.head}>
        <h2 className={classes.title}>{words.which(version)}</h2>
        <span className={classes.state} data-state={state}>
          {words.states[state] ?? state}
        </span>
        <span className={classes.dim}>
          {words.since(rollout.author, whenText(rollout.created))}
        </span>
      </div>
      <p className={classes.why} data-state={state} aria-live="polite">
        {sentence(rollout.why)}
      </p>
      <Waves rollout={rollout} />
      <dl className={classes.compare}>
        <Parts name={words.before} parts={rollout.parts_before} />
        <Parts name={words.under} parts={rollout.parts_under} />
      </dl>
      {may(here.role, "operator") && (open || state === "done") ? (
        <Actions rollout={rollout} releases={releases} />
      ) : null}
    </section>
  );
}

function Parts({ name, parts }: { name: string; parts: PartTotals }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{words.ng(shareText(wilson(parts.ng, parts.ng + parts.ok), words.parts))}</dd>
      {parts.error > 0 ? <dd>{words.errors(countText(parts.error))}</dd> : null}
    </div>
  );
}

const BEFORE = "before";

function Actions({ rollout, releases }: RolloutNowProps) {
  const { state, version } = rollout;
  const act = useActions(rollout);
  const [target, setTarget] = useState(BEFORE);
  const [rules, setRules] = useState<RulesOfRollout | null>(null);
  const to = target === BEFORE ? null : Number(target);
  const earlier = releases.filter((r) => r.version !== version);
  return (
    <>
      {rules !== null && state === "halted" ? (
        <div style={{ marginTop: 16 }}>
          <RulesForm rules={rules} onChange={setRules} />
        </div>
      ) : null}
      <div className={classes.actions}>
        {state === "running" ? (
          <Sure
            sentence={words.haltSure(version)}
            loading={act.halt.isPending}
            onSure={() => act.halt.mutate()}
          >
            {words.halt}
          </Sure>
        ) : null}
        {state === "halted" ? (
          <>
            <Sure
              variant="filled"
              sentence={words.resumeSure(version)}
              loading={act.resume.isPending}
              onSure={() => act.resume.mutate(rules)}
            >
              {words.resume}
            </Sure>
            {rules === null ? (
              <Button variant="default" onClick={() => setRules(rulesOf(rollout))}>
                {words.otherRules}
              </Button>
            ) : null}
          </>
        ) : null}
        <Select
          label={words.backTo}
          w={200}
          value={target}
          data={[
            { value: BEFORE, label: words.backToBefore },
            ...earlier.map((r) => ({
              value: String(r.version),
              label: words.which(r.version),
            })),
          ]}
          onChange={(value) => setTarget(value ?? BEFORE)}
        />
        <Sure
          sentence={words.backSure(
            version,
            to === null ? words.backBefore : words.backVersion(to),
          )}
          loading={act.back.isPending}
          onSure={() => act.back.mutate(to)}
        >
          {words.back}
        </Sure>
      </div>
    </>
  );
}

function rulesOf(rollout: Rollout): RulesOfRollout {
  return { ...RULES, ...(rollout.plan.rules as Partial<RulesOfRollout>) };
}

function useActions({ number, version }: Rollout) {
  const here = useHere();
  const client = useQueryClient();
  const ask = (what: string, body: unknown) =>
    post<Rollout>(projectPath(here, `/rollouts/${number}/${what}`), body);
  const onSettled = () => client.invalidateQueries({ queryKey: keys.project(here) });
  return {
    halt: useMutation({
      mutationFn: () => ask("halt", {}),
      onSuccess: () => toast({ text: words.halted(version) }),
      onSettled,
    }),
    resume: useMutation({
      mutationFn: (rules: RulesOfRollout | null) => ask("resume", { rules }),
      onSuccess: (now) => {
        if (now.state === "running") toast({ text: words.resumed(version) });
      },
      onSettled,
    }),
    back: useMutation({
      mutationFn: (to: number | null) => ask("rollback", { to }),
      onSuccess: (made) => toast({ text: words.backDone(made.version) }),
      onSettled,
    }),
  };
}
