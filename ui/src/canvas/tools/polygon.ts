/** Draw polygons: click corner by corner, close by the first one, a double click or Enter. */

import type { Editor } from "../editor";
import { distance, type Point } from "../geometry";
import { drawnPolygon, FEWEST_CORNERS, rounded } from "../shapes/polygon";
import { Dragging } from "./dragging";
import type { Draft, PointerInput, Tool } from "./tool";

export class PolygonTool implements Tool {
  private readonly editor: Editor;
  private readonly dragging: Dragging;
  private corners: Point[] = [];
  private to: Point | null = null;
  private closes = false;
  private pressed = false;

  constructor(editor: Editor) {
    this.editor = editor;
    this.dragging = new Dragging(editor);
  }

  get draft(): Draft | null {
    if (this.corners.length === 0) return null;
    return { kind: "polygon", corners: this.corners, to: this.to, closes: this.closes };
  }

  down(input: PointerInput): void {
    const { editor } = this;
    if (this.corners.length === 0) {
      if (this.dragging.grabHandle(input)) return;
      if (!editor.mayDraw()) return;
      const suggestion = editor.suggestionAt(input.at, input.reach);
      if (suggestion) {
        editor.accept([suggestion]);
        return;
      }
      editor.select([]);
    }
    if (this.meetsFirst(input) || input.clicks > 1) {
      this.finish();
      return;
    }
    this.pressed = true;
    this.add(input);
  }

  move(input: PointerInput): void {
    if (this.dragging.active) {
      this.dragging.move(input);
      return;
    }
    if (this.corners.length === 0) return;
    this.to = rounded(input.at, this.editor.size);
    this.closes = this.meetsFirst(input);
    // A drag draws corner after corner: outlines can be drawn in one stroke.
    const last = this.corners[this.corners.length - 1];
    if (this.pressed && last && distance(last, this.to) > input.reach * 2) this.add(input);
    this.editor.redraw();
  }

  up(input: PointerInput): void {
    this.pressed = false;
    if (!this.dragging.active) return;
    this.dragging.move(input);
    this.dragging.drop();
  }

  finish(): boolean {
    if (this.corners.length === 0) return false;
    const { editor } = this;
    const shape = drawnPolygon(editor.drawingClass, this.corners);
    this.clear();
    if (shape) editor.draw("draw polygon", shape);
    editor.redraw();
    return true;
  }

  stepBack(): boolean {
    if (this.corners.length === 0) return false;
    this.corners = this.corners.slice(0, -1);
    this.editor.redraw();
    return true;
  }

  cancel(): boolean {
    const had = this.corners.length > 0 || this.dragging.active;
    this.clear();
    this.dragging.cancel();
    this.editor.redraw();
    return had;
  }

  private add(input: PointerInput): void {
    this.corners = [...this.corners, rounded(input.at, this.editor.size)];
    this.to = null;
    this.editor.redraw();
  }

  private meetsFirst(input: PointerInput): boolean {
    const first = this.corners[0];
    if (!first || this.corners.length < FEWEST_CORNERS) return false;
    return distance(first, input.at) <= input.reach * 1.3;
  }

  private clear(): void {
    this.corners = [];
    this.to = null;
    this.closes = false;
    this.pressed = false;
  }
}
