import { expect, it } from "vitest";
import { runNames } from "@/ui/runNames";

const NOW = new Date(2026, 2, 12, 14, 0, 30);
const at = (hour: number, minute: number, second: number, day = 12) =>
  new Date(2026, 2, day, hour, minute, second).toISOString();

it("calls runs by when they were made", () => {
  const names = runNames(
    [
      { id: "a", created: at(14, 0, 20) },
      { id: "b", created: at(13, 50, 0) },
    ],
    NOW,
  );
  expect([...names.values()]).toEqual(["just now", "11 min ago"]);
});

it("parts those of one minute by their seconds, and those of one second by their ids", () => {
  const names = runNames(
    [
      { id: "aaaaaaaa", created: at(14, 0, 20) },
      { id: "bbbbbbbb", created: at(14, 0, 5) },
      { id: "cccccccc", created: at(14, 0, 5) },
      { id: "d", created: at(9, 0, 7, 2) },
      { id: "e", created: at(9, 0, 9, 2) },
    ],
    NOW,
  );
  expect([...names.values()]).toEqual([
    "today, 14:00:20",
    "today, 14:00:05",
    "today, 14:00:05 (cccccc)",
    "2 Mar 2026, 09:00:07",
    "2 Mar 2026, 09:00:09",
  ]);
});
