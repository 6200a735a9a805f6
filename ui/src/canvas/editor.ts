/**
 * The state of the canvas without the page around it: the document, what is selected, the
 * tool, suggestions. Pages talk to it by commands, the painter reads it.
 */

import { type Change, type Item, ShapeDocument } from "./document";
import { type Box, boxArea, grown, type Point, type Size } from "./geometry";
import { Grid } from "./grid";
import type { ClassStyle } from "./palette";
import { boundsOf, hitOf } from "./shapes/kinds";
import type { CanvasShape } from "./shapes/shape";
import { Sight } from "./sight";
import { cutToImage, openSuggestions, type Suggestion, suggestionAt } from "./suggestions";
import { BoxTool } from "./tools/box";
import { BrushTool } from "./tools/brush";
import { PolygonTool } from "./tools/polygon";
import { SelectTool } from "./tools/select";
import type { PointerInput, Tool } from "./tools/tool";

export type ToolName = "select" | "box" | "polygon" | "brush" | "eraser";

const SMALLEST_BRUSH_PX = 1;
const LARGEST_BRUSH_PX = 512;
const BRUSH_STEP = 1.25;

export class Editor extends Sight {
  document: ShapeDocument = new ShapeDocument([1, 1]);
  styles: readonly ClassStyle[] = [];
  activeClass: string | null = null;
  selection: ReadonlySet<number> = new Set();
  toolName: ToolName = "select";
  brushPx = 24;
  readOnly = false;
  /** Where the pointer is on the image; null while it is elsewhere. */
  pointer: Point | null = null;
  hovered: number | null = null;
  suggestions: readonly Suggestion[] = [];
  /** Rises with everything that changes shapes that are not being worked on. */
  restVersion = 0;

  private grid = new Grid();
  private tools: Record<ToolName, Tool> = this.freshTools();
  private showsAll = false;
  private allSuggestions: readonly Suggestion[] = [];
  private putAway = new Set<string>();
  private touched = new Set<number>();
  private stopFollowing: () => void = () => undefined;
  private clipboard: readonly CanvasShape[] = [];

  /** Show another image. Tool, class, brush and clipboard stay. */
  open(size: Size, shapes: readonly CanvasShape[]): void {
    const document = new ShapeDocument(size);
    document.load(shapes);
    this.openDocument(document);
  }

  /** Show an image whose document is there already, with all that can be undone. */
  openDocument(document: ShapeDocument): void {
    this.stopFollowing();
    this.tools = this.freshTools();
    this.document = document;
    this.stopFollowing = document.listen((change) => this.follow(change));
    this.allSuggestions = [];
    this.putAway = new Set();
    this.selection = new Set();
    this.hovered = null;
    this.touched = new Set();
    this.seeAll();
    this.follow({ kind: "load", name: "load", ids: new Set(), area: null });
  }

  override get size(): Size {
    return this.document.size;
  }

  get tool(): Tool {
    return this.tools[this.toolName];
  }

  /** The class that new shapes get. */
  get drawingClass(): string {
    return this.activeClass ?? "";
  }

  get selectedItems(): Item[] {
    return [...this.selection].flatMap((id) => this.document.get(id) ?? []);
  }

  get onlySelected(): Item | null {
    const items = this.selectedItems;
    return items.length === 1 ? (items[0] ?? null) : null;
  }

  /** Whether shapes can be drawn: somebody may, and there is a class for them. */
  mayDraw(): boolean {
    return !this.readOnly && this.activeClass !== null;
  }

  /** Items that are drawn anew in every frame: selected, or changed at this moment. */
  isActive(id: number): boolean {
    return this.selection.has(id) || this.touched.has(id);
  }

  /** The items near a part of the image, in the order of drawing. */
  itemsWithin(box: Box): Item[] {
    return this.grid.within(box).flatMap((id) => this.document.get(id) ?? []);
  }

  /** What a click at a place means: an edge before an inside, then the smallest. */
  itemAt(at: Point, reach: number, only?: "edge"): Item | null {
    if (this.hidden) return null;
    let best: Item | null = null;
    let least = Infinity;
    for (const item of this.itemsWithin(grown([at[0], at[1], at[0], at[1]], reach))) {
      const hit = hitOf(item.shape, at, reach);
      const box = boundsOf(item.shape);
      if (hit === null || !box || (only !== undefined && hit !== only)) continue;
      const rank = boxArea(box) * (hit === "edge" ? 1e-6 : 1);
      if (rank <= least) [best, least] = [item, rank];
    }
    return best;
  }

