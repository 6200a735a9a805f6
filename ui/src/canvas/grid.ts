/** Which items lie near a place: a grid of cells over the image. */

import { type Box, meets } from "./geometry";

export class Grid {
  private cells = new Map<number, Set<number>>();
  private boxes = new Map<number, Box>();

  private readonly cellPx: number;

  constructor(cellPx = 128) {
    this.cellPx = cellPx;
  }

  /** Put an item where it is now; null takes it out. */
  place(id: number, box: Box | null): void {
    const old = this.boxes.get(id);
    if (old) {
      this.eachCell(old, (cell) => {
        this.cells.get(cell)?.delete(id);
      });
      this.boxes.delete(id);
    }
    if (!box) return;
    this.boxes.set(id, box);
    this.eachCell(box, (cell) => {
      const there = this.cells.get(cell);
      if (there) there.add(id);
      else this.cells.set(cell, new Set([id]));
    });
  }

  clear(): void {
    this.cells.clear();
    this.boxes.clear();
  }

  boxOf(id: number): Box | undefined {
    return this.boxes.get(id);
  }

  /** Ids of the items whose box meets a box, in rising order. */
  within(box: Box): number[] {
    const found = new Set<number>();
    const covered = this.cellCount(box);
    // A window over most of the image: to go through the items is shorter.
    if (covered > this.boxes.size) {
      for (const [id, own] of this.boxes) if (meets(own, box)) found.add(id);
    } else {
      this.eachCell(box, (cell) => {
        for (const id of this.cells.get(cell) ?? []) {
          const own = this.boxes.get(id);
          if (own && meets(own, box)) found.add(id);
        }
      });
    }
    return [...found].sort((a, b) => a - b);
  }

  private cellCount(box: Box): number {
    const [x1, y1, x2, y2] = this.range(box);
    return (x2 - x1 + 1) * (y2 - y1 + 1);
  }

  private range(box: Box): [number, number, number, number] {
    const [x1, y1, x2, y2] = box.map((v) => Math.floor(v / this.cellPx));
    return [x1 ?? 0, y1 ?? 0, x2 ?? 0, y2 ?? 0];
  }

  private eachCell(box: Box, visit: (cell: number) => void): void {
    const [x1, y1, x2, y2] = this.range(box);
    for (let y = y1; y <= y2; y += 1) {
      // Places may lie off the image by a little; 2 ** 20 cells a row is more than any image.
      for (let x = x1; x <= x2; x += 1) visit((y + 1024) * 1048576 + x + 1024);
    }
  }
}
