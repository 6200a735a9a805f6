/** How the classes of a label book look on the canvas. */

import { type ClassColor, classColor } from "@/ui/classColors";

export interface ClassStyle extends ClassColor {
  readonly name: string;
  readonly good: boolean;
}

/** One style per class of a label book, in its order. */
export function classStyles(
  classes: readonly { readonly name: string; readonly good?: boolean | undefined }[],
): ClassStyle[] {
  return classes.map((entry, place) => ({
    ...classColor(place),
    name: entry.name,
    good: entry.good ?? false,
  }));
}

/** The style of a class; grey for one that is not in the book. */
export function styleOf(styles: readonly ClassStyle[], label: string): ClassStyle {
  const known = styles.find((style) => style.name === label);
  return known ?? { ...classColor(-1), name: label, good: false };
}
