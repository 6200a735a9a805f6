/** Class colors: twelve that color-blind eyes tell apart, then patterns (`ops/palette.py`). */

export const CLASS_COLORS: readonly string[] = [
  "#ffaa00",
  "#40bfff",
  "#d400aa",
  "#d4ff00",
  "#9580ea",
  "#ff4000",
  "#00ea95",
  "#ff80bf",
  "#aa00ff",
  "#80ffff",
  "#bf6a80",
  "#40952a",
];

export interface ClassStyle {
  readonly name: string;
  readonly color: string;
  /** 0 for a plain line, n for the n-th pattern of white dashes. */
  readonly stripes: number;
  readonly good: boolean;
}

const UNKNOWN = "#c8ccd2";

export function classStyles(
  classes: readonly { readonly name: string; readonly good?: boolean | undefined }[],
): ClassStyle[] {
  return classes.map((entry, place) => ({
    name: entry.name,
    color: CLASS_COLORS[place % CLASS_COLORS.length] ?? UNKNOWN,
    stripes: Math.floor(place / CLASS_COLORS.length),
    good: entry.good ?? false,
  }));
}

export function styleOf(styles: readonly ClassStyle[], label: string): ClassStyle {
  return (
    styles.find((style) => style.name === label) ?? {
      name: label,
      color: UNKNOWN,
      stripes: 1,
      good: false,
    }
  );
}

/** Black or white, whichever reads better on a color "#rrggbb". */
export function inkOn(color: string): string {
  const shares = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = shares.map((s) =>
    s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4,
  );
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (luminance + 0.05) / 0.055 > 1.05 / (luminance + 0.05) ? "#111111" : "#ffffff";
}
