/**
 * The shapes of one image, with explicit transactions.
 *
 * Nothing changes outside a transaction. `commit` makes one step of undo out of all that
 * happened since `begin`, `cancel` takes it back as if it had never been. Undo and redo are
 * unlimited; a brush stroke is kept as the pixels that it flipped, not as two whole masks.
 */

import { type Box, type Size, unite } from "./geometry";
import { flip, type Runs } from "./runs";
import { boundsOf } from "./shapes/kinds";
import type { CanvasShape, MaskShape } from "./shapes/shape";

export interface Item {
  readonly id: number;
  readonly shape: CanvasShape;
  /** The suggestion that it was made from. */
  readonly from?: string | undefined;
}

type Patch =
  | { readonly id: number; readonly before: Item | null; readonly after: Item | null }
  | { readonly id: number; readonly flipped: Runs };

interface Step {
  readonly name: string;
  readonly patches: readonly Patch[];
}

export type ChangeKind = "load" | "live" | "commit" | "cancel" | "undo" | "redo";

/** What changed: which items, and which part of the image needs to be drawn again. */
export interface Change {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly ids: ReadonlySet<number>;
  readonly area: Box | null;
}

export type Listener = (change: Change) => void;

function maskOfItem(item: Item | null): MaskShape | null {
  return item !== null && item.shape.kind === "mask" ? item.shape : null;
}

function patchOf(id: number, before: Item | null, after: Item | null): Patch {
  const [old, made] = [maskOfItem(before), maskOfItem(after)];
  if (old && made && old.label === made.label && before?.from === after?.from) {
    return { id, flipped: flip(old.runs, made.runs) };
  }
  return { id, before, after };
}

export class ShapeDocument {
  // Ids rise, so the order of ids is the order of drawing; undo gives an item its old id.
  private items = new Map<number, Item>();
  private nextId = 1;
  private open: { name: string; before: Map<number, Item | null> } | null = null;
  private done: Step[] = [];
  private undone: Step[] = [];
  private listeners = new Set<Listener>();

  readonly size: Size;

  constructor(size: Size) {
    this.size = size;
  }

  /** Begin anew with some shapes; there is nothing to undo then. */
  load(shapes: readonly CanvasShape[]): void {
    this.items = new Map(shapes.map((shape, n) => [n + 1, { id: n + 1, shape }]));
    this.nextId = shapes.length + 1;
    this.open = null;
    this.done = [];
    this.undone = [];
    this.tell({ kind: "load", name: "load", ids: new Set(this.items.keys()), area: null });
  }

  /** All items in the order of drawing. */
  all(): Item[] {
    return [...this.items.values()].sort((a, b) => a.id - b.id);
  }

  shapes(): CanvasShape[] {
    return this.all().map((item) => item.shape);
  }

  get(id: number): Item | undefined {
    return this.items.get(id);
  }

  get count(): number {
    return this.items.size;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Name of the transaction that is open, or null. */
  get transaction(): string | null {
    return this.open?.name ?? null;
  }

  begin(name: string): void {
    if (this.open) {
      throw new Error(`cannot begin ${name}: ${this.open.name} is not finished`);
    }
    this.open = { name, before: new Map() };
  }

  /** End the transaction; true where anything is different from before it. */
  commit(): boolean {
    const { name, before } = this.opened("commit");
    this.open = null;
    const patches: Patch[] = [];
    for (const [id, old] of before) {
      const now = this.items.get(id) ?? null;
      if (old !== now) patches.push(patchOf(id, old, now));
    }
    if (patches.length === 0) return false;
    this.done.push({ name, patches });
    this.undone = [];
    this.tell({ kind: "commit", name, ids: new Set(before.keys()), area: null });
    return true;
  }

  /** End the transaction as if it had never begun. */
  cancel(): void {
    const { name, before } = this.opened("cancel");
    this.open = null;
    let area: Box | null = null;
    for (const [id, old] of before) area = unite(area, this.set(id, old));
    this.tell({ kind: "cancel", name, ids: new Set(before.keys()), area });
  }

  /** Do something as one transaction; an error takes it back. */
  change(name: string, act: () => void): boolean {
    this.begin(name);
    try {
      act();
    } catch (error) {
      this.cancel();
      throw error;
    }
    return this.commit();
  }

  add(shape: CanvasShape, from?: string): number {
    const { before } = this.opened("add a shape");
    const id = this.nextId;
    this.nextId += 1;
    before.set(id, null);
    this.live(id, { id, shape, from });
    return id;
  }

  update(id: number, shape: CanvasShape, area?: Box): void {
    const old = this.kept(id, "change a shape");
    this.live(id, { ...old, shape }, area);
  }

  remove(id: number): void {
    this.kept(id, "remove a shape");
    this.live(id, null);
  }

  undo(): Change | null {
    return this.step(this.done, this.undone, "undo");
  }

  redo(): Change | null {
    return this.step(this.undone, this.done, "redo");
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private opened(what: string): { name: string; before: Map<number, Item | null> } {
    if (!this.open) throw new Error(`cannot ${what}: no transaction was begun`);
    return this.open;
  }

  private kept(id: number, what: string): Item {
    const { before } = this.opened(what);
    const old = this.items.get(id);
    if (!old) throw new Error(`cannot ${what}: there is no item ${id}`);
    if (!before.has(id)) before.set(id, old);
    return old;
  }

  private live(id: number, item: Item | null, area?: Box): void {
    const around = this.set(id, item);
    const name = this.open?.name ?? "";
    this.tell({ kind: "live", name, ids: new Set([id]), area: area ?? around });
  }

  /** Put an item in its place, and say which part of the image that touches. */
  private set(id: number, item: Item | null): Box | null {
    const old = this.items.get(id);
    if (item) this.items.set(id, item);
    else this.items.delete(id);
    const before = old ? boundsOf(old.shape) : null;
    return unite(before, item ? boundsOf(item.shape) : null);
  }

  private step(from: Step[], to: Step[], kind: "undo" | "redo"): Change | null {
    if (this.open) this.cancel();
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    const ids = new Set<number>();
    let area: Box | null = null;
    for (const patch of step.patches) {
      ids.add(patch.id);
      area = unite(area, this.set(patch.id, this.patched(patch, kind)));
    }
    const change: Change = { kind, name: step.name, ids, area };
    this.tell(change);
    return change;
  }

  private patched(patch: Patch, kind: "undo" | "redo"): Item | null {
    if (!("flipped" in patch)) return kind === "undo" ? patch.before : patch.after;
    const item = this.items.get(patch.id);
    if (item?.shape.kind !== "mask") throw new Error(`item ${patch.id} is no mask`);
    return { ...item, shape: { ...item.shape, runs: flip(item.shape.runs, patch.flipped) } };
  }

  private tell(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}
