/**
 * The picture under the shapes: one bitmap with halves of it for small views, or tiles.
 * `draw` never waits; what is not there yet is drawn when it has come.
 */

import type { Box, Size } from "../geometry";
import type { Ctx } from "./shapes";

export interface Picture {
  readonly size: Size;
  /**
   * Draw the part `seen` of the image; the context's units are pixels of the image. `rough`
   * for a frame that is soon followed by a better one: quick, and nothing is loaded for it.
   */
  draw(ctx: Ctx, seen: Box, deviceScale: number, rough?: boolean): void;
  /** Told when there is more to draw than before. */
  listen(listener: () => void): () => void;
  close(): void;
}

/** Pictures with a longer side above this come in tiles. */
export const LARGEST_WHOLE_PX = 3072;
const SHARP_FROM_SCALE = 2;

function smooth(ctx: Ctx, deviceScale: number, rough: boolean): void {
  // From here on single pixels are wanted as what they are.
  ctx.imageSmoothingEnabled = !rough && deviceScale < SHARP_FROM_SCALE;
  ctx.imageSmoothingQuality = "low";
}

async function decoded(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const answer = await fetch(url, { signal, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`The picture did not load (${answer.status}).`);
  return createImageBitmap(await answer.blob());
}

class Listeners {
  private readonly all = new Set<() => void>();

  readonly listen = (listener: () => void): (() => void) => {
    this.all.add(listener);
    return () => this.all.delete(listener);
  };

  tell(): void {
    for (const listener of this.all) listener();
  }
}

/** A picture in one piece; a bitmap may be smaller or larger than the image it shows. */
export class WholePicture implements Picture {
  readonly size: Size;
  private readonly listeners = new Listeners();
  private levels: ImageBitmap[];

  constructor(size: Size, bitmap: ImageBitmap) {
    this.size = size;
    this.levels = [bitmap];
    void this.halve(bitmap);
  }

  listen(listener: () => void): () => void {
    return this.listeners.listen(listener);
  }

  draw(ctx: Ctx, seen: Box, deviceScale: number, rough = false): void {
    const [x1, y1] = [Math.max(0, Math.floor(seen[0])), Math.max(0, Math.floor(seen[1]))];
    const x2 = Math.min(this.size[0], Math.ceil(seen[2]));
    const y2 = Math.min(this.size[1], Math.ceil(seen[3]));
    const bitmap = this.levelFor(deviceScale);
    if (!bitmap || x2 <= x1 || y2 <= y1) return;
    const [fx, fy] = [bitmap.width / this.size[0], bitmap.height / this.size[1]];
    smooth(ctx, deviceScale / fx, rough);
    const [w, h] = [x2 - x1, y2 - y1];
    ctx.drawImage(bitmap, x1 * fx, y1 * fy, w * fx, h * fy, x1, y1, w, h);
  }

  close(): void {
    for (const level of this.levels) level.close();
    this.levels = [];
  }

  /** The smallest level that has at least as many pixels as are drawn. */
  private levelFor(deviceScale: number): ImageBitmap | undefined {
    const wanted = this.size[0] * deviceScale;
    return [...this.levels].reverse().find((l) => l.width >= wanted) ?? this.levels[0];
  }

  /** Halves of halves: drawing a large bitmap small would leave out pixels, and take long. */
  private async halve(bitmap: ImageBitmap): Promise<void> {
    let last = bitmap;
    while (Math.max(last.width, last.height) > 512 && this.levels.length > 0) {
      const [w, h] = [Math.ceil(last.width / 2), Math.ceil(last.height / 2)];
      try {
        last = await createImageBitmap(last, {
          resizeWidth: w,
          resizeHeight: h,
          resizeQuality: "medium",
        });
      } catch {
        return; // Closed in the meantime.
      }
      if (this.levels.length === 0) last.close();
      else this.levels.push(last);
    }
    this.listeners.tell();
  }
}

const TILE_PX = 256;
const MOST_TILES = 400;
const MOST_AT_ONCE = 6;

interface Tile {
  bitmap: ImageBitmap | null;
  used: number;
}

/** A picture of tiles over a small picture of the whole. */
export class TiledPicture implements Picture {
  readonly size: Size;
  private readonly listeners = new Listeners();
  private readonly whole: WholePicture;
  private readonly tileUrl: (level: number, x: number, y: number) => string;
  private readonly tiles = new Map<string, Tile>();
  private readonly ended = new AbortController();
  private waiting: { key: string; level: number; x: number; y: number }[] = [];
  private running = 0;
  private clock = 0;

  constructor(
    size: Size,
    small: ImageBitmap,
    tileUrl: (level: number, x: number, y: number) => string,
  ) {
    this.size = size;
    this.whole = new WholePicture(size, small);
    this.whole.listen(() => this.listeners.tell());
    this.tileUrl = tileUrl;
    this.smallScale = small.width / size[0];
  }

  private readonly smallScale: number;

  listen(listener: () => void): () => void {
    return this.listeners.listen(listener);
  }

  draw(ctx: Ctx, seen: Box, deviceScale: number, rough = false): void {
    this.whole.draw(ctx, seen, deviceScale, rough);
    this.waiting = [];
    if (deviceScale <= this.smallScale * 1.05) return;
    const level = Math.max(0, Math.floor(Math.log2(1 / deviceScale) + 0.05));
    const side = TILE_PX * 2 ** level;
    this.clock += 1;
    smooth(ctx, deviceScale * 2 ** level, rough);
    const range = (low: number, high: number, extent: number): [number, number] => [
      Math.max(0, Math.floor(low / side)),
      Math.min(Math.ceil(extent / side), Math.ceil(high / side)),
    ];
    const [fromX, toX] = range(seen[0], seen[2], this.size[0]);
    const [fromY, toY] = range(seen[1], seen[3], this.size[1]);
    for (let y = fromY; y < toY; y += 1) {
      for (let x = fromX; x < toX; x += 1) this.drawTile(ctx, level, x, y);
    }
    // The levels that a zoom passes through are not worth a request.
    if (rough) this.waiting = [];
    this.next();
    this.forget();
  }

  close(): void {
    this.ended.abort();
    this.whole.close();
    for (const tile of this.tiles.values()) tile.bitmap?.close();
    this.tiles.clear();
  }

  private drawTile(ctx: Ctx, level: number, x: number, y: number): void {
    const key = `${level}/${x}/${y}`;
    const tile = this.tiles.get(key);
    if (!tile) {
      this.waiting.push({ key, level, x, y });
      return;
    }
    tile.used = this.clock;
    if (!tile.bitmap) return;
    const per = 2 ** level;
    const [left, top] = [x * TILE_PX * per, y * TILE_PX * per];
    const width = Math.min(tile.bitmap.width * per, this.size[0] - left);
    const height = Math.min(tile.bitmap.height * per, this.size[1] - top);
    ctx.drawImage(
      tile.bitmap,
      0,
      0,
      width / per,
      height / per,
      left,
      top,
      // A trace more, or seams show between tiles.
      width + per * 0.01,
      height + per * 0.01,
    );
  }

  private next(): void {
    while (this.running < MOST_AT_ONCE) {
      const job = this.waiting.shift();
      if (!job) return;
      if (!this.tiles.has(job.key)) void this.fetch(job.key, job.level, job.x, job.y);
    }
  }

  private async fetch(key: string, level: number, x: number, y: number): Promise<void> {
    this.running += 1;
    const tile: Tile = { bitmap: null, used: this.clock };
    this.tiles.set(key, tile);
    try {
      const bitmap = await decoded(this.tileUrl(level, x, y), this.ended.signal);
      if (this.ended.signal.aborted) bitmap.close();
      else tile.bitmap = bitmap;
      this.listeners.tell();
    } catch {
      // The small picture stays where it is; the tile is asked for again when it is seen.
      this.tiles.delete(key);
    } finally {
      this.running -= 1;
      if (!this.ended.signal.aborted) this.next();
    }
  }

  /** Let go of the tiles that were not seen for longest. */
  private forget(): void {
    if (this.tiles.size <= MOST_TILES) return;
    const old = [...this.tiles].filter(([, t]) => t.bitmap && t.used < this.clock);
    old.sort((a, b) => a[1].used - b[1].used);
    for (const [key, tile] of old.slice(0, this.tiles.size - MOST_TILES)) {
      tile.bitmap?.close();
      this.tiles.delete(key);
    }
  }
}

export interface PictureAddresses {
  readonly whole: (side: number) => string;
  readonly tile: (level: number, x: number, y: number) => string;
}

/** Load the picture of an image, decoded and ready to be drawn. */
export async function loadPicture(
  size: Size,
  from: PictureAddresses,
  signal: AbortSignal,
): Promise<Picture> {
  const longer = Math.max(...size);
  if (longer <= LARGEST_WHOLE_PX) {
    return new WholePicture(size, await decoded(from.whole(longer), signal));
  }
  return new TiledPicture(size, await decoded(from.whole(1536), signal), from.tile);
}
