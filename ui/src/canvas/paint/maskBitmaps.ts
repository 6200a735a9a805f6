/** The bitmaps of all masks, and which parts of them are behind their masks. */

import type { Change } from "../document";
import { type Box, unite } from "../geometry";
import { boundsOf } from "../shapes/kinds";
import type { MaskShape } from "../shapes/shape";
import { MaskBitmap } from "./maskBitmap";
import type { Ctx } from "./shapes";

const MASK_ALPHA = 0.42;

interface Kept {
  readonly bitmap: MaskBitmap;
  runs: MaskShape["runs"];
}

export class MaskBitmaps {
  private readonly kept = new Map<number, Kept>();
  // Null stands for the whole of a mask.
  private readonly dirty = new Map<number, Box | null>();

  /** Take note of a change: with another image all bitmaps are gone. */
  follow(change: Change): void {
    if (change.kind === "load") {
      this.kept.clear();
      this.dirty.clear();
      return;
    }
    for (const id of change.ids) {
      if (!this.kept.has(id)) continue;
      const known = this.dirty.get(id);
      // Whoever does not say what changed may have changed everything.
      const all =
        change.kind === "live" && known !== null ? unite(known ?? null, change.area) : null;
      this.dirty.set(id, all);
    }
  }

  /** Draw a mask in a color, its bitmap brought up to it first. */
  draw(ctx: Ctx, id: number, shape: MaskShape, color: string): void {
    let kept = this.kept.get(id);
    const dirty = this.dirty.get(id);
    if (!kept || kept.bitmap.color !== color) {
      kept = { bitmap: new MaskBitmap(color), runs: shape.runs };
      kept.bitmap.update(shape.runs, boundsOf(shape), shape.size, null);
      this.kept.set(id, kept);
    } else if (kept.runs !== shape.runs) {
      kept.bitmap.update(shape.runs, boundsOf(shape), shape.size, dirty ?? null);
      kept.runs = shape.runs;
    }
    this.dirty.delete(id);
    kept.bitmap.draw(ctx, MASK_ALPHA);
  }
}
