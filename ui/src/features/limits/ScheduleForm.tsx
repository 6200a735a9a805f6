/** When the project makes a new version by itself. */
import { Button, NumberInput, Switch, Text, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/client";
import { useSave } from "@/features/limits/useSave";
import { changesOf, type Schedule } from "@/features/limits/values";
import { ProblemNote } from "@/ui/ProblemNote";
import { limits as words } from "@/words/limits";
import classes from "./LimitsPage.module.css";

const USUAL = 40;

interface ScheduleFormProps {
  kept: Schedule;
  due: string;
  off: boolean;
}

export function ScheduleForm({ kept, due, off }: ScheduleFormProps) {
  const [form, setForm] = useState(kept);
  const save = useSave("schedule");
  const change = changesOf(kept, form);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(change);
  };
  return (
    <form className={classes.part} onSubmit={submit}>
      <Title order={2} fz="md">
        {words.schedule}
      </Title>
      <div className={classes.fields}>
        <Switch
          label={words.on}
          checked={form.on}
          disabled={off}
          mb={8}
          onChange={(e) => setForm({ ...form, on: e.currentTarget.checked })}
        />
        <NumberInput
          label={words.corrections}
          min={1}
          max={1_000_000}
          disabled={off}
          value={form.corrections ?? ""}
          onChange={(n) => setForm({ ...form, corrections: Number(n) || USUAL })}
        />
        <NumberInput
          label={words.retry}
          description={words.retryHint}
          min={0.1}
          max={1000}
          decimalScale={1}
          disabled={off}
          value={form.retry_hours}
          onChange={(n) => typeof n === "number" && setForm({ ...form, retry_hours: n })}
        />
      </div>
      <Text c="dimmed" fz="sm" mb="md">
        {words.due(due)}
      </Text>
      {save.isError ? <ProblemNote problem={asProblem(save.error)} /> : null}
      <Button
        type="submit"
        loading={save.isPending}
        disabled={off || Object.keys(change).length === 0}
      >
        {words.save}
      </Button>
    </form>
  );
}
