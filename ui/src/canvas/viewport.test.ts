import { expect, test } from "vitest";
import type { Size } from "./geometry";
import { forSeeds } from "./testing/chance";
import { around, fitted, panned, seenBox, toImage, toScreen, zoomed } from "./viewport";

const STAGE: Size = [900, 600];

test("zooming leaves the point under the pointer where it is", () => {
  forSeeds(100, (chance) => {
    const image: Size = [chance.int(200, 6000), chance.int(200, 6000)];
    const view = fitted(image, STAGE);
    const at = toScreen(view, [image[0] * chance.share(), image[1] * chance.share()]);
    const before = toImage(view, at);
    const closer = zoomed(view, 1 + chance.share(), at, image, STAGE);
    const after = toImage(closer, at);
    expect(after[0]).toBeCloseTo(before[0], 6);
    expect(after[1]).toBeCloseTo(before[1], 6);
  });
});

test("however far it is moved, a part of the image stays on the stage", () => {
  forSeeds(100, (chance) => {
    const image: Size = [chance.int(10, 6000), chance.int(10, 6000)];
    let view = zoomed(fitted(image, STAGE), 4 * chance.share(), [450, 300], image, STAGE);
    view = panned(view, chance.int(-99999, 99999), chance.int(-99999, 99999), image, STAGE);
    const seen = seenBox(view, STAGE);
    expect(seen[0] < image[0] && seen[1] < image[1] && seen[2] > 0 && seen[3] > 0).toBe(true);
  });
});

test("a fitted image lies wholly on the stage, in the middle", () => {
  const view = fitted([5000, 4000], STAGE);
  const seen = seenBox(view, STAGE);
  expect(seen[0]).toBeLessThanOrEqual(0);
  expect(seen[3]).toBeGreaterThanOrEqual(4000);
  expect(toScreen(view, [2500, 2000]).map(Math.round)).toEqual([450, 300]);
});

test("a finding is brought to the middle with room around it", () => {
  const view = around([1000, 1000, 1100, 1050], [5000, 4000], STAGE);
  expect(toScreen(view, [1050, 1025]).map(Math.round)).toEqual([450, 300]);
  const seen = seenBox(view, STAGE);
  expect(seen[2] - seen[0]).toBeGreaterThan(150);
});
