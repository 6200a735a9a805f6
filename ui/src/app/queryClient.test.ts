import { describe, expect, it } from "vitest";
import { ApiProblem } from "@/api/client";
import { asksAgain, asksAgainAfterMs } from "@/app/queryClient";

const problem = (status: number, code: string) =>
  new ApiProblem({ code, message: "the images are being read", hint: "" }, status);

describe("asking again", () => {
  it("goes on for minutes while the server is reading, every two seconds", () => {
    const reading = problem(503, "not_ready");
    expect([asksAgain(2, reading), asksAgain(100, reading)]).toEqual([true, true]);
    expect(asksAgainAfterMs(7, reading)).toBe(2000);
    expect(asksAgain(150, reading)).toBe(false);
  });

  it("ends soon where something is broken, and at once where asking again is no use", () => {
    const broken = problem(503, "storage");
    expect([asksAgain(1, broken), asksAgain(2, broken)]).toEqual([true, false]);
    expect([asksAgainAfterMs(0, broken), asksAgainAfterMs(1, broken)]).toEqual([1000, 2000]);
    expect(asksAgain(0, problem(404, "not_found"))).toBe(false);
  });
});
