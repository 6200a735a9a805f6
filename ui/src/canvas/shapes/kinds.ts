/** One entry point for all kinds of shapes. */

import type { Box, Point, Size } from "../geometry";
import { boxKind } from "./box";
import { maskKind } from "./mask";
import { polygonKind } from "./polygon";
import type { CanvasShape, Handle, Hit, PlacedShape, ShapeKind } from "./shape";

/** What a function of one kind gets when the kind is only known at run time. */
function kindOf(shape: PlacedShape): ShapeKind<PlacedShape> {
  const kinds = { box: boxKind, polygon: polygonKind, mask: maskKind };
  return kinds[shape.kind] as unknown as ShapeKind<PlacedShape>;
}

export function isPlaced(shape: CanvasShape): shape is PlacedShape {
  return shape.kind !== "class";
}

export function boundsOf(shape: CanvasShape): Box | null {
  return isPlaced(shape) ? kindOf(shape).bounds(shape) : null;
}

export function areaOf(shape: CanvasShape): number {
  return isPlaced(shape) ? kindOf(shape).area(shape) : 0;
}

export function hitOf(shape: CanvasShape, at: Point, reach: number): Hit {
  return isPlaced(shape) ? kindOf(shape).hit(shape, at, reach) : null;
}

export function handlesOf(shape: CanvasShape): Handle[] {
  return isPlaced(shape) ? kindOf(shape).handles(shape) : [];
}

export function grabOf(
  shape: PlacedShape,
  handle: string,
): { shape: PlacedShape; handle: string } {
  return kindOf(shape).grab(shape, handle);
}

export function dragOf(shape: PlacedShape, handle: string, to: Point, size: Size): PlacedShape {
  return kindOf(shape).drag(shape, handle, to, size);
}

export function movedBy<S extends CanvasShape>(
  shape: S,
  dx: number,
  dy: number,
  size: Size,
): S {
  return isPlaced(shape) ? (kindOf(shape).moved(shape, dx, dy, size) as S) : shape;
}
