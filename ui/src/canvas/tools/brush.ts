/**
 * Brush and eraser. The brush goes on with the selected mask of the active class, or with
 * the one it is set down on, and else begins a new one; Escape lets go of it. The eraser
 * takes from the selected mask, or from all where none is selected.
 */

import { strokeRuns } from "../brush";
import type { Item } from "../document";
import type { Editor } from "../editor";
import { type Box, boxBetween, grown, type Point } from "../geometry";
import { sameRuns, subtract, union } from "../runs";
import { isPainted, maskOf } from "../shapes/mask";
import type { PointerInput, Tool } from "./tool";

export class BrushTool implements Tool {
  readonly draft = null;
  private readonly editor: Editor;
  private readonly erases: boolean;
  private stroke: { last: Point; erase: boolean; target: number | null } | null = null;

  constructor(editor: Editor, erases: boolean) {
    this.editor = editor;
    this.erases = erases;
  }

  down(input: PointerInput): void {
    const { editor } = this;
    const erase = this.erases || input.alt;
    if (editor.readOnly || (!erase && !editor.mayDraw())) return;
    editor.document.begin(erase ? "erase" : "paint");
    const target = erase ? null : (this.targetAt(input.at)?.id ?? null);
    this.stroke = { last: input.at, erase, target };
    this.paint(input.at);
  }

  move(input: PointerInput): void {
    if (this.stroke) this.paint(input.at);
    else this.editor.redraw();
  }

  up(input: PointerInput): void {
    if (!this.stroke) return;
    this.paint(input.at);
    const { target } = this.stroke;
    this.stroke = null;
    const { document: doc } = this.editor;
    for (const item of doc.all()) {
      if (item.shape.kind === "mask" && item.shape.runs.length === 0) doc.remove(item.id);
    }
    doc.commit();
    if (target !== null && doc.get(target)) this.editor.select([target]);
  }

  finish(): boolean {
    return false;
  }

  stepBack(): boolean {
    return false;
  }

  cancel(): boolean {
    if (!this.stroke) return false;
    this.stroke = null;
    this.editor.document.cancel();
    return true;
  }

  private targetAt(at: Point): Item | null {
    const { editor } = this;
    const label = editor.drawingClass;
    const selected = editor.onlySelected;
    if (selected?.shape.kind === "mask" && selected.shape.label === label) return selected;
    const under = editor.document
      .all()
      .filter(({ shape }) => shape.kind === "mask" && shape.label === label)
      .filter(({ shape }) => shape.kind === "mask" && isPainted(shape, at));
    return under[under.length - 1] ?? null;
  }

  private paint(at: Point): void {
    const { editor, stroke } = this;
    if (!stroke) return;
    const radius = editor.brushPx / 2;
    const dab = strokeRuns(stroke.last, at, radius, editor.size);
    const area = grown(boxBetween(stroke.last, at), radius + 1);
    stroke.last = at;
    if (dab.length === 0) return;
    const { document: doc } = editor;
    if (!stroke.erase) {
      const item = stroke.target === null ? undefined : doc.get(stroke.target);
      if (item?.shape.kind === "mask") {
        doc.update(item.id, { ...item.shape, runs: union(item.shape.runs, dab) }, area);
      } else {
        stroke.target = doc.add(maskOf(editor.drawingClass, dab, editor.size));
      }
      return;
    }
    for (const item of this.erasable(area)) {
      if (item.shape.kind !== "mask") continue;
      const runs = subtract(item.shape.runs, dab);
      if (!sameRuns(runs, item.shape.runs)) doc.update(item.id, { ...item.shape, runs }, area);
    }
  }

  private erasable(area: Box): readonly Item[] {
    const selected = this.editor.onlySelected;
    return selected?.shape.kind === "mask" ? [selected] : this.editor.itemsWithin(area);
  }
}
