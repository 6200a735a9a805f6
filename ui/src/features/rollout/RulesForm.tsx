/** When a wave is over and what halts a rollout, as two sentences with figures to change. */
import { NumberInput, Text } from "@mantine/core";
import type { RulesOfRollout } from "@/api/types";
import { rollout } from "@/words/rollout";
import classes from "./RolloutPage.module.css";

const words = rollout.rules;

interface RulesFormProps {
  rules: RulesOfRollout;
  onChange: (rules: RulesOfRollout) => void;
}

export function RulesForm({ rules, onChange }: RulesFormProps) {
  const field = (key: keyof RulesOfRollout, name: string, scale: number, max: number) => (
    <NumberInput
      aria-label={name}
      min={0}
      max={max}
      decimalScale={scale === 1 && key !== "min_hours" ? 0 : 1}
      value={Number((rules[key] * scale).toFixed(2))}
      onChange={(value) =>
        typeof value === "number" && onChange({ ...rules, [key]: value / scale })
      }
    />
  );
  return (
    <div>
      <p className={classes.rules}>
        {words.lasts}
        {field("min_hours", words.names.hours, 1, 10_000)}
        {words.hours}
        {field("enough", words.names.enough, 100, 100)}
        {words.enough}
        {field("min_parts", words.names.parts, 1, 1e9)}
        {words.parts}
      </p>
      <p className={classes.rules}>
        {words.halts}
        {field("refused", words.names.refused, 1, 1e6)}
        {words.refused}
        {field("ng_jump", words.names.jump, 100, 100)}
        {words.jump}
        {field("errors", words.names.errors, 100, 100)}
        {words.errors}
      </p>
      <Text c="dimmed" fz="sm">
        {words.hint}
      </Text>
    </div>
  );
}
