import { describe, expect, it } from "vitest";
import { changesOf, toggled } from "@/features/limits/values";

describe("what is changed of limits", () => {
  it("is only what differs", () => {
    const before = { hours: [0, 24], updates_per_day: 3, gate: { margin: 0.1 } };
    expect(changesOf(before, structuredClone(before))).toEqual({});
    expect(changesOf(before, { ...before, hours: [22, 6] })).toEqual({ hours: [22, 6] });
    expect(changesOf(before, { ...before, gate: { margin: 0.05 } })).toEqual({
      gate: { margin: 0.05 },
    });
  });

  it("has a name once or not at all", () => {
    expect(toggled(["a"], "b", true)).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "b", true)).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a", false)).toEqual(["b"]);
  });
});
