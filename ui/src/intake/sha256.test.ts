import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Sha256, sha256, sha256InPieces } from "@/intake/sha256";

const expected = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

describe("SHA-256", () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 4 * 2 ** 20 + 3]) {
    it(`of ${length} bytes is the same by both ways as by Node`, async () => {
      const bytes = bytesOf(length);
      const blob = new Blob([bytes]);
      expect(await sha256InPieces(blob)).toBe(expected(bytes));
      expect(await sha256(blob)).toBe(expected(bytes));
    });
  }

  it("does not depend on how the bytes are cut", () => {
    const bytes = bytesOf(777);
    for (const cut of [1, 7, 63, 64, 65, 500]) {
      const hash = new Sha256();
      for (let at = 0; at < bytes.length; at += cut) hash.update(bytes.subarray(at, at + cut));
      expect(Buffer.from(hash.digest()).toString("hex")).toBe(expected(bytes));
    }
  });

  it("tells how far it is", async () => {
    const told: number[] = [];
    await sha256InPieces(new Blob([bytesOf(5 * 2 ** 20)]), (n) => told.push(n));
    expect(told).toEqual([4 * 2 ** 20, 2 ** 20]);
  });
});
