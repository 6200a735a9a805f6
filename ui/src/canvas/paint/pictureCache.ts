/** Pictures of the images nearby, decoded before they are asked for. */

import type { Size } from "../geometry";
import { loadPicture, type Picture, type PictureAddresses } from "./picture";

interface Kept {
  readonly picture: Promise<Picture>;
  readonly ended: AbortController;
}

export class PictureCache {
  private readonly kept = new Map<string, Kept>();
  private readonly most: number;
  private readonly addresses: (sha256: string) => PictureAddresses;

  constructor(addresses: (sha256: string) => PictureAddresses, most = 6) {
    this.addresses = addresses;
    this.most = most;
  }

  /** The picture of an image; asked for again it is there at once. */
  get(sha256: string, size: Size): Promise<Picture> {
    const known = this.kept.get(sha256);
    if (known) {
      // Asked for last, let go of last.
      this.kept.delete(sha256);
      this.kept.set(sha256, known);
      return known.picture;
    }
    const ended = new AbortController();
    const picture = loadPicture(size, this.addresses(sha256), ended.signal);
    this.kept.set(sha256, { picture, ended });
    picture.catch(() => this.kept.delete(sha256));
    this.trim();
    return picture;
  }

  close(): void {
    for (const sha256 of [...this.kept.keys()]) this.drop(sha256);
  }

  private trim(): void {
    for (const sha256 of this.kept.keys()) {
      if (this.kept.size <= this.most) return;
      this.drop(sha256);
    }
  }

  private drop(sha256: string): void {
    const one = this.kept.get(sha256);
    this.kept.delete(sha256);
    one?.ended.abort();
    void one?.picture.then(
      (picture) => picture.close(),
      () => undefined,
    );
  }
}
