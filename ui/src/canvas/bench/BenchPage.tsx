/**
 * Frame times of the canvas, for `bench/ui.py`: `window.pitmarkBench.run(...)` gives them as
 * data. Nothing of it is loaded on any other page.
 */

import { useEffect, useState } from "react";
import { Editor } from "../editor";
import type { Size } from "../geometry";
import type { Painter } from "../paint/painter";
import { type Picture, WholePicture } from "../paint/picture";
import { classStyles } from "../palette";
import { Stage } from "../Stage";
import { SCENE_CLASSES, sceneBitmap, sceneShapes } from "./scene";

const SIZE: Size = [5472, 3648];

interface Spread {
  median: number;
  p95: number;
  max: number;
}

export interface BenchResult {
  act: string;
  shapes: number;
  megapixels: number;
  stage_wh: Size;
  frames: number;
  /** Time from frame to frame. */
  interval_ms: Spread;
  /** Time that the drawing of a frame takes. */
  drawing_ms: Spread;
}

export interface BenchAsk {
  act: "pan" | "zoom" | "drag" | "brush";
  shapes?: number;
  frames?: number;
  /** Relative to the view with the whole image. */
  zoom?: number;
}

declare global {
  interface Window {
    pitmarkBench?: { run: (ask: BenchAsk) => Promise<BenchResult> };
  }
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** What one frame of each act does. */
function step(editor: Editor, ask: BenchAsk, n: number): void {
  const turn = n / 40;
  const [w, h] = editor.stage;
  if (ask.act === "pan") editor.pan(14 * Math.cos(turn), 9 * Math.sin(1.3 * turn));
  else if (ask.act === "zoom") editor.zoom(n % 80 < 40 ? 1.03 : 1 / 1.03);
  else {
    const at = [w / 2 + 120 * Math.cos(turn), h / 2 + 90 * Math.sin(turn)] as const;
    const [x, y] = [
      (at[0] - editor.view.x) / editor.view.scale,
      (at[1] - editor.view.y) / editor.view.scale,
    ];
    const reach = 7 / editor.view.scale;
    editor.pointerMove({ at: [x, y], reach, shift: false, alt: false, clicks: 0 });
  }
}

function begin(editor: Editor, ask: BenchAsk): void {
  const [w, h] = editor.stage;
  const at = [
    (w / 2 - editor.view.x) / editor.view.scale,
    (h / 2 - editor.view.y) / editor.view.scale,
  ] as const;
  const input = { at, reach: 7 / editor.view.scale, shift: false, alt: false, clicks: 1 };
  if (ask.act === "brush") {
    editor.takeTool("brush");
    editor.setBrush(40);
    editor.pointerDown(input);
  } else if (ask.act === "drag") {
    editor.takeTool("select");
    const near = editor.document.all()[0];
    if (near) editor.select([near.id]);
    editor.takeTool("box");
    editor.pointerDown(input);
  }
}

async function measure(editor: Editor, painter: Painter, ask: BenchAsk): Promise<BenchResult> {
  const count = ask.shapes ?? 2000;
  const frames = ask.frames ?? 240;
  editor.open(SIZE, sceneShapes(count, SIZE));
  editor.zoom(ask.zoom ?? 3);
  begin(editor, ask);
  for (let n = 0; n < 10; n += 1) await nextFrame();
  const drawing: number[] = [];
  painter.times = { drawing };
  const intervals: number[] = [];
  let last = await nextFrame();
  for (let n = 0; n < frames; n += 1) {
    step(editor, ask, n);
    const now = await nextFrame();
    intervals.push(now - last);
    last = now;
  }
  painter.times = null;
  editor.tool.cancel();
  return {
    act: ask.act,
    shapes: count,
    megapixels: Math.round((SIZE[0] * SIZE[1]) / 1e5) / 10,
    stage_wh: editor.stage,
    frames,
    interval_ms: spread(intervals),
    drawing_ms: spread(drawing),
  };
}

export default function BenchPage() {
  const [editor] = useState(() => {
    const made = new Editor();
    made.setStyles(classStyles(SCENE_CLASSES.map((name) => ({ name }))));
    made.open(SIZE, []);
    return made;
  });
  const [picture, setPicture] = useState<Picture | null>(null);
  const [painter, setPainter] = useState<Painter | null>(null);

  useEffect(() => {
    void sceneBitmap(SIZE).then((bitmap) => setPicture(new WholePicture(SIZE, bitmap)));
  }, []);

  const ready = painter !== null && picture !== null;
  useEffect(() => {
    if (!painter || !picture) return;
    window.pitmarkBench = { run: (ask) => measure(editor, painter, ask) };
    return () => {
      delete window.pitmarkBench;
    };
  }, [editor, painter, picture]);

  return (
    <div style={{ display: "grid", height: "100vh" }} data-bench-ready={ready || undefined}>
      <Stage editor={editor} picture={picture} label="Bench" onPainter={setPainter} />
    </div>
  );
}
