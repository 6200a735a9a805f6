import { beforeEach, describe, expect, test } from "vitest";
import { Editor } from "./editor";
import type { Point } from "./geometry";
import { classStyles } from "./palette";
import { maskOf } from "./shapes/mask";
import type { BoxShape, CanvasShape } from "./shapes/shape";
import { toWire } from "./shapes/wire";
import { type Chance, forSeeds } from "./testing/chance";
import type { PointerInput } from "./tools/tool";

const BOX: BoxShape = { kind: "box", label: "pit", xyxy: [20, 20, 60, 50] };
let editor: Editor;

function press(at: Point, more: Partial<PointerInput> = {}): PointerInput {
  return { at, reach: 3, shift: false, alt: false, clicks: 1, ...more };
}

function drag(from: Point, to: Point, more: Partial<PointerInput> = {}): void {
  editor.pointerDown(press(from, more));
  editor.pointerMove(press([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], more));
  editor.pointerMove(press(to, more));
  editor.pointerUp(press(to, more));
}

function click(at: Point, more: Partial<PointerInput> = {}): void {
  editor.pointerDown(press(at, more));
  editor.pointerUp(press(at, more));
}

beforeEach(() => {
  editor = new Editor();
  editor.setStyles(
    classStyles([{ name: "pit" }, { name: "scratch" }, { name: "ok", good: true }]),
  );
  editor.resize([800, 600]);
  editor.open([200, 100], []);
});

describe("boxes", () => {
  test("are drawn by a drag, in whole pixels, with the active class, and selected", () => {
    editor.takeTool("box");
    editor.chooseClass("scratch");
    drag([10.3, 10.2], [50.6, 40.4]);
    expect(editor.document.shapes()).toEqual([
      { kind: "box", label: "scratch", xyxy: [10, 10, 51, 40] },
    ]);
    expect(editor.onlySelected?.shape.kind).toBe("box");
  });

  test("are drawn by two clicks too, in any direction, and end at the image's edge", () => {
    editor.takeTool("box");
    click([150, 80]);
    editor.pointerMove(press([100, 40]));
    expect(editor.tool.draft?.kind).toBe("box");
    click([-30, 40]);
    expect(editor.document.shapes()).toEqual([
      { kind: "box", label: "pit", xyxy: [0, 40, 150, 80] },
    ]);
  });

  test("are given up by Escape without a trace", () => {
    editor.takeTool("box");
    editor.pointerDown(press([10, 10]));
    editor.pointerMove(press([60, 60]));
    expect(editor.tool.cancel()).toBe(true);
    expect([editor.document.count, editor.document.canUndo]).toEqual([0, false]);
  });

  test("keep their other sides when a corner is dragged, and never turn over", () => {
    editor.open([200, 100], [BOX]);
    click([40, 30]);
    drag([60, 50], [5, 5]);
    expect(editor.document.shapes()).toEqual([{ ...BOX, xyxy: [20, 20, 21, 21] }]);
    editor.undo();
    expect(editor.document.shapes()).toEqual([BOX]);
  });

  test("moved past the edge of the image stop there", () => {
    editor.open([200, 100], [BOX]);
    drag([40, 35], [400, 35]);
    expect(editor.document.shapes()).toEqual([{ ...BOX, xyxy: [160, 20, 200, 50] }]);
  });

  test("cannot be drawn without a class, or by those who only look", () => {
    editor.setStyles([]);
    editor.takeTool("box");
    drag([10, 10], [50, 50]);
    editor.setStyles(classStyles([{ name: "pit" }]));
    editor.readOnly = true;
    drag([10, 10], [50, 50]);
    expect(editor.document.count).toBe(0);
  });
});

describe("polygons", () => {
  const corners: Point[] = [
    [10, 10],
    [60, 12],
    [40, 50],
  ];

  test("are closed by a click on the first corner", () => {
    editor.takeTool("polygon");
    for (const corner of corners) click(corner);
    click([11, 11]);
    expect(editor.document.shapes()).toEqual([
      { kind: "polygon", label: "pit", rings: [corners] },
    ]);
  });

  test("lose their last corner by undo while they are drawn", () => {
    editor.takeTool("polygon");
    for (const corner of [...corners, [90, 90] as const]) click(corner);
    editor.undo();
    editor.settle();
    expect(editor.document.shapes()).toEqual([
      { kind: "polygon", label: "pit", rings: [corners] },
    ]);
  });

  test("with fewer than three corners leave nothing behind", () => {
    editor.takeTool("polygon");
    click([10, 10]);
    click([60, 12]);
    editor.settle();
    expect(editor.document.count).toBe(0);
  });

  test("get a new corner where a middle is dragged, and lose one with Alt", () => {
    editor.open([200, 100], [{ kind: "polygon", label: "pit", rings: [corners] }]);
    click([30, 20]);
    drag([35, 11], [35, 2]);
    const ring = () => {
      const shape = editor.document.shapes()[0];
      return shape?.kind === "polygon" ? shape.rings[0] : [];
    };
    expect(ring()).toEqual([corners[0], [35, 2], corners[1], corners[2]]);
    click([35, 2], { alt: true });
    expect(ring()).toEqual(corners);
    click([40, 50], { alt: true });
    expect(editor.document.count).toBe(0);
  });
});

