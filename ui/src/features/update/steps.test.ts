import { describe, expect, it } from "vitest";
import { type Facts, stepNow } from "@/features/update/steps";

const CALM: Facts = {
  waiting: 0,
  answered: 0,
  last: null,
  making: false,
  fetching: false,
  swapped: false,
};

describe("the step that is to be done now", () => {
  it("goes from pictures over answers to the version, the devices and its effect", () => {
    const way: [Partial<Facts>, string][] = [
      [{}, "pictures"],
      [{ fetching: true }, "pictures"],
      [{ waiting: 40 }, "answer"],
      [{ waiting: 1, answered: 39 }, "answer"],
      [{ answered: 40 }, "make"],
      [{ answered: 40, making: true, waiting: 3 }, "make"],
      [{ last: "done" }, "swap"],
      [{ last: "done", swapped: true }, "effect"],
      [{ last: "done", swapped: true, waiting: 5 }, "answer"],
    ];
    for (const [facts, step] of way) expect(stepNow({ ...CALM, ...facts })).toBe(step);
  });

  it("goes on with an update that was cut off, and asks for pictures after a refusal", () => {
    expect(stepNow({ ...CALM, last: "interrupted", waiting: 7 })).toBe("make");
    expect(stepNow({ ...CALM, last: "refused" })).toBe("pictures");
    expect(stepNow({ ...CALM, last: "failed", answered: 3 })).toBe("make");
  });
});
