import { describe, expect, test } from "vitest";
import type { BookClass, LabelBook } from "@/api/types";
import {
  changesBetween,
  emptyClass,
  isSound,
  mergedBooks,
  movedClass,
  withClass,
  withoutClass,
  withPicture,
} from "./draft";

function bookOf(...classes: BookClass[]): LabelBook {
  return { revision: 3, classes, mm_per_px: null, flips: true, turns: true };
}

const pit = emptyClass("pit");
const dent = emptyClass("dent");
const base = bookOf(pit, dent);

describe("changes", () => {
  test("are told class by class, and nothing where nothing is different", () => {
    const after = bookOf(
      { ...dent, rules: [{ measure: "length", unit: "mm", minimum: 3, maximum: null }] },
      { ...pit, definition: "A hole", must_catch: true },
      emptyClass("crack"),
    );
    expect(changesBetween(base, { ...after, mm_per_px: 0.02 })).toEqual([
      "dent: length at least 3 mm",
      "pit: definition",
      "pit: must be caught",
      "crack added",
      "order of the classes",
      "0.02 mm per px",
    ]);
    expect(changesBetween(base, structuredClone(base))).toEqual([]);
  });

  test("a class that is removed does not change the order of the others", () => {
    expect(changesBetween(base, withoutClass(base, 0))).toEqual(["pit removed"]);
  });

  test("moving a class changes the order alone", () => {
    expect(changesBetween(base, movedClass(base, 0, 1))).toEqual(["order of the classes"]);
    expect(movedClass(base, 0, 9)).toBe(base);
  });
});

test("a picture is an example or the opposite, never both", () => {
  const once = withPicture(pit, "examples", "a");
  const moved = withPicture(once, "counter_examples", "a");
  expect([moved.examples, moved.counter_examples]).toEqual([[], ["a"]]);
});

test("a book with an empty name, a name twice, or a turned rule cannot be saved", () => {
  const rule = { measure: "length", unit: "px", minimum: 5, maximum: 3 } as const;
  expect(isSound(base)).toBe(true);
  expect(isSound(bookOf(pit, emptyClass(" ")))).toBe(false);
  expect(isSound(bookOf(pit, emptyClass("pit")))).toBe(false);
  expect(isSound(withClass(base, 0, { ...pit, rules: [rule] }))).toBe(false);
});

describe("two people at once", () => {
  test("who changed different things both keep what they did", () => {
    const mine = withClass(base, 0, { ...pit, definition: "A hole" });
    const theirs = {
      ...bookOf(pit, { ...dent, good: true }, emptyClass("crack")),
      revision: 4,
    };
    const { book, collisions } = mergedBooks(base, mine, { ...theirs, mm_per_px: 0.1 });
    expect(collisions).toEqual([]);
    expect(book.revision).toBe(4);
    expect(book.mm_per_px).toBe(0.1);
    expect(book.classes.map((c) => [c.name, c.definition, c.good])).toEqual([
      ["pit", "A hole", false],
      ["dent", "", true],
      ["crack", "", false],
    ]);
  });

  test("who changed the same class are asked about that class", () => {
    const mine = withClass(base, 0, { ...pit, definition: "A hole" });
    const theirs = withClass(base, 0, { ...pit, definition: "A point" });
    const { book, collisions } = mergedBooks(base, mine, theirs);
    expect(collisions).toEqual(["pit"]);
    expect(book.classes[0]?.definition).toBe("A hole");
  });

  test("what one removed and the other left alone is gone", () => {
    const { book } = mergedBooks(base, withoutClass(base, 0), { ...base, revision: 4 });
    expect(book.classes.map((c) => c.name)).toEqual(["dent"]);
    const other = mergedBooks(base, { ...base, flips: false }, withoutClass(base, 1));
    expect(other.book.classes.map((c) => c.name)).toEqual(["pit"]);
    expect(other.book.flips).toBe(false);
  });

  test("what one removed and the other changed is asked about", () => {
    const theirs = withClass(base, 0, { ...pit, definition: "A point" });
    expect(mergedBooks(base, withoutClass(base, 0), theirs).collisions).toEqual(["pit"]);
  });
});