describe("brush and eraser", () => {
  test("a stroke is one step, and the next one goes on with the same mask", () => {
    editor.takeTool("brush");
    editor.setBrush(10);
    drag([30, 30], [60, 30]);
    drag([60, 30], [60, 60]);
    expect(editor.document.count).toBe(1);
    editor.undo();
    editor.undo();
    expect(editor.document.count).toBe(0);
  });

  test("letting go of the selected mask begins another", () => {
    editor.takeTool("brush");
    drag([30, 30], [60, 30]);
    editor.select([]);
    drag([120, 30], [150, 30]);
    expect(editor.document.count).toBe(2);
  });

  test("a mask that is erased as a whole is gone, and back after undo", () => {
    const mask = maskOf("pit", Int32Array.from([3050, 3060]), [200, 100]);
    editor.open([200, 100], [mask]);
    editor.takeTool("eraser");
    editor.setBrush(80);
    click([30, 50]);
    expect(editor.document.count).toBe(0);
    editor.undo();
    expect(editor.document.shapes().map(toWire)).toEqual([toWire(mask)]);
  });

  test("erasing leaves boxes alone", () => {
    editor.open([200, 100], [BOX]);
    editor.takeTool("eraser");
    drag([30, 30], [60, 30]);
    expect(editor.document.canUndo).toBe(false);
  });

  test("the size changes by a quarter, at least by one pixel, within its limits", () => {
    editor.setBrush(2);
    editor.growBrush(true);
    expect(editor.brushPx).toBe(3);
    for (let n = 0; n < 50; n += 1) editor.growBrush(false);
    expect(editor.brushPx).toBe(1);
    for (let n = 0; n < 50; n += 1) editor.growBrush(true);
    expect(editor.brushPx).toBe(512);
  });
});

describe("selection", () => {
  const inner: BoxShape = { kind: "box", label: "scratch", xyxy: [30, 25, 40, 35] };

  test("takes the smallest of nested shapes, and the large one by its edge", () => {
    editor.open([200, 100], [inner, BOX]);
    click([35, 30]);
    expect(editor.onlySelected?.shape).toEqual(inner);
    click([20, 48]);
    expect(editor.onlySelected?.shape).toEqual(BOX);
  });

  test("by a band takes what lies wholly in it", () => {
    editor.open([200, 100], [inner, BOX]);
    drag([70, 60], [25, 22]);
    expect(editor.selectedItems.map((item) => item.shape)).toEqual([inner]);
  });

  test("a class chosen while shapes are selected becomes theirs", () => {
    editor.open([200, 100], [inner, BOX]);
    editor.select([1, 2]);
    editor.chooseClass("pit");
    expect(editor.document.shapes().map((shape) => shape.label)).toEqual(["pit", "pit"]);
    editor.undo();
    expect(editor.document.shapes().map((shape) => shape.label)).toEqual(["scratch", "pit"]);
  });

  test("copies to another image what fits on it", () => {
    editor.open([200, 100], [BOX, { ...BOX, xyxy: [150, 20, 190, 50] }]);
    editor.select([1, 2]);
    editor.copy();
    editor.open([100, 100], []);
    editor.paste();
    expect(editor.document.shapes()).toEqual([BOX]);
  });
});

describe("suggestions", () => {
  const proposed = { id: "s1", shape: BOX as CanvasShape, score: 0.9 };
  const other = {
    id: "s2",
    shape: { ...BOX, xyxy: [150, 60, 210, 90] } as CanvasShape,
    score: 0.6,
  };

  test("all accepted are labels cut to the image, and undo brings them back as suggestions", () => {
    editor.suggest([proposed, other]);
    editor.accept(editor.suggestions);
    expect(editor.document.shapes()).toEqual([BOX, { ...BOX, xyxy: [150, 60, 200, 90] }]);
    expect(editor.suggestions).toEqual([]);
    editor.undo();
    expect(editor.suggestions).toEqual([proposed, other]);
  });

  test("are taken one by one by a click, whatever is being drawn", () => {
    editor.suggest([proposed, other]);
    editor.takeTool("box");
    click([40, 35]);
    expect(editor.document.shapes()).toEqual([BOX]);
    expect(editor.suggestions).toEqual([other]);
  });

  test("that say what a label says already are not shown", () => {
    editor.open([200, 100], [{ ...BOX, xyxy: [21, 21, 60, 51] }]);
    editor.suggest([proposed, other]);
    expect(editor.suggestions).toEqual([other]);
  });

  test("deleted after they were accepted do not come back", () => {
    editor.suggest([proposed]);
    editor.accept(editor.suggestions);
    editor.select([1]);
    editor.deleteSelected();
    expect(editor.suggestions).toEqual([]);
  });
});

function doSomething(chance: Chance): void {
  const a = chance.point(editor.size);
  const b = chance.point(editor.size);
  const what = chance.int(0, 9);
  const tools = ["select", "box", "polygon", "brush", "eraser"] as const;
  if (what === 0) editor.takeTool(chance.one(tools));
  else if (what === 1) editor.chooseClass(chance.one(["pit", "scratch"]));
  else if (what === 2) editor.deleteSelected();
  else if (what === 3) editor.tool.cancel();
  else if (what === 4) editor.settle();
  else if (what === 5) editor.select(editor.document.all().map((item) => item.id));
  else if (what === 6) click(a, { alt: chance.share() < 0.3, shift: chance.share() < 0.3 });
  else drag(a, b, { alt: chance.share() < 0.2 });
}

test("whatever is done with all tools, undoing all of it gives the first state", () => {
  forSeeds(80, (chance) => {
    editor.open([200, 100], [BOX]);
    const before = JSON.stringify(editor.document.shapes().map(toWire));
    for (let n = 0; n < 40; n += 1) doSomething(chance);
    editor.settle();
    const after = JSON.stringify(editor.document.shapes().map(toWire));
    while (editor.document.canUndo) editor.undo();
    expect(JSON.stringify(editor.document.shapes().map(toWire))).toBe(before);
    while (editor.document.canRedo) editor.redo();
    expect(JSON.stringify(editor.document.shapes().map(toWire))).toBe(after);
    expect(editor.document.transaction).toBeNull();
  });
});
