/** What runs are called in a list: when they were made, to the second where that alone parts them. */
import { dayText, whenText } from "@/ui/figures";

interface Made {
  id: string;
  created: string;
}

/** The name of each run by its id; no two of a list are called the same. */
export function runNames(runs: readonly Made[], now = new Date()): Map<string, string> {
  const plain = runs.map((run) => whenText(run.created, now));
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  const out = new Map<string, string>();
  const taken = new Set<string>();
  runs.forEach((run, i) => {
    const alone = counts.get(plain[i] ?? "") === 1;
    let name = alone ? (plain[i] ?? "") : toTheSecond(run.created, now);
    // Within one second there is only the id.
    if (taken.has(name)) name = `${name} (${run.id.slice(0, 6)})`;
    taken.add(name);
    out.set(run.id, name);
  });
  return out;
}

function toTheSecond(iso: string, now: Date): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB");
  return at.toDateString() === now.toDateString()
    ? `today, ${time}`
    : `${dayText(iso)}, ${time}`;
}
