import { describe, expect, it } from "vitest";
import { exportedOf, formatsFor, formatTitle } from "@/features/export/formats";
import { formats } from "@/words/exporting";

describe("formats of an export", () => {
  it("are all offered for each task, once", () => {
    for (const task of ["detection", "segmentation", "classification", "anomaly"] as const) {
      const { fits, others } = formatsFor(task);
      expect([...fits, ...others].sort()).toEqual(Object.keys(formats).sort());
    }
  });

  it("begin with what holds all labels of the task", () => {
    expect(formatsFor("classification").fits[0]).toBe("folders");
    expect(formatsFor("segmentation").fits).not.toContain("voc");
  });

  it("are called by their name, also one that this page does not know", () => {
    expect([formatTitle("coco"), formatTitle("kitti"), formatTitle(undefined)]).toEqual([
      "COCO",
      "kitti",
      "",
    ]);
  });
});

describe("the result of an export", () => {
  it("tells files, size and what was lost", () => {
    const result = { files: 12, size_bytes: 900, lost: ["2 masks"], name: "x.zip" };
    const job = { state: "done" as const, options: { format: "voc" }, result };
    expect(exportedOf(job)).toEqual({
      format: "Pascal VOC",
      files: 12,
      bytes: 900,
      lost: ["2 masks"],
    });
    expect(exportedOf({ ...job, state: "running" })).toBeNull();
    expect(exportedOf({ ...job, result: null })).toBeNull();
  });
});
