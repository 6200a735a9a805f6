import { expect, test } from "vitest";
import type { Shape } from "@/api/types";
import { changeOf } from "./change";

const box = (label: string, at = 0): Shape => ({
  kind: "box",
  label,
  xyxy: [at, 0, at + 9, 9],
});

test("the same place under another name is a renaming", () => {
  const { sentences, removed, added } = changeOf(
    [box("pit"), box("dent", 20)],
    [box("pit"), box("crack", 20)],
  );
  expect(sentences).toEqual(["dent becomes crack"]);
  expect([removed, added]).toEqual([[box("dent", 20)], [box("crack", 20)]]);
});

test("another place under the same name is drawn anew", () => {
  expect(changeOf([box("pit")], [box("pit", 3)]).sentences).toEqual(["pit is drawn anew"]);
});

test("what is missing is added, what is too much goes", () => {
  expect(changeOf([], [box("pit")]).sentences).toEqual(["pit is added"]);
  expect(changeOf([box("pit")], []).sentences).toEqual(["pit goes"]);
});

test("equal shapes are counted, not merged", () => {
  expect(changeOf([box("pit"), box("pit")], [box("pit")]).sentences).toEqual(["pit goes"]);
});

test("the class of a whole image is renamed too", () => {
  const shape = (label: string): Shape => ({ kind: "class", label });
  expect(changeOf([shape("good")], [shape("pit")]).sentences).toEqual(["good becomes pit"]);
});
