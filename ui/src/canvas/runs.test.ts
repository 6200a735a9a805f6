import { describe, expect, test } from "vitest";
import { strokeRuns } from "./brush";
import { distanceToStretch, type Point, type Size } from "./geometry";
import {
  countsOfRuns,
  eachStretch,
  flip,
  hasPixel,
  NO_RUNS,
  type Runs,
  runsArea,
  runsBox,
  runsOfCounts,
  runsOutline,
  shiftRuns,
  subtract,
  union,
} from "./runs";
import { type Chance, forSeeds } from "./testing/chance";
import examples from "./testing/mask_examples.json";

const SIZE: Size = [13, 9];

function bitsOf(runs: Runs, [width, height]: Size): boolean[] {
  return Array.from({ length: width * height }, (_, pixel) => hasPixel(runs, pixel));
}

function runsOfBits(bits: readonly boolean[], size: Size): Runs {
  const counts: number[] = [];
  let [value, length] = [false, 0];
  for (const bit of bits) {
    if (bit !== value) {
      counts.push(length);
      [value, length] = [bit, 0];
    }
    length += 1;
  }
  return runsOfCounts([...counts, length], size);
}

function randomRuns(chance: Chance, density = chance.share()): Runs {
  const bits = Array.from({ length: SIZE[0] * SIZE[1] }, () => chance.share() < density);
  return runsOfBits(bits, SIZE);
}

describe("the run lengths of the server", () => {
  test.each(examples)("$name: read and written as core/rle.py does", (example) => {
    const size: Size = [example.size_wh[0] ?? 0, example.size_wh[1] ?? 0];
    const runs = runsOfCounts(example.counts, size);
    const rows = Array.from({ length: size[1] }, (_, y) =>
      Array.from({ length: size[0] }, (__, x) => (hasPixel(runs, x * size[1] + y) ? "#" : ".")),
    );
    expect(rows.map((row) => row.join(""))).toEqual(example.rows);
    expect(countsOfRuns(runs, size)).toEqual(example.counts);
  });

  test("counts that do not cover the image are refused with both numbers", () => {
    expect(() => runsOfCounts([3, 4], [4, 4])).toThrow("cover 7 pixels, the image has 16");
  });

  test("counts with empty runs in the middle are joined", () => {
    expect(Array.from(runsOfCounts([2, 3, 0, 4, 7], [4, 4]))).toEqual([2, 9]);
  });
});

describe("operations on runs", () => {
  const rules = [
    ["union", union, (a: boolean, b: boolean) => a || b],
    ["subtract", subtract, (a: boolean, b: boolean) => a && !b],
    ["flip", flip, (a: boolean, b: boolean) => a !== b],
  ] as const;

  test.each(rules)("%s is what it is pixel by pixel", (_name, operation, rule) => {
    forSeeds(200, (chance) => {
      const [a, b] = [randomRuns(chance), randomRuns(chance, chance.one([0, 0.03, 0.5, 1]))];
      const [bitsA, bitsB] = [bitsOf(a, SIZE), bitsOf(b, SIZE)];
      const expected = bitsA.map((bit, n) => rule(bit, bitsB[n] ?? false));
      expect(Array.from(operation(a, b))).toEqual(Array.from(runsOfBits(expected, SIZE)));
    });
  });

  test("flipping twice gives the same mask back", () => {
    forSeeds(200, (chance) => {
      const [a, b] = [randomRuns(chance), randomRuns(chance)];
      expect(Array.from(flip(flip(a, b), b))).toEqual(Array.from(a));
    });
  });

  test("area and box are those of the pixels", () => {
    forSeeds(100, (chance) => {
      const runs = randomRuns(chance, 0.05);
      const set = bitsOf(runs, SIZE).flatMap((bit, n) =>
        bit ? [[Math.floor(n / SIZE[1]), n % SIZE[1]] as const] : [],
      );
      expect(runsArea(runs)).toBe(set.length);
      const [xs, ys] = [set.map((p) => p[0]), set.map((p) => p[1])];
      expect(runsBox(runs, SIZE[1])).toEqual(
        set.length === 0
          ? null
          : [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1],
      );
    });
  });

  test("a shift moves every pixel, and cuts off what leaves the image", () => {
    forSeeds(100, (chance) => {
      const runs = randomRuns(chance);
      const [dx, dy] = [chance.int(-4, 4), chance.int(-4, 4)];
      const before = bitsOf(runs, SIZE);
      const expected = before.map((_, n) => {
        const [x, y] = [Math.floor(n / SIZE[1]) - dx, (n % SIZE[1]) - dy];
        const inside = x >= 0 && y >= 0 && x < SIZE[0] && y < SIZE[1];
        return inside && (before[x * SIZE[1] + y] ?? false);
      });
      expect(bitsOf(shiftRuns(runs, dx, dy, SIZE), SIZE)).toEqual(expected);
    });
  });

  test("the outline is as long as the edges between set and unset pixels", () => {
    forSeeds(100, (chance) => {
      const runs = randomRuns(chance, 0.4);
      const bits = bitsOf(runs, SIZE);
      const at = (x: number, y: number) =>
        x >= 0 && y >= 0 && x < SIZE[0] && y < SIZE[1] && (bits[x * SIZE[1] + y] ?? false);
      let expected = 0;
      for (let x = 0; x <= SIZE[0]; x += 1) {
        for (let y = 0; y <= SIZE[1]; y += 1) {
          expected += Number(at(x, y) !== at(x - 1, y)) + Number(at(x, y) !== at(x, y - 1));
        }
      }
      const lines = runsOutline(runs, SIZE[1]);
      let length = 0;
      for (let i = 0; i < lines.length; i += 4) {
        const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = lines.slice(i, i + 4);
        length += Math.abs(x2 - x1) + Math.abs(y2 - y1);
      }
      // Between stacked stretches of one column no edge is drawn twice or left out.
      expect(length).toBe(expected);
    });
  });
});

describe("the brush", () => {
  test("sets the pixels whose center is near enough, and no other", () => {
    forSeeds(200, (chance) => {
      const [a, b] = [chance.point(SIZE), chance.point(SIZE)];
      const radius = 0.5 + chance.share() * 4;
      const bits = bitsOf(strokeRuns(a, b, radius, SIZE), SIZE);
      bits.forEach((bit, n) => {
        const center: Point = [Math.floor(n / SIZE[1]) + 0.5, (n % SIZE[1]) + 0.5];
        const far = distanceToStretch(center, a, b);
        if (Math.abs(far - radius) > 1e-6 && radius > 0.75) expect(bit).toBe(far < radius);
      });
    });
  });

  test("of one pixel sets the pixel under it", () => {
    const runs = strokeRuns([3.99, 2.01], [3.99, 2.01], 0.5, SIZE);
    expect(Array.from(runs)).toEqual([3 * 9 + 2, 3 * 9 + 3]);
  });

  test("off the image sets nothing", () => {
    expect(strokeRuns([-20, -20], [-20, -20], 3, SIZE)).toEqual(NO_RUNS);
  });
});

test("stretches come column by column, top to bottom", () => {
  const seen: number[][] = [];
  eachStretch(Int32Array.from([2, 9, 11, 12]), 4, (...stretch) => seen.push(stretch));
  expect(seen).toEqual([
    [0, 2, 4],
    [1, 0, 4],
    [2, 0, 1],
    [2, 3, 4],
  ]);
});
