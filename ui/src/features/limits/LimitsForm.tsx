/** What operators may do, what a version must show, and when the one before comes back. */
import { Button, Checkbox, NumberInput, Text, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/client";
import { useSave } from "@/features/limits/useSave";
import { ACTIONS, CHECKS, changesOf, type Limits, toggled } from "@/features/limits/values";
import { ProblemNote } from "@/ui/ProblemNote";
import { limits as words } from "@/words/limits";
import classes from "./LimitsPage.module.css";

interface LimitsFormProps {
  kept: Limits;
  off: boolean;
}

interface FieldProps {
  label: string;
  hint?: string;
  value: number;
  /** 100 for shares that are shown as percent or points. */
  scale?: number;
  min?: number;
  max: number;
  off: boolean;
  onChange: (value: number) => void;
}

function Field({ label, hint, value, scale = 1, min = 0, max, off, onChange }: FieldProps) {
  return (
    <NumberInput
      label={label}
      description={hint}
      min={min}
      max={max}
      decimalScale={scale === 1 ? 0 : 1}
      disabled={off}
      value={Number((value * scale).toFixed(2))}
      onChange={(n) => typeof n === "number" && onChange(n / scale)}
    />
  );
}

export function LimitsForm({ kept, off }: LimitsFormProps) {
  const [form, setForm] = useState(kept);
  const save = useSave("limits");
  const change = changesOf(kept, form);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(change);
  };
  const [from, to] = form.hours;
  return (
    <form onSubmit={submit}>
      <section className={classes.part}>
        <Title order={2} fz="md" mb={10}>
          {words.operators}
        </Title>
        <Ticks
          legend={words.allowed}
          names={ACTIONS}
          labels={words.actions}
          on={form.allowed}
          off={off}
          onChange={(allowed) => setForm({ ...form, allowed })}
        />
        <Ticks
          legend={words.mustPass}
          names={CHECKS}
          labels={words.checks}
          on={form.must_pass}
          off={off}
          onChange={(must_pass) => setForm({ ...form, must_pass })}
        />
        <div className={classes.fields}>
          <Field
            label={words.perDay}
            value={form.updates_per_day}
            max={1000}
            off={off}
            onChange={(n) => setForm({ ...form, updates_per_day: n })}
          />
          <Field
            label={words.from}
            value={from}
            max={24}
            off={off}
            onChange={(n) => setForm({ ...form, hours: [n, to] })}
          />
          <Field
            label={words.to}
            value={to}
            max={24}
            off={off}
            onChange={(n) => setForm({ ...form, hours: [from, n] })}
          />
        </div>
        <Text c="dimmed" fz="sm">
          {words.hoursHint}
        </Text>
      </section>
      <GateFields form={form} off={off} onChange={setForm} />
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

interface GateFieldsProps {
  form: Limits;
  off: boolean;
  onChange: (form: Limits) => void;
}

type Row = [key: string, label: string, scale: number, max: number, min: number, hint?: string];
const GATE: readonly Row[] = [
  ["margin", words.margin, 100, 100, 0.1, words.marginHint],
  ["slice_margin", words.sliceMargin, 100, 100, 0.1],
  ["ng_rise", words.ngRise, 100, 100, 0.1],
  ["latency_ms", words.latency, 1, 1e6, 1],
  ["shadow", words.shadow, 1, 10_000, 0],
];
const WAY_BACK: readonly Row[] = [
  ["parts", words.backParts, 1, 1e6, 1],
  ["ng_rise", words.backNg, 100, 100, 0.1],
  ["error_rise", words.backErrors, 100, 100, 0.1],
  ["days", words.backDays, 1, 3650, 1],
];

function GateFields({ form, off, onChange }: GateFieldsProps) {
  const fields = (part: "gate" | "way_back", rows: readonly Row[]) =>
    rows.map(([key, label, scale, max, min, hint]) => (
      <Field
        key={key}
        label={label}
        {...(hint ? { hint } : {})}
        value={form[part][key] ?? 0}
        scale={scale}
        min={min}
        max={max}
        off={off}
        onChange={(n) => onChange({ ...form, [part]: { ...form[part], [key]: n } })}
      />
    ));
  return (
    <>
      <section className={classes.part}>
        <Title order={2} fz="md">
          {words.gate}
        </Title>
        <div className={classes.fields}>
          {fields("gate", GATE)}
          <Field
            label={words.firstShare}
            hint={words.firstHint}
            value={form.first_share}
            scale={100}
            max={100}
            off={off}
            onChange={(n) => onChange({ ...form, first_share: n })}
          />
        </div>
      </section>
      <section className={classes.part}>
        <Title order={2} fz="md">
          {words.wayBack}
        </Title>
        <Text c="dimmed" fz="sm">
          {words.wayBackText}
        </Text>
        <div className={classes.fields}>{fields("way_back", WAY_BACK)}</div>
      </section>
    </>
  );
}

interface TicksProps<T extends string> {
  legend: string;
  names: readonly T[];
  labels: Record<T, string>;
  on: readonly string[];
  off: boolean;
  onChange: (names: T[]) => void;
}

function Ticks<T extends string>({ legend, names, labels, on, off, onChange }: TicksProps<T>) {
  return (
    <fieldset className={classes.legend}>
      <legend>{legend}</legend>
      <div className={classes.checks}>
        {names.map((name) => (
          <Checkbox
            key={name}
            label={labels[name]}
            checked={on.includes(name)}
            disabled={off}
            onChange={(e) => onChange(toggled(on as T[], name, e.currentTarget.checked))}
          />
        ))}
      </div>
    </fieldset>
  );
}
