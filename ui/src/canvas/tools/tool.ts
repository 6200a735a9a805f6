/** What a tool is: it turns pointer movements into transactions on the document. */

import type { Box, Point } from "../geometry";

export interface PointerInput {
  /** In pixels of the image; may lie off it. */
  readonly at: Point;
  /** How far from a line still counts as on it, in pixels of the image. */
  readonly reach: number;
  readonly shift: boolean;
  readonly alt: boolean;
  /** 2 for the second click of a double click. */
  readonly clicks: number;
}

/** What is being drawn and is no shape yet. */
export type Draft =
  | { readonly kind: "box"; readonly from: Point; readonly to: Point }
  | {
      readonly kind: "polygon";
      readonly corners: readonly Point[];
      readonly to: Point | null;
      readonly closes: boolean;
    }
  | { readonly kind: "band"; readonly box: Box };

export interface Tool {
  readonly draft: Draft | null;
  down(input: PointerInput): void;
  move(input: PointerInput): void;
  up(input: PointerInput): void;
  /** Complete what is being drawn; false where there was nothing. */
  finish(): boolean;
  /** Take back the last corner; false where there was nothing. */
  stepBack(): boolean;
  /** Give up what is being drawn; false where there was nothing. */
  cancel(): boolean;
}
