import { expect, test } from "vitest";
import type { Finding } from "@/api/types";
import { decided, EMPTY, filled, returned, skipped } from "./queue";

const findings = ["a", "b", "c", "d"].map((id) => ({ id }) as Finding);
const ids = (queue: { items: readonly Finding[] }) => queue.items.map((f) => f.id).join("");
const queue = filled(EMPTY, findings);

test("a decision shows the next one, also when the server still sends the decided one", () => {
  const next = decided(queue, "a");
  expect(ids(next)).toBe("bcd");
  expect(ids(filled(next, findings))).toBe("bcd");
});

test("what is skipped comes last, and stays last when the list is asked for again", () => {
  const next = skipped(skipped(queue, "a"), "b");
  expect(ids(next)).toBe("cdab");
  expect(ids(filled(next, findings))).toBe("cdab");
});

test("a new order from the server leaves the one that is looked at in its place", () => {
  expect(ids(filled(queue, [...findings].reverse()))).toBe("adcb");
});

test("a decision that is taken back comes to the front", () => {
  const next = returned(decided(queue, "c"), findings[2] as Finding);
  expect(ids(next)).toBe("cabd");
  expect(ids(filled(next, findings))).toBe("cabd");
});

test("what somebody else decided meanwhile is gone", () => {
  expect(ids(filled(queue, findings.slice(1)))).toBe("bcd");
});

test("a finding asked for by its address is first, also when it is not in the list", () => {
  const settled = { id: "x" } as Finding;
  const asked = returned(EMPTY, settled);
  expect(ids(filled(asked, findings))).toBe("xabcd");
  expect(ids(filled(skipped(filled(asked, findings), "x"), findings))).toBe("abcd");
});
