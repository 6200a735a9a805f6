import { describe, expect, it } from "vitest";
import { driftOf } from "@/ui/drift";

describe("what a device said of drift", () => {
  it("is nothing where it does not watch, and calm where it only says so", () => {
    expect(driftOf({ drift: null })).toBeNull();
    const calm = driftOf({ drift: { alarm: false, sentence: "" } });
    expect(calm).toEqual({ alarm: false, sentence: "", began: null, places: [] });
  });

  it("names since when and where", () => {
    const drift = {
      alarm: true,
      sentence: "camera 2: the image is 18 % darker since image 61",
      since: 61,
      since_low: 52,
      since_high: 1070,
      carriers: [["camera", "2"], "rubbish", ["lot", 7]],
    };
    const told = driftOf({ drift });
    expect(told?.began).toEqual(["52", "1,070"]);
    expect(told?.places).toEqual(["camera 2", "lot 7"]);
  });
});
