import { describe, expect, it } from "vitest";
import { maskPath } from "./maskPath";

/** Area inside a path by the even-odd rule, from its straight lines. */
function area(path: string): number {
  return path
    .split("Z")
    .filter(Boolean)
    .map((ring) => {
      const points = ring
        .slice(1)
        .split("L")
        .map((p) => p.split(" ").map(Number));
      return points.reduce((sum, [x = 0, y = 0], i) => {
        const [u = 0, v = 0] = points[(i + 1) % points.length] ?? [];
        return sum + (x * v - u * y) / 2;
      }, 0);
    })
    .reduce((a, b) => a + b, 0);
}

function runs(rows: string[]): { size: [number, number]; counts: number[]; pixels: number } {
  const columns = [...(rows[0] ?? "")].map((_, x) => rows.map((row) => row[x]).join(""));
  const flat = columns.join("");
  const counts: number[] = [];
  let last = "0";
  let run = 0;
  for (const bit of flat) {
    if (bit === last) run++;
    else {
      counts.push(run);
      last = bit;
      run = 1;
    }
  }
  counts.push(run);
  const pixels = [...flat].filter((b) => b === "1").length;
  return { size: [rows[0]?.length ?? 0, rows.length], counts, pixels };
}

describe("the edge of a mask", () => {
  const masks = {
    "one pixel": ["000", "010", "000"],
    "a hole": ["1111", "1001", "1111"],
    "runs over the end of a column": ["01", "01", "10", "10"],
    "two parts that touch at a corner": ["10", "01"],
    everything: ["11", "11"],
    nothing: ["00", "00"],
  };

  for (const [name, rows] of Object.entries(masks)) {
    it(`encloses as many pixels as there are: ${name}`, () => {
      const { size, counts, pixels } = runs(rows);
      expect(Math.abs(area(maskPath(size, counts)))).toBe(pixels);
    });
  }

  it("lies where the pixels are: x to the right, y down", () => {
    const { size, counts } = runs(["000", "001"]);
    const points = maskPath(size, counts).slice(1, -1).split("L");
    expect(new Set(points)).toEqual(new Set(["2 1", "3 1", "3 2", "2 2"]));
  });
});
