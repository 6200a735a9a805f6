import { describe, expect, test } from "vitest";
import type { CanvasShape } from "@/canvas/shapes/shape";
import { closeUp, partedShapes } from "./differ";

const box = (label: string, x: number): CanvasShape => ({
  kind: "box",
  label,
  xyxy: [x, 0, x + 10, 10],
});
const good: CanvasShape = { kind: "class", label: "good" };

describe("the shapes on which answers part", () => {
  test("are those that somebody else did not draw, or called otherwise", () => {
    const [ada, lea] = partedShapes([
      [box("dent", 0), box("dent", 50)],
      [box("dent", 1), box("pit", 50)],
    ]);
    expect(ada).toEqual({ agreed: [box("dent", 0)], apart: [box("dent", 50)] });
    expect(lea).toEqual({ agreed: [box("dent", 1)], apart: [box("pit", 50)] });
  });

  test("are none where all agree, classes of the whole image included", () => {
    expect(partedShapes([[good], [good], [good]]).every((p) => p.apart.length === 0)).toBe(
      true,
    );
    expect(partedShapes([[good], [box("good", 0)]])[0]?.apart).toEqual([good]);
  });

  test("are agreed on only if every other answer has them", () => {
    const [first] = partedShapes([[box("dent", 0)], [box("dent", 0)], []]);
    expect(first?.apart).toHaveLength(1);
  });
});

describe("a close-up", () => {
  test("is made of small things, not of what fills the image", () => {
    expect(closeUp([0, 0, 30, 20], [100, 100])).toEqual([0, 0, 30, 20]);
    expect(closeUp([0, 0, 90, 20], [100, 100])).toBeNull();
    expect(closeUp(null, [100, 100])).toBeNull();
  });
});
