/** The numeric rules of a class as sentences with places to fill in. */

import { ActionIcon, Button, NumberInput, Select } from "@mantine/core";
import type { Rule } from "@/api/types";
import { CloseIcon, PlusIcon } from "@/ui/icons";
import { book as words } from "@/words/book";
import { measureNames, unitText } from "@/words/rules";
import { ruleFault } from "./draft";
import classes from "./RuleEditor.module.css";

const MEASURES = ["length", "short_side", "area"] as const;

interface RuleEditorProps {
  rules: readonly Rule[];
  scaled: boolean;
  off: boolean;
  change: (rules: Rule[]) => void;
}

export function RuleEditor({ rules, scaled, off, change }: RuleEditorProps) {
  const set = (place: number, rule: Rule) =>
    change(rules.map((old, n) => (n === place ? rule : old)));
  return (
    <div className={classes.rules}>
      {rules.map((rule, place) => (
        <RuleRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a rule has no other name
          key={place}
          rule={rule}
          scaled={scaled}
          off={off}
          set={(next) => set(place, next)}
          remove={() => change(rules.filter((_, n) => n !== place))}
        />
      ))}
      {off ? null : (
        <Button
          variant="default"
          className={classes.add}
          leftSection={<PlusIcon size={16} />}
          onClick={() =>
            change([
              ...rules,
              { measure: "length", unit: scaled ? "mm" : "px", minimum: null, maximum: null },
            ])
          }
        >
          {words.addRule}
        </Button>
      )}
    </div>
  );
}

interface RuleRowProps {
  rule: Rule;
  scaled: boolean;
  off: boolean;
  set: (rule: Rule) => void;
  remove: () => void;
}

function RuleRow({ rule, scaled, off, set, remove }: RuleRowProps) {
  const fault = ruleFault(rule);
  const note = fault ?? (rule.unit === "mm" && !scaled ? words.ruleNoScale : null);
  const limit = (side: "minimum" | "maximum", label: string) => (
    <NumberInput
      className={classes.limit}
      aria-label={label}
      placeholder="–"
      min={0}
      hideControls
      disabled={off}
      value={rule[side] ?? ""}
      onChange={(value) => set({ ...rule, [side]: typeof value === "number" ? value : null })}
    />
  );
  return (
    <div className={classes.rule}>
      <div className={classes.sentence}>
        <Select
          className={classes.measure}
          aria-label={words.measure}
          disabled={off}
          value={rule.measure}
          data={MEASURES.map((value) => ({ value, label: measureNames[value] }))}
          onChange={(value) => value && set({ ...rule, measure: value as Rule["measure"] })}
        />
        <span>
          {words.is} {words.atLeast}
        </span>
        {limit("minimum", words.atLeast)}
        <span>
          {words.and} {words.atMost}
        </span>
        {limit("maximum", words.atMost)}
        <Select
          className={classes.unit}
          aria-label={words.unit}
          disabled={off}
          value={rule.unit}
          data={(["mm", "px"] as const).map((unit) => ({
            value: unit,
            label: unitText({ measure: rule.measure, unit }),
          }))}
          onChange={(value) => value && set({ ...rule, unit: value as Rule["unit"] })}
        />
        {off ? null : (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={34}
            aria-label={words.removeRule}
            title={words.removeRule}
            onClick={remove}
          >
            <CloseIcon size={16} />
          </ActionIcon>
        )}
      </div>
      {note ? (
        <p className={classes.note} data-fault={fault !== null || undefined}>
          {note}
        </p>
      ) : null}
    </div>
  );
}
