/** Random but repeatable choices for property tests. */

import type { Point, Size } from "../geometry";

export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 1) >>> 0;
  }

  /** In [0, 1). Source: mulberry32 by Tommy Ettinger. */
  share(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.share() * (high - low + 1));
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.int(0, values.length - 1)];
    if (value === undefined) throw new RangeError("nothing to choose from");
    return value;
  }

  point(size: Size): Point {
    return [this.share() * size[0], this.share() * size[1]];
  }
}

/** Run a test with many seeds; a failure names its seed. */
export function forSeeds(count: number, check: (chance: Chance) => void): void {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      check(new Chance(seed));
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
}
