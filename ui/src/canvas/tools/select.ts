/** Select, move and resize; a drag that begins on nothing draws a band around shapes. */

import type { Editor } from "../editor";
import { boxBetween, encloses, type Point } from "../geometry";
import { boundsOf } from "../shapes/kinds";
import { Dragging } from "./dragging";
import type { Draft, PointerInput, Tool } from "./tool";

export class SelectTool implements Tool {
  private readonly editor: Editor;
  private readonly dragging: Dragging;
  private band: { from: Point; to: Point; add: boolean } | null = null;

  constructor(editor: Editor) {
    this.editor = editor;
    this.dragging = new Dragging(editor);
  }

  get draft(): Draft | null {
    return this.band && { kind: "band", box: boxBetween(this.band.from, this.band.to) };
  }

  down(input: PointerInput): void {
    const { editor } = this;
    if (this.dragging.grabHandle(input)) return;
    const item = editor.itemAt(input.at, input.reach);
    if (!item) {
      const suggestion = editor.suggestionAt(input.at, input.reach);
      if (suggestion && !editor.readOnly) editor.accept([suggestion]);
      else this.band = { from: input.at, to: input.at, add: input.shift };
      return;
    }
    if (input.shift) editor.toggleSelected(item.id);
    else if (!editor.selection.has(item.id)) editor.select([item.id]);
    if (editor.selection.has(item.id)) this.dragging.grabShapes(input);
  }

  move(input: PointerInput): void {
    if (this.band) {
      this.band.to = input.at;
      this.editor.redraw();
    } else this.dragging.move(input);
  }

  up(input: PointerInput): void {
    this.move(input);
    this.dragging.drop();
    const { band, editor } = this;
    this.band = null;
    if (!band) return;
    const box = boxBetween(band.from, band.to);
    const inside = editor.document.all().filter((item) => {
      const own = boundsOf(item.shape);
      return own !== null && encloses(box, own);
    });
    const ids = inside.map((item) => item.id);
    editor.select(band.add ? [...editor.selection, ...ids] : ids);
  }

  finish(): boolean {
    return false;
  }

  stepBack(): boolean {
    return false;
  }

  cancel(): boolean {
    const had = this.band !== null || this.dragging.active;
    this.band = null;
    this.dragging.cancel();
    this.editor.redraw();
    return had;
  }
}