  // Commands that change shapes.

  /** Do something to the document as one step of undo. */
  change(name: string, act: (document: ShapeDocument) => void): boolean {
    if (this.readOnly) return false;
    this.settle();
    return this.document.change(name, () => act(this.document));
  }

  /** Add a drawn shape and select it. */
  draw(name: string, shape: CanvasShape): void {
    let id = 0;
    this.change(name, (doc) => {
      id = doc.add(shape);
    });
    if (id > 0) this.select([id]);
  }

  /** Take over suggestions as labels, in one step. */
  accept(list: readonly Suggestion[]): void {
    if (list.length === 0) return;
    this.change("accept", (doc) => {
      // There is one class for the whole image.
      const replaced = list.some((one) => one.shape.kind === "class");
      for (const item of doc.all()) {
        if (replaced && item.shape.kind === "class") doc.remove(item.id);
      }
      for (const one of list) doc.add(cutToImage(one.shape, this.size), one.id);
    });
  }

  /** Put a suggestion away, without a step of undo. */
  dismiss(suggestion: Suggestion): void {
    this.putAway.add(suggestion.id);
    this.refreshSuggestions();
    this.stateChanged();
  }

  /** Show what a model proposes; `all` also where a label says the same already. */
  suggest(list: readonly Suggestion[], all = false): void {
    this.allSuggestions = list;
    this.showsAll = all;
    this.refreshSuggestions();
    this.stateChanged();
  }

  suggestionAt(at: Point, reach: number): Suggestion | null {
    return this.hidden ? null : suggestionAt(this.suggestions, at, reach);
  }

  deleteSelected(): void {
    const items = this.selectedItems;
    if (items.length === 0) return;
    this.change("delete", (doc) => {
      for (const item of items) {
        if (item.from !== undefined) this.putAway.add(item.from);
        doc.remove(item.id);
      }
    });
  }

  copy(): readonly CanvasShape[] {
    const chosen = this.selectedItems.map((item) => item.shape);
    if (chosen.length > 0) this.clipboard = chosen;
    return this.clipboard;
  }

  /** Paste shapes that fit on this image, where they were; gives how many. */
  paste(shapes: readonly CanvasShape[] = this.clipboard): number {
    const fits = shapes.filter((shape) => fitsOn(shape, this.size));
    if (fits.length === 0) return 0;
    const ids: number[] = [];
    this.change("paste", (doc) => {
      for (const shape of fits) ids.push(doc.add(shape));
    });
    this.select(ids);
    return ids.length;
  }

  /** Choose a class: for what is selected, and for what is drawn from now on. */
  chooseClass(name: string): void {
    this.activeClass = name;
    const items = this.selectedItems.filter((item) => item.shape.label !== name);
    if (items.length > 0) {
      this.change("class", (doc) => {
        for (const item of items) doc.update(item.id, { ...item.shape, label: name });
      });
    }
    this.restVersion += 1;
    this.stateChanged();
  }

  /** Say what the whole image is; null takes the class away. */
  setImageClass(label: string | null): void {
    this.change("image class", (doc) => {
      const old = doc.all().filter((item) => item.shape.kind === "class");
      for (const item of old) doc.remove(item.id);
      if (label !== null) doc.add({ kind: "class", label });
    });
  }

  get imageClass(): string | null {
    return this.document.shapes().find((shape) => shape.kind === "class")?.label ?? null;
  }

  /** Replace all shapes in one step. */
  replaceAll(name: string, shapes: readonly CanvasShape[]): void {
    this.change(name, (doc) => {
      for (const item of doc.all()) doc.remove(item.id);
      for (const shape of shapes) doc.add(shape);
    });
  }

  undo(): void {
    if (this.tool.stepBack() || this.tool.cancel()) return;
    this.select([...(this.document.undo()?.ids ?? [])].filter((id) => this.document.get(id)));
  }

