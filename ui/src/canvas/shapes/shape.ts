/** What a shape on the canvas is, and what every kind of shape can do. */

import type { Box, Point, Size } from "../geometry";
import type { Runs } from "../runs";

export interface ClassShape {
  readonly kind: "class";
  readonly label: string;
}

export interface BoxShape {
  readonly kind: "box";
  readonly label: string;
  readonly xyxy: Box;
}

export interface PolygonShape {
  readonly kind: "polygon";
  readonly label: string;
  readonly rings: readonly (readonly Point[])[];
}

export interface MaskShape {
  readonly kind: "mask";
  readonly label: string;
  readonly size: Size;
  readonly runs: Runs;
}

export type PlacedShape = BoxShape | PolygonShape | MaskShape;
export type CanvasShape = ClassShape | PlacedShape;

/** A point of a shape that can be dragged. */
export interface Handle {
  readonly id: string;
  readonly at: Point;
  readonly cursor: string;
  /** Corners are drawn large, middles of edges small. */
  readonly minor: boolean;
}

/** How a click meets a shape: on its edge, inside, or not at all. */
export type Hit = "edge" | "inside" | null;

export interface ShapeKind<S extends PlacedShape> {
  /** The box around it, or null for an empty mask. */
  bounds(shape: S): Box | null;
  area(shape: S): number;
  hit(shape: S, at: Point, reach: number): Hit;
  handles(shape: S): Handle[];
  /** The shape as a drag of a handle begins, and the handle that follows the pointer. */
  grab(shape: S, handle: string): { shape: S; handle: string };
  drag(shape: S, handle: string, to: Point, size: Size): S;
  moved(shape: S, dx: number, dy: number, size: Size): S;
}
