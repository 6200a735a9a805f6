/** How an image is looked at: which part of it, how bright, and with its shapes or without. */

import type { Box, Point, Size } from "./geometry";
import { Signals } from "./signals";
import { around, fitted, panned, type View, zoomed } from "./viewport";

export interface Tone {
  /** Factors; 1 leaves the picture as it is. */
  readonly brightness: number;
  readonly contrast: number;
}

export abstract class Sight extends Signals {
  view: View = { scale: 1, x: 0, y: 0 };
  stage: Size = [1, 1];
  tone: Tone = { brightness: 1, contrast: 1 };
  hidden = false;
  private isFitted = true;

  /** Size of the image that is looked at. */
  abstract get size(): Size;

  setTone(tone: Tone): void {
    this.tone = tone;
    this.stateChanged();
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.stateChanged();
  }

  resize(stage: Size): void {
    this.stage = stage;
    if (this.isFitted) this.view = fitted(this.size, stage);
    else this.view = panned(this.view, 0, 0, this.size, stage);
    this.stateChanged();
  }

  fit(): void {
    this.seeAll();
    this.stateChanged();
  }

  zoom(factor: number, at: Point = [this.stage[0] / 2, this.stage[1] / 2]): void {
    this.isFitted = false;
    this.view = zoomed(this.view, factor, at, this.size, this.stage);
    this.redraw();
  }

  pan(dx: number, dy: number): void {
    this.isFitted = false;
    this.view = panned(this.view, dx, dy, this.size, this.stage);
    this.redraw();
  }

  /** Bring a part of the image to the middle. */
  show(box: Box, share?: number): void {
    this.isFitted = false;
    this.view = around(box, this.size, this.stage, share);
    this.stateChanged();
  }

  /** The whole image from now on, also when the stage changes. */
  protected seeAll(): void {
    this.isFitted = true;
    this.view = fitted(this.size, this.stage);
  }
}