  redo(): void {
    if (this.tool.draft) return;
    this.select([...(this.document.redo()?.ids ?? [])].filter((id) => this.document.get(id)));
  }

  /** Complete or give up what is being drawn, so that nothing is left half done. */
  settle(): void {
    if (!this.tool.finish()) this.tool.cancel();
  }

  // Commands that change what is seen.

  select(ids: readonly number[]): void {
    const same =
      ids.length === this.selection.size && ids.every((id) => this.selection.has(id));
    if (same) return;
    this.selection = new Set(ids);
    this.restVersion += 1;
    this.stateChanged();
  }

  toggleSelected(id: number): void {
    const next = new Set(this.selection);
    if (!next.delete(id)) next.add(id);
    this.select([...next]);
  }

  takeTool(name: ToolName): void {
    if (name === this.toolName) return;
    this.settle();
    this.toolName = name;
    this.stateChanged();
  }

  setStyles(styles: readonly ClassStyle[]): void {
    this.styles = styles;
    const known = styles.some((style) => style.name === this.activeClass);
    if (!known) this.activeClass = (styles.find((s) => !s.good) ?? styles[0])?.name ?? null;
    this.restVersion += 1;
    this.stateChanged();
  }

  setBrush(px: number): void {
    this.brushPx = Math.min(Math.max(Math.round(px), SMALLEST_BRUSH_PX), LARGEST_BRUSH_PX);
    this.stateChanged();
  }

  /** One step larger or smaller, at least by a pixel. */
  growBrush(larger: boolean): void {
    const by = larger ? BRUSH_STEP : 1 / BRUSH_STEP;
    const least = larger ? this.brushPx + 1 : this.brushPx - 1;
    const next = this.brushPx * by;
    this.setBrush(larger ? Math.max(next, least) : Math.min(next, least));
  }

  // The pointer.

  pointerDown(input: PointerInput): void {
    this.pointer = input.at;
    this.tool.down(input);
    this.redraw();
  }

  pointerMove(input: PointerInput): void {
    this.pointer = input.at;
    this.tool.move(input);
    const over = this.tool.draft ? null : this.itemAt(input.at, input.reach);
    this.hovered = over?.id ?? null;
    this.redraw();
  }

  pointerUp(input: PointerInput): void {
    this.tool.up(input);
    this.redraw();
  }

  /** Show where an item is, as if the pointer were over it. */
  hover(id: number | null): void {
    this.hovered = id;
    this.redraw();
  }

  pointerLeave(): void {
    this.pointer = null;
    this.hovered = null;
    this.redraw();
  }

  private follow(change: Change): void {
    const ids = change.kind === "load" ? this.reload() : change.ids;
    for (const id of ids) {
      const item = this.document.get(id);
      this.grid.place(id, item ? boundsOf(item.shape) : null);
    }
    if (change.kind === "live") {
      for (const id of ids) {
        if (!this.isActive(id)) this.restVersion += 1;
        this.touched.add(id);
      }
    } else {
      this.touched.clear();
      this.restVersion += 1;
      const left = [...this.selection].filter((id) => this.document.get(id));
      if (left.length < this.selection.size) this.selection = new Set(left);
      this.refreshSuggestions();
    }
    this.tellChange(change);
    this.redraw(change);
    this.stateChanged(change.kind === "live");
  }

  private reload(): ReadonlySet<number> {
    this.grid.clear();
    return new Set(this.document.all().map((item) => item.id));
  }

  private refreshSuggestions(): void {
    this.suggestions = this.showsAll
      ? this.allSuggestions
      : openSuggestions(this.allSuggestions, this.document.all(), this.putAway);
    this.restVersion += 1;
  }

  private freshTools(): Record<ToolName, Tool> {
    return {
      select: new SelectTool(this),
      box: new BoxTool(this),
      polygon: new PolygonTool(this),
      brush: new BrushTool(this, false),
      eraser: new BrushTool(this, true),
    };
  }
}

/** Whether a shape of another image lies wholly on one of this size. */
function fitsOn(shape: CanvasShape, size: Size): boolean {
  if (shape.kind === "mask") return shape.size[0] === size[0] && shape.size[1] === size[1];
  const box = boundsOf(shape);
  return box !== null && box[2] <= size[0] && box[3] <= size[1];
}
