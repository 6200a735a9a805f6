import { describe, expect, test } from "vitest";
import { strokeRuns } from "./brush";
import { ShapeDocument } from "./document";
import type { Size } from "./geometry";
import { subtract, union } from "./runs";
import { movedBy } from "./shapes/kinds";
import { maskOf } from "./shapes/mask";
import type { CanvasShape } from "./shapes/shape";
import { toWire } from "./shapes/wire";
import { type Chance, forSeeds } from "./testing/chance";

const SIZE: Size = [60, 40];
const CLASSES = ["pit", "scratch", "dent"];

function randomShape(chance: Chance): CanvasShape {
  const label = chance.one(CLASSES);
  const [a, b, c] = [chance.point(SIZE), chance.point(SIZE), chance.point(SIZE)];
  switch (chance.int(0, 3)) {
    case 0:
      return { kind: "class", label };
    case 1:
      return { kind: "polygon", label, rings: [[a, b, c]] };
    case 2:
      return maskOf(label, strokeRuns(a, b, 1 + 5 * chance.share(), SIZE), SIZE);
    default:
      return { kind: "box", label, xyxy: [1, 2, 3 + chance.int(0, 20), 4 + chance.int(0, 20)] };
  }
}

/** One random thing that a person may do within a transaction. */
function touch(doc: ShapeDocument, chance: Chance): void {
  const items = doc.all();
  const what =
    items.length === 0 ? "add" : chance.one(["add", "remove", "move", "name", "paint"]);
  if (what === "add") {
    doc.add(randomShape(chance));
    return;
  }
  const { id, shape } = chance.one(items);
  if (what === "remove") doc.remove(id);
  else if (what === "move") doc.update(id, movedBy(shape, chance.int(-9, 9), 3, SIZE));
  else if (what === "name") doc.update(id, { ...shape, label: chance.one(CLASSES) });
  else if (shape.kind === "mask") {
    const dab = strokeRuns(chance.point(SIZE), chance.point(SIZE), 4, SIZE);
    const runs = chance.share() < 0.5 ? union(shape.runs, dab) : subtract(shape.runs, dab);
    doc.update(id, { ...shape, runs });
  }
}

function picture(doc: ShapeDocument): string {
  return JSON.stringify(doc.all().map((item) => [item.id, item.from, toWire(item.shape)]));
}

describe("undo", () => {
  test("of everything gives the initial state, step by step, and redo the last one", () => {
    forSeeds(150, (chance) => {
      const doc = new ShapeDocument(SIZE);
      doc.load(Array.from({ length: chance.int(0, 4) }, () => randomShape(chance)));
      const states = [picture(doc)];
      for (let n = 0; n < 25; n += 1) {
        doc.begin(`step ${n}`);
        for (let k = chance.int(0, 4); k > 0; k -= 1) touch(doc, chance);
        if (chance.share() < 0.25) {
          doc.cancel();
          expect(picture(doc)).toBe(states[states.length - 1]);
        } else if (doc.commit()) states.push(picture(doc));
      }
      const walk = (step: () => unknown, expected: string[]) => {
        for (const state of expected) {
          expect(step()).not.toBeNull();
          expect(picture(doc)).toBe(state);
        }
        expect(step()).toBeNull();
      };
      walk(() => doc.undo(), states.slice(0, -1).reverse());
      walk(() => doc.redo(), states.slice(1));
    });
  });

  test("back and forth at random is a walk along the same states", () => {
    forSeeds(60, (chance) => {
      const doc = new ShapeDocument(SIZE);
      doc.load([]);
      let states = [picture(doc)];
      let at = 0;
      for (let n = 0; n < 60; n += 1) {
        const acts = {
          undo: () => Number(doc.undo() !== null) * -1,
          redo: () => Number(doc.redo() !== null),
          change: () => Number(doc.change("change", () => touch(doc, chance))),
        };
        const what = chance.one(["undo", "redo", "change"] as const);
        const by = acts[what]();
        at += by;
        if (what === "change" && by === 1) states = [...states.slice(0, at), picture(doc)];
        expect(picture(doc)).toBe(states[at]);
      }
    });
  });

  test("a brush stroke is kept as the pixels that it flipped", () => {
    const doc = new ShapeDocument([2000, 2000]);
    const many = Int32Array.from({ length: 40_000 }, (_, n) => n * 90 + (n % 2) * 3);
    doc.load([maskOf("pit", many, doc.size)]);
    for (let n = 0; n < 400; n += 1) {
      doc.change("paint", () => {
        const shape = doc.get(1)?.shape;
        if (shape?.kind !== "mask") throw new Error("no mask");
        const dab = Int32Array.from([n * 2500 + 1, n * 2500 + 60]);
        doc.update(1, { ...shape, runs: union(shape.runs, dab) });
      });
    }
    while (doc.undo());
    const back = doc.get(1)?.shape;
    expect(back?.kind === "mask" && back.runs.every((edge, n) => edge === many[n])).toBe(true);
  });
});

describe("a transaction", () => {
  test("in which nothing changes leaves no step of undo", () => {
    const doc = new ShapeDocument(SIZE);
    doc.load([]);
    const changed = doc.change("nothing", () => {
      doc.remove(doc.add({ kind: "class", label: "pit" }));
    });
    expect([changed, doc.canUndo]).toEqual([false, false]);
  });

  test("that fails takes back what it did and tells of the error", () => {
    const doc = new ShapeDocument(SIZE);
    doc.load([{ kind: "class", label: "pit" }]);
    const before = picture(doc);
    const failing = () => {
      doc.remove(1);
      throw new Error("the tool broke");
    };
    expect(() => doc.change("fail", failing)).toThrow("the tool broke");
    expect(picture(doc)).toBe(before);
    expect(doc.transaction).toBeNull();
  });

  test("is needed for every change, and there is one at a time", () => {
    const doc = new ShapeDocument(SIZE);
    expect(() => doc.add({ kind: "class", label: "pit" })).toThrow("no transaction was begun");
    doc.begin("first");
    expect(() => doc.begin("second")).toThrow("first is not finished");
  });

  test("forgets what was undone before it", () => {
    const doc = new ShapeDocument(SIZE);
    doc.load([]);
    doc.change("one", () => doc.add({ kind: "class", label: "pit" }));
    doc.undo();
    doc.change("two", () => doc.add({ kind: "class", label: "dent" }));
    expect(doc.canRedo).toBe(false);
    expect(doc.shapes()).toEqual([{ kind: "class", label: "dent" }]);
  });

  test("tells of live changes, and once of its end", () => {
    const doc = new ShapeDocument(SIZE);
    doc.load([]);
    const kinds: string[] = [];
    doc.listen((change) => kinds.push(change.kind));
    doc.change("one", () => {
      doc.update(doc.add({ kind: "class", label: "pit" }), { kind: "class", label: "dent" });
    });
    doc.undo();
    doc.redo();
    expect(kinds).toEqual(["live", "live", "commit", "undo", "redo"]);
  });
});
