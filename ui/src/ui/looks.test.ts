import { describe, expect, it } from "vitest";
import { CLASS_COLORS, classColor, colorsOf } from "@/ui/classColors";
import { cssVariables, theme } from "@/ui/theme";

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const resolved = cssVariables(theme as never);
const variables = resolved.variables as Record<string, string>;
const light = resolved.light as Record<string, string>;
const dark = resolved.dark as Record<string, string>;
const STAGE = variables["--pm-stage"] ?? "";

describe("colors", () => {
  for (const [name, scheme] of [
    ["light", light],
    ["dark", dark],
  ] as const) {
    it(`of texts can be read on all grounds: ${name}`, () => {
      const grounds = ["--pm-ground", "--pm-surface", "--pm-hover"];
      const texts = ["--mantine-color-text", "--mantine-color-dimmed", "--pm-accent-text"];
      const tones = ["--pm-ok", "--pm-ng", "--pm-warn"];
      for (const ground of grounds) {
        for (const text of [...texts, ...tones]) {
          const ratio = contrast(scheme[text] ?? "", scheme[ground] ?? "");
          expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
      for (const tone of tones) {
        const ratio = contrast(scheme[tone] ?? "", scheme[`${tone}-soft`] ?? "");
        expect(ratio, `${tone} on its soft ground`).toBeGreaterThanOrEqual(4.5);
      }
    });
  }

  it("of classes stand out from the stage, and their names can be read on them", () => {
    CLASS_COLORS.forEach((color, i) => {
      expect(contrast(color, STAGE), color).toBeGreaterThanOrEqual(3);
      expect(contrast(color, classColor(i).ink), color).toBeGreaterThanOrEqual(4.5);
    });
    expect(contrast(variables["--pm-stage-dim"] ?? "", STAGE)).toBeGreaterThanOrEqual(4.5);
  });
});

describe("the color of a class", () => {
  it("is given by its place in the label book", () => {
    const of = colorsOf([{ name: "scratch" }, { name: "dent" }]);
    expect(of("dent")).toEqual(classColor(1));
    expect(of("unknown").color).not.toBe(classColor(0).color);
  });

  it("comes again with a pattern after the twelfth", () => {
    const seen = Array.from({ length: 48 }, (_, i) => classColor(i));
    expect(new Set(seen.map((c) => `${c.color} ${c.pattern}`)).size).toBe(48);
    expect(new Set(seen.slice(0, 12).map((c) => c.pattern))).toEqual(new Set(["plain"]));
  });
});
