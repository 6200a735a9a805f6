/** Who is told of what happens in an editor: pages, the painter, saving. */

import type { Change } from "./document";

export class Signals {
  /** Rises with everything that a page may want to show, but not within a drag. */
  version = 0;
  /** Rises within a drag too. */
  liveVersion = 0;
  private readonly state = new Set<() => void>();
  private readonly draw = new Set<(change: Change | null) => void>();
  private readonly change = new Set<(change: Change) => void>();

  /** Told whenever a page may have to show something else. */
  listenState = (listener: () => void): (() => void) => {
    this.state.add(listener);
    return () => this.state.delete(listener);
  };

  /** Told whenever a frame is due, with the change of shapes if there was one. */
  listenDraw = (listener: (change: Change | null) => void): (() => void) => {
    this.draw.add(listener);
    return () => this.draw.delete(listener);
  };

  /** Told of every change of the document of any image. */
  listenChange = (listener: (change: Change) => void): (() => void) => {
    this.change.add(listener);
    return () => this.change.delete(listener);
  };

  redraw(change: Change | null = null): void {
    for (const listener of this.draw) listener(change);
  }

  protected tellChange(change: Change): void {
    for (const listener of this.change) listener(change);
  }

  protected stateChanged(live = false): void {
    if (!live) this.version += 1;
    this.liveVersion += 1;
    for (const listener of this.state) listener();
    this.redraw();
  }
}
