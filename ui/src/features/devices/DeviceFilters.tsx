/** Which devices the table shows: by name, state, release, and what is wrong with them. */
import { Checkbox, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import type { FleetCounts } from "@/api/types";
import { STATES, type Wanted } from "@/features/devices/queries";
import { countText } from "@/ui/figures";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

const ALL = "all";
const TYPING_MS = 250;

interface DeviceFiltersProps {
  counts: FleetCounts;
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

export function DeviceFilters({ counts, wanted, onChange }: DeviceFiltersProps) {
  const search = useDebouncedCallback(
    (name: string) => onChange({ ...wanted, name: name.trim() || undefined }),
    TYPING_MS,
  );
  const total = Object.values(counts.states).reduce((a, b) => a + b, 0);
  const states = [
    { value: ALL, label: `${words.states.all} ${countText(total)}` },
    ...STATES.map((state) => ({
      value: state,
      label: `${words.states[state]} ${countText(counts.states[state] ?? 0)}`,
    })),
  ];
  const versions = Object.entries(counts.releases)
    .filter(([version]) => version !== "")
    .sort(([a], [b]) => Number(b) - Number(a));
  return (
    <div className={classes.filters}>
      <TextInput
        label={words.search}
        w={200}
        defaultValue={wanted.name ?? ""}
        onChange={(e) => search(e.currentTarget.value)}
      />
      <SegmentedControl
        aria-label={words.statesLabel}
        data={states}
        value={wanted.state ?? ALL}
        onChange={(state) => onChange({ ...wanted, state: state === ALL ? undefined : state })}
      />
      {versions.length > 0 ? (
        <Select
          label={words.releaseLabel}
          w={190}
          value={wanted.release ?? ALL}
          data={[
            { value: ALL, label: words.anyRelease },
            ...versions.map(([version, count]) => ({
              value: version,
              label: words.releaseCount(version, countText(count)),
            })),
          ]}
          onChange={(release) =>
            onChange({
              ...wanted,
              release: release === ALL ? undefined : (release ?? undefined),
            })
          }
        />
      ) : null}
      <Checkbox
        mb={8}
        label={words.behind(countText(counts.behind))}
        checked={wanted.behind ?? false}
        onChange={(e) => onChange({ ...wanted, behind: e.currentTarget.checked || undefined })}
      />
      <Checkbox
        mb={8}
        label={words.drift(countText(counts.drift))}
        checked={wanted.drift ?? false}
        onChange={(e) => onChange({ ...wanted, drift: e.currentTarget.checked || undefined })}
      />
    </div>
  );
}
