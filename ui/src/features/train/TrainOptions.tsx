import { NumberInput, SegmentedControl, Select, Switch, Text } from "@mantine/core";
import type { Document } from "@/api/types";
import { train as words } from "@/words/train";
import classes from "./TrainPage.module.css";

export interface Options {
  preset: "fast" | "balanced" | "thorough";
  escape: number;
  overkill: number;
  quick: boolean;
  network: "standard" | "small";
  side: number | null;
  seed: number;
}

export const STANDARD: Options = {
  preset: "balanced",
  escape: 10,
  overkill: 1,
  quick: false,
  network: "standard",
  side: null,
  seed: 0,
};

/** The options of the job: a new snapshot is the server's to take, the rest as chosen. */
export function wireOptions(options: Options): Document {
  const { preset, quick, network, seed } = options;
  return {
    preset,
    quick,
    network,
    seed,
    ...(options.side === null ? {} : { side_px: options.side }),
    costs: { escape: options.escape, overkill: options.overkill },
  };
}

interface TrainOptionsProps {
  options: Options;
  onChange: (options: Options) => void;
}

const PRESETS = ["fast", "balanced", "thorough"] as const;
const NETWORKS = ["standard", "small"] as const;

export function TrainOptions({ options, onChange }: TrainOptionsProps) {
  const set = (part: Partial<Options>) => onChange({ ...options, ...part });
  return (
    <details className={classes.fold}>
      <summary>{words.options}</summary>
      <div className={classes.options}>
        <div>
          <Text fz="sm" fw={500} mb={4}>
            {words.preset}
          </Text>
          <SegmentedControl
            aria-label={words.preset}
            value={options.preset}
            data={PRESETS.map((p) => ({ value: p, label: words.presets[p] }))}
            onChange={(preset) => set({ preset: preset as Options["preset"] })}
          />
        </div>
        <NumberInput
          label={words.escape}
          w={140}
          min={0}
          value={options.escape}
          onChange={(v) => set({ escape: Number(v) || 0 })}
        />
        <NumberInput
          label={words.overkill}
          w={140}
          min={0}
          value={options.overkill}
          onChange={(v) => set({ overkill: Number(v) || 0 })}
        />
        <Text fz="sm" c="dimmed" maw={230} mt={24}>
          {words.costsHint}
        </Text>
        <details className={classes.expert}>
          <summary>{words.expert}</summary>
          <div>
            <Select
              label={words.network}
              w={220}
              value={options.network}
              data={NETWORKS.map((n) => ({ value: n, label: words.networks[n] }))}
              onChange={(n) => n && set({ network: n as Options["network"] })}
            />
            <NumberInput
              label={words.side}
              description={words.sideHint}
              w={240}
              min={32}
              max={4096}
              value={options.side ?? ""}
              onChange={(v) => set({ side: v === "" ? null : Number(v) })}
            />
            <NumberInput
              label={words.seed}
              w={110}
              min={0}
              value={options.seed}
              onChange={(v) => set({ seed: Number(v) || 0 })}
            />
            <Switch
              mt={28}
              label={words.quick}
              checked={options.quick}
              onChange={(e) => set({ quick: e.currentTarget.checked })}
            />
          </div>
        </details>
      </div>
    </details>
  );
}
