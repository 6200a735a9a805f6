/** Draw boxes: press, drag, release; or click one corner and then the opposite one. */

import type { Editor } from "../editor";
import { distance, type Point, pointInside } from "../geometry";
import { drawnBox } from "../shapes/box";
import { Dragging } from "./dragging";
import type { Draft, PointerInput, Tool } from "./tool";

export class BoxTool implements Tool {
  private readonly editor: Editor;
  private readonly dragging: Dragging;
  private from: Point | null = null;
  private to: Point | null = null;
  // After a click that was no drag the box waits for its second corner.
  private waits = false;

  constructor(editor: Editor) {
    this.editor = editor;
    this.dragging = new Dragging(editor);
  }

  get draft(): Draft | null {
    return this.from && this.to && { kind: "box", from: this.from, to: this.to };
  }

  down(input: PointerInput): void {
    const { editor } = this;
    if (this.from) {
      this.to = pointInside(input.at, editor.size);
      return;
    }
    if (this.dragging.grabHandle(input)) return;
    if (!editor.mayDraw()) return;
    this.from = pointInside(input.at, editor.size);
    this.to = this.from;
  }

  move(input: PointerInput): void {
    if (this.dragging.active) this.dragging.move(input);
    if (!this.from) return;
    this.to = pointInside(input.at, this.editor.size);
    this.editor.redraw();
  }

  up(input: PointerInput): void {
    if (this.dragging.active) {
      this.dragging.move(input);
      this.dragging.drop();
      return;
    }
    if (!this.from) return;
    this.to = pointInside(input.at, this.editor.size);
    if (!this.waits && distance(this.from, this.to) < input.reach) {
      this.click(input);
      return;
    }
    this.finish();
  }

  /** A click on a suggestion takes it, on a shape selects it, elsewhere it is a corner. */
  private click(input: PointerInput): void {
    const { editor } = this;
    const suggestion = editor.suggestionAt(input.at, input.reach);
    const item = suggestion ? null : editor.itemAt(input.at, input.reach, "edge");
    if (!suggestion && !item) {
      this.waits = true;
      return;
    }
    this.cancel();
    if (suggestion) editor.accept([suggestion]);
    else if (item) editor.select([item.id]);
  }

  finish(): boolean {
    const { editor, from, to } = this;
    if (!from || !to) return false;
    this.clear();
    const shape = drawnBox(editor.drawingClass, from, to);
    if (shape) editor.draw("draw box", shape);
    editor.redraw();
    return true;
  }

  stepBack(): boolean {
    return this.cancel();
  }

  cancel(): boolean {
    const had = this.from !== null || this.dragging.active;
    this.clear();
    this.dragging.cancel();
    this.editor.redraw();
    return had;
  }

  private clear(): void {
    this.from = null;
    this.to = null;
    this.waits = false;
  }
}
