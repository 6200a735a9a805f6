/** Who is told of what happens in an editor: pages, the painter, saving. */

import type { Change } from "./document";

export class Signals {
  /** Rises with everything that a page may want to show, but not within a drag. */
  version = 0;
  /** Rises within a drag too. */
  liveVersion = 0;
  private readonly ofState = new Set<() => void>();
  private readonly ofDraw = new Set<(change: Change | null) => void>();
  private readonly ofChange = new Set<(change: Change) => void>();

  /** Told whenever a page may have to show something else. */
  listenState = (listener: () => void): (() => void) => {
    this.ofState.add(listener);
    return () => this.ofState.delete(listener);
  };

  /** Told whenever a frame is due, with the change of shapes if there was one. */
  listenDraw = (listener: (change: Change | null) => void): (() => void) => {
    this.ofDraw.add(listener);
    return () => this.ofDraw.delete(listener);
  };

  /** Told of every change of the document of any image. */
  listenChange = (listener: (change: Change) => void): (() => void) => {
    this.ofChange.add(listener);
    return () => this.ofChange.delete(listener);
  };

  redraw(change: Change | null = null): void {
    for (const listener of this.ofDraw) listener(change);
  }

  protected tellChange(change: Change): void {
    for (const listener of this.ofChange) listener(change);
  }

  protected stateChanged(live = false): void {
    if (!live) this.version += 1;
    this.liveVersion += 1;
    for (const listener of this.ofState) listener();
    this.redraw();
  }
}
