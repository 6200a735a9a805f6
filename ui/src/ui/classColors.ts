/**
 * Colors of classes: twelve that people with any color vision can tell apart next to each
 * other on grey, then the same twelve with a pattern. A class keeps its color because it is
 * given by the place in the label book, not by what happens to be on the page.
 */

export type ClassPattern = "plain" | "stripes" | "dots" | "grid";

export interface ClassColor {
  /** Lines and fills on the dark stage. */
  color: string;
  /** Text on top of the color. */
  ink: "#000000" | "#ffffff";
  pattern: ClassPattern;
}

/** After Okabe and Ito, widened by alternating light and dark so that neighbors differ twice. */
export const CLASS_COLORS = [
  "#56b4e9",
  "#e69f00",
  "#00b98a",
  "#f0e442",
  "#d96a2b",
  "#cc79a7",
  "#3d8bfd",
  "#b5d33d",
  "#ff9f9b",
  "#9a7bea",
  "#00c5d4",
  "#c9a06b",
] as const;

const PATTERNS: readonly ClassPattern[] = ["plain", "stripes", "dots", "grid"];
const GREY: ClassColor = { color: "#a9b0b8", ink: "#000000", pattern: "plain" };

/** The color of the class at a place of the label book; grey for one that is not in it. */
export function classColor(index: number): ClassColor {
  if (index < 0) return GREY;
  const color = CLASS_COLORS[index % CLASS_COLORS.length] ?? GREY.color;
  const turn = Math.floor(index / CLASS_COLORS.length);
  return { color, ink: inkOn(color), pattern: PATTERNS[turn % PATTERNS.length] ?? "plain" };
}

/** Colors by name of class, for the classes of a label book in their order. */
export function colorsOf(classes: readonly { name: string }[]): (name: string) => ClassColor {
  const places = new Map(classes.map((c, i) => [c.name, i]));
  return (name) => classColor(places.get(name) ?? -1);
}

/** A CSS background that shows the color with its pattern. */
export function swatch({ color, pattern }: ClassColor): string {
  const dark = "rgb(0 0 0 / 45%)";
  switch (pattern) {
    case "stripes":
      return `repeating-linear-gradient(45deg, ${color} 0 4px, ${dark} 4px 6px), ${color}`;
    case "dots":
      return `radial-gradient(${dark} 28%, transparent 30%) 0 0 / 6px 6px, ${color}`;
    case "grid":
      return `linear-gradient(${dark} 1px, transparent 1px) 0 0 / 5px 5px, linear-gradient(90deg, ${dark} 1px, transparent 1px) 0 0 / 5px 5px, ${color}`;
    default:
      return color;
  }
}

function inkOn(color: string): "#000000" | "#ffffff" {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) =>
    linear(parseInt(color.slice(i, i + 2), 16)),
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000000" : "#ffffff";
}

function linear(byte: number): number {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
