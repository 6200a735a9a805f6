/** Dragging of handles and of whole shapes; the tools for selecting and drawing share it. */

import type { Editor } from "../editor";
import { distance, type Point } from "../geometry";
import { dragOf, grabOf, handlesOf, isPlaced, movedBy } from "../shapes/kinds";
import { withoutCorner } from "../shapes/polygon";
import type { CanvasShape, Handle, PlacedShape } from "../shapes/shape";
import type { PointerInput } from "./tool";

// A click may tremble this much (in reaches) before it is a drag.
const TREMBLE = 0.6;

type Drag =
  | { kind: "handle"; id: number; handle: string; shape: PlacedShape }
  | { kind: "shapes"; from: Point; begun: boolean; before: Map<number, CanvasShape> };

/** The handle of the one selected shape under the pointer. */
export function handleAt(editor: Editor, input: PointerInput): Handle | null {
  const item = editor.onlySelected;
  if (!item || editor.readOnly) return null;
  const near = handlesOf(item.shape)
    .map((handle) => ({ handle, far: distance(handle.at, input.at) }))
    .filter(({ handle, far }) => far <= input.reach * (handle.minor ? 1 : 1.3));
  near.sort((a, b) => Number(a.handle.minor) - Number(b.handle.minor) || a.far - b.far);
  return near[0]?.handle ?? null;
}

export class Dragging {
  private readonly editor: Editor;
  private drag: Drag | null = null;

  constructor(editor: Editor) {
    this.editor = editor;
  }

  get active(): boolean {
    return this.drag !== null;
  }

  /** Begin to drag the handle under the pointer, or remove a corner with Alt. */
  grabHandle(input: PointerInput): boolean {
    const { editor } = this;
    const [item, handle] = [editor.onlySelected, handleAt(editor, input)];
    if (!item || !handle || !isPlaced(item.shape)) return false;
    if (input.alt && item.shape.kind === "polygon" && !handle.minor) {
      const less = withoutCorner(item.shape, handle.id);
      editor.change("remove corner", (doc) => {
        if (less) doc.update(item.id, less);
        else doc.remove(item.id);
      });
      return true;
    }
    editor.document.begin("reshape");
    const grabbed = grabOf(item.shape, handle.id);
    this.drag = { kind: "handle", id: item.id, handle: grabbed.handle, shape: grabbed.shape };
    return true;
  }

  /** Get ready to move all selected shapes; nothing happens before the pointer moves. */
  grabShapes(input: PointerInput): void {
    if (this.editor.readOnly) return;
    const before = new Map(this.editor.selectedItems.map((item) => [item.id, item.shape]));
    this.drag = { kind: "shapes", from: input.at, begun: false, before };
  }

  move(input: PointerInput): void {
    const { drag, editor } = this;
    const { document: doc } = editor;
    if (drag?.kind === "handle") {
      doc.update(drag.id, dragOf(drag.shape, drag.handle, input.at, doc.size));
    }
    if (drag?.kind !== "shapes") return;
    if (!drag.begun) {
      if (distance(drag.from, input.at) < input.reach * TREMBLE) return;
      drag.begun = true;
      doc.begin("move");
    }
    const [dx, dy] = [input.at[0] - drag.from[0], input.at[1] - drag.from[1]];
    for (const [id, shape] of drag.before) {
      doc.update(id, movedBy(shape, Math.round(dx), Math.round(dy), doc.size));
    }
  }

  /** End the drag; true where something was dragged. */
  drop(): boolean {
    const { drag } = this;
    this.drag = null;
    if (!drag || (drag.kind === "shapes" && !drag.begun)) return false;
    return this.editor.document.commit();
  }

  cancel(): boolean {
    const { drag } = this;
    this.drag = null;
    if (!drag) return false;
    if (drag.kind === "handle" || drag.begun) this.editor.document.cancel();
    return true;
  }
}
