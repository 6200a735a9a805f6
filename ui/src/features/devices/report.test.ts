import { describe, expect, it } from "vitest";
import { littleRoom, toldBy } from "@/features/devices/report";

describe("what a device says of itself", () => {
  it("is empty where it said nothing, or something else than expected", () => {
    for (const report of [null, {}, { outbox: "full", disk: 3, drift: [1], troubles: null }]) {
      const told = toldBy({ report });
      expect([told.outbox, told.disk, told.healthy, told.drift]).toEqual([
        null,
        null,
        null,
        [],
      ]);
      expect(littleRoom(told)).toBe(false);
    }
  });

  it("counts what waits, what was set aside and what was lost", () => {
    const outbox = {
      waiting: { NG: 3, REST: 9 },
      aside: 1,
      size_bytes: 2_400_000,
      dropped: { "no room in the outbox": { REST: 4 } },
    };
    const told = toldBy({ report: { outbox } });
    expect(told.outbox).toBe("12 wait (2.4 MB), 1 set aside, 4 dropped");
    expect(told.outboxBad).toBe(true);
    const calm = toldBy({ report: { outbox: { waiting: {}, aside: 0, size_bytes: 0 } } });
    expect([calm.outbox, calm.outboxBad]).toEqual(["all sent", false]);
  });

  it("names the drift of the points that have one, and a disk that is nearly full", () => {
    const drift = {
      top: { alarm: true, sentence: "18 % darker since image 61" },
      side: { alarm: false, sentence: "" },
    };
    const told = toldBy({ report: { drift, disk: { free_bytes: 4e9, total_bytes: 1e11 } } });
    expect(told.drift).toEqual(["18 % darker since image 61"]);
    expect([told.disk, littleRoom(told)]).toEqual(["4.0 GB free", true]);
  });
});
