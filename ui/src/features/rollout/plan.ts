/** How a rollout would go: shares and devices by wave, as the server draws them. */
import type { RulesOfRollout } from "@/api/types";

export type PlanName = "careful" | "halves" | "once" | "named" | "own";

export const SHARES: Record<Exclude<PlanName, "own">, readonly number[]> = {
  careful: [0.01, 0.1, 0.5, 1],
  halves: [0.5, 1],
  once: [1],
  named: [],
};

export const RULES: RulesOfRollout = {
  min_hours: 1,
  min_parts: 20,
  enough: 0.9,
  ng_jump: 0.1,
  errors: 0.02,
  refused: 1,
};

const MOST_WAVES = 20;

/** Shares out of "5, 25, 100"; null where they are not rising numbers that end with 100. */
export function sharesOf(text: string): number[] | null {
  const shares = text
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map((t) => Number(t.replace("%", "")) / 100);
  const rising = shares.every((s, i) => s > (shares[i - 1] ?? 0) && s <= 1);
  if (shares.length === 0 || shares.length > MOST_WAVES) return null;
  return rising && shares.at(-1) === 1 ? shares : null;
}

/** How many devices each wave would have; a wave that would add none is left out. */
export function wavesOf(devices: number, named: number, shares: readonly number[]): number[] {
  const first = Math.min(named, devices);
  const cuts = [first, ...shares.map((s) => Math.ceil(Number((s * devices).toFixed(9))))];
  const out: number[] = [];
  let reached = 0;
  for (const cut of cuts) {
    if (cut <= reached) continue;
    out.push(cut - reached);
    reached = cut;
  }
  return out;
}
