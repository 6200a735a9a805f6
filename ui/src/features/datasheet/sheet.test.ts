import { describe, expect, it } from "vitest";
import { readSheet } from "@/features/datasheet/sheet";

const questions = [
  { key: "purpose", section: "Motivation", text: "What is inspected?", filled: false },
  { key: "contents", section: "Composition", text: "What is in it?", filled: true },
  { key: "license", section: "Composition", text: "Under which license?", filled: false },
];
const made = {
  created: "2026-01-02T03:04:05+00:00",
  facts: { snapshot: { id: "abc" } },
  questions,
  answers: { contents: "Tiles." },
  sheet: { purpose: [], contents: ["Tiles.", "78 images."], license: [] },
};

describe("a datasheet", () => {
  it("has its sections in order, a person's words apart from the project's", () => {
    const sheet = readSheet(made);
    expect(sheet?.sections.map((s) => s.title)).toEqual(["Motivation", "Composition"]);
    expect(sheet?.sections[1]?.questions[0]).toMatchObject({
      answer: "Tiles.",
      told: ["78 images."],
    });
    expect(sheet?.blanks).toEqual(["purpose", "license"]);
    expect(sheet?.snapshot).toBe("abc");
  });

  it("is none where nothing was made, or of an older kind without questions", () => {
    expect(readSheet(null)).toBeNull();
    expect(readSheet({ sheet: {}, facts: {} })).toBeNull();
  });
});
