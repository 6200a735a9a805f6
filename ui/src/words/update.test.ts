import { describe, expect, it } from "vitest";
import { update } from "@/words/update";

const FORBIDDEN =
  /\b(accuracy|algorithm|auroc|bootstrap|calibrat|candidate|champion|classifier|confidence|confusion|dataset|embedding|epoch|feature|f1|gradient|inference|latency|learn|loss|metric|model|network|neural|onnx|overfit|precision|predict|quantiz|recall|retrain|score|significan|snapshot|tensor|threshold|train|validation|weights)/i;

/** All that a part of the words can say; what it is told is put in as it is. */
function said(words: unknown): string[] {
  if (typeof words === "string") return [words];
  if (typeof words === "function") return [String(words("1", "2"))];
  return Object.values(words as object).flatMap(said);
}

describe("what an operator reads", () => {
  it("has no word of machine learning", () => {
    expect(said(update).length).toBeGreaterThan(60);
    expect(said(update).filter((text) => FORBIDDEN.test(text))).toEqual([]);
  });

  it("is checked by a list that finds what it must", () => {
    expect(FORBIDDEN.test("The model was retrained")).toBe(true);
    expect(FORBIDDEN.test("Strain, constraints and a map")).toBe(false);
  });
});
