import { describe, expect, it } from "vitest";
import {
  isSelected,
  NOTHING,
  placeAfter,
  rangeEnds,
  type SelectionStep,
  selectedCount,
  selectionAfter,
} from "@/features/images/selection";
import { PAGE, pagesOf, seenPages } from "@/features/images/useGallery";

const stepped = (...steps: SelectionStep[]) => steps.reduce(selectionAfter, NOTHING);
const toggle = (index: number): SelectionStep => ({ kind: "toggle", index, sha: `s${index}` });

describe("a selection", () => {
  it("takes single images in and out", () => {
    const two = stepped(toggle(3), toggle(5));
    expect([...two.shas]).toEqual(["s3", "s5"]);
    expect([...selectionAfter(two, toggle(3)).shas]).toEqual(["s5"]);
  });

  it("spans from where it began, whichever way it is drawn", () => {
    const begun = stepped(toggle(10));
    expect(rangeEnds(begun, 14)).toEqual([10, 14]);
    expect(rangeEnds(begun, 4)).toEqual([4, 10]);
    const range = selectionAfter(begun, {
      kind: "range",
      index: 4,
      shas: ["a", "b"],
      add: false,
    });
    expect([...range.shas]).toEqual(["a", "b"]);
    expect(range.focus).toBe(4);
    expect(rangeEnds(range, 12)).toEqual([10, 12]);
  });

  it("grows from where the keyboard began, step by step", () => {
    let now = stepped({ kind: "focus", index: 5 });
    for (const index of [6, 7, 8]) {
      expect(rangeEnds(now, index)).toEqual([5, index]);
      now = selectionAfter(now, { kind: "reach", index });
      now = selectionAfter(now, { kind: "range", index, shas: [], add: false });
    }
    const elsewhere = selectionAfter(now, { kind: "focus", index: 20 });
    expect(rangeEnds(elsewhere, 21)).toEqual([20, 21]);
  });

  it("keeps what was there when a range is added", () => {
    const range: SelectionStep = { kind: "range", index: 2, shas: ["a"], add: true };
    expect([...selectionAfter(stepped(toggle(9)), range).shas]).toEqual(["s9", "a"]);
  });

  it("of all counts what the filter leaves, and needs no list", () => {
    const all = stepped(toggle(1), { kind: "all" });
    expect(selectedCount(all, 100_000)).toBe(100_000);
    expect(all.shas.size).toBe(0);
    expect(isSelected(all, "anything")).toBe(true);
  });

  it("begins anew when one image is chosen out of all", () => {
    const one = stepped({ kind: "all" }, toggle(7));
    expect(one.all).toBe(false);
    expect([...one.shas]).toEqual(["s7"]);
  });

  it("is empty after none, and keeps the place of the keyboard", () => {
    const none = stepped(toggle(7), { kind: "none" });
    expect(selectedCount(none, 10)).toBe(0);
    expect(none.focus).toBe(7);
  });
});

describe("a key", () => {
  const grid = { total: 23, columns: 5, rows: 3 };

  it("moves by one, by a row, by a page, to the ends", () => {
    const keys = ["ArrowRight", "ArrowDown", "PageDown", "Home", "End"];
    expect(keys.map((k) => placeAfter(k, 6, grid))).toEqual([7, 11, 21, 0, 22]);
  });

  it("never leaves the images there are", () => {
    expect(placeAfter("ArrowUp", 2, grid)).toBe(0);
    expect(placeAfter("ArrowDown", 21, grid)).toBe(22);
    expect(placeAfter("ArrowDown", 0, { ...grid, total: 0 })).toBeNull();
  });

  it("that moves nothing is left to others", () => {
    expect(placeAfter("a", 2, grid)).toBeNull();
  });
});

describe("pages", () => {
  it("stay the same while the list moves within them", () => {
    const seen = seenPages({ first: 0, last: 0 }, { first: PAGE + 3, last: PAGE + 40 });
    expect(seen).toEqual({ first: PAGE, last: 2 * PAGE - 1 });
    expect(seenPages(seen, { first: PAGE + 5, last: PAGE + 45 })).toBe(seen);
    expect(seenPages(seen, { first: PAGE + 99, last: 2 * PAGE })).not.toBe(seen);
  });

  it("are asked for as far as they are seen, and the first for the count", () => {
    expect(pagesOf(0, 10)).toEqual([0]);
    expect(pagesOf(PAGE * 800 - 1, PAGE * 800 + 20)).toEqual([0, 799, 800]);
  });
});
