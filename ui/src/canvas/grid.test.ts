import { expect, test } from "vitest";
import { type Box, boxBetween, meets, type Size } from "./geometry";
import { Grid } from "./grid";
import { forSeeds } from "./testing/chance";

const SIZE: Size = [3000, 2000];

test("a grid finds the boxes that a look at every box finds, also after they moved", () => {
  forSeeds(30, (chance) => {
    const grid = new Grid(chance.one([32, 128, 700]));
    const boxes = new Map<number, Box>();
    for (let n = 0; n < 300; n += 1) {
      const id = chance.int(1, 150);
      const corner = chance.point(SIZE);
      const box: Box | null =
        chance.share() < 0.15
          ? null
          : boxBetween(corner, [corner[0] + 400 * chance.share() ** 3, corner[1] + 60]);
      grid.place(id, box);
      if (box) boxes.set(id, box);
      else boxes.delete(id);
    }
    for (let n = 0; n < 40; n += 1) {
      const window = boxBetween(chance.point(SIZE), chance.point(SIZE));
      const expected = [...boxes].filter(([, box]) => meets(box, window)).map(([id]) => id);
      expect(grid.within(window)).toEqual(expected.sort((a, b) => a - b));
    }
  });
});
