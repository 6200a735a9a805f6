/** The dark stage: binds pointer, wheel and space to an editor, and its painter to a canvas. */

import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Editor } from "./editor";
import { distance, type Point } from "./geometry";
import { isTyping } from "./keymap";
import { Painter } from "./paint/painter";
import type { Picture } from "./paint/picture";
import classes from "./Stage.module.css";
import { handleAt } from "./tools/dragging";
import type { PointerInput } from "./tools/tool";
import { toImage, type View } from "./viewport";

interface StageProps {
  editor: Editor;
  picture: Picture | null;
  /** What is seen, for those who do not see it. */
  label: string;
  /** Pointer only looks: no selecting, no drawing. */
  still?: boolean;
  onPainter?: (painter: Painter | null) => void;
  children?: ReactNode;
}

const REACH_PX = 7;
const TOUCH_REACH_PX = 16;
const WHEEL_STEP = 0.0016;
const PINCH_STEP = 0.01;
const MOST_WHEEL = 120;

/** Render again whenever the state of an editor changes; `live` within a drag too. */
export function useEditor(editor: Editor, live = false): void {
  useSyncExternalStore(editor.listenState, () => (live ? editor.liveVersion : editor.version));
}

/** What is seen, rendered again whenever that changes. */
export function useView(editor: Editor): View {
  return useSyncExternalStore(
    (tell) => editor.listenDraw(() => tell()),
    () => editor.view,
  );
}

export function Stage({
  editor,
  picture,
  label,
  still = false,
  onPainter,
  children,
}: StageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const [painter, setPainter] = useState<Painter | null>(null);

  useEffect(() => {
    if (!canvas.current || !place.current) return;
    const made = new Painter(canvas.current, editor);
    const hands = new Hands(canvas.current, editor, still);
    const fitting = () => {
      const box = place.current?.getBoundingClientRect();
      if (box) made.resize([box.width, box.height], window.devicePixelRatio || 1);
    };
    const watch = new ResizeObserver(fitting);
    watch.observe(place.current);
    fitting();
    setPainter(made);
    onPainter?.(made);
    return () => {
      watch.disconnect();
      hands.letGo();
      made.close();
      setPainter(null);
      onPainter?.(null);
    };
  }, [editor, still, onPainter]);

  useEffect(() => painter?.show(picture), [painter, picture]);

  return (
    <div className={`${classes.place} pm-stage`} ref={place}>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys of its own */}
      <canvas
        ref={canvas}
        className={classes.canvas}
        tabIndex={0}
        role="application"
        aria-label={label}
      />
      {children}
    </div>
  );
}

/** Turns events of the page into inputs of the editor. */
class Hands {
  private readonly canvas: HTMLCanvasElement;
  private readonly editor: Editor;
  private readonly still: boolean;
  private readonly ended = new AbortController();
  private readonly fingers = new Map<number, Point>();
  private panFrom: Point | null = null;
  private space = false;
  private drawing = false;

  constructor(canvas: HTMLCanvasElement, editor: Editor, still: boolean) {
    this.canvas = canvas;
    this.editor = editor;
    this.still = still;
    const { signal } = this.ended;
    canvas.addEventListener("pointerdown", this.down, { signal });
    canvas.addEventListener("pointermove", this.move, { signal });
    canvas.addEventListener("pointerup", this.up, { signal });
    canvas.addEventListener("pointercancel", this.up, { signal });
    canvas.addEventListener("pointerleave", () => editor.pointerLeave(), { signal });
    canvas.addEventListener("wheel", this.wheel, { signal, passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    canvas.addEventListener("auxclick", (event) => event.preventDefault(), { signal });
    window.addEventListener("keydown", this.key, { signal });
    window.addEventListener("keyup", this.key, { signal });
    window.addEventListener("blur", () => this.holdSpace(false), { signal });
  }

  letGo(): void {
    this.ended.abort();
  }

  private readonly key = (event: KeyboardEvent) => {
    if (event.key !== " ") return;
    const button =
      event.target instanceof HTMLElement && event.target.closest("button, a, [role=tab]");
    if (isTyping(event.target) || button) return;
    event.preventDefault();
    this.holdSpace(event.type === "keydown");
  };

  private holdSpace(held: boolean): void {
    this.space = held;
    this.showCursor(null);
  }

  private at(event: PointerEvent | WheelEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private input(event: PointerEvent): PointerInput {
    const reach = event.pointerType === "touch" ? TOUCH_REACH_PX : REACH_PX;
    return {
      at: toImage(this.editor.view, this.at(event)),
      reach: reach / this.editor.view.scale,
      shift: event.shiftKey,
      alt: event.altKey,
      clicks: event.detail,
    };
  }

  private readonly down = (event: PointerEvent) => {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") {
      this.fingers.set(event.pointerId, this.at(event));
      if (this.fingers.size > 1) {
        this.drawing = false;
        this.editor.tool.cancel();
        return;
      }
    }
    if (this.space || event.button === 1 || event.button === 2 || this.still) {
      this.panFrom = this.at(event);
    } else if (event.button === 0) {
      this.drawing = true;
      this.editor.pointerDown(this.input(event));
    }
    this.showCursor(event);
  };

  private readonly move = (event: PointerEvent) => {
    const at = this.at(event);
    if (this.fingers.size > 1) {
      this.pinch(event.pointerId, at);
      return;
    }
    if (this.panFrom) {
      this.editor.pan(at[0] - this.panFrom[0], at[1] - this.panFrom[1]);
      this.panFrom = at;
      return;
    }
    if (this.still) return;
    // The points between two frames too: a fast stroke stays round.
    const steps = this.drawing ? (event.getCoalescedEvents?.() ?? []) : [];
    for (const step of steps.length > 0 ? steps : [event]) {
      this.editor.pointerMove({ ...this.input(step), clicks: 0 });
    }
    this.showCursor(event);
  };

  private readonly up = (event: PointerEvent) => {
    this.fingers.delete(event.pointerId);
    if (this.panFrom) this.panFrom = null;
    else if (this.drawing) {
      this.drawing = false;
      if (event.type === "pointercancel") this.editor.tool.cancel();
      else this.editor.pointerUp(this.input(event));
    }
    this.showCursor(event);
  };

  private readonly wheel = (event: WheelEvent) => {
    event.preventDefault();
    if (event.shiftKey && !event.ctrlKey) {
      this.editor.pan(-event.deltaY - event.deltaX, 0);
      return;
    }
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, event.deltaY * lines));
    const factor = Math.exp(-delta * (event.ctrlKey ? PINCH_STEP : WHEEL_STEP));
    this.editor.zoom(factor, this.at(event));
  };

  private pinch(id: number, at: Point): void {
    const before = this.fingers.get(id);
    const other = [...this.fingers].find(([key]) => key !== id)?.[1];
    this.fingers.set(id, at);
    if (!before || !other) return;
    const factor = distance(at, other) / Math.max(distance(before, other), 1);
    this.editor.zoom(factor, [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
    this.editor.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  }

  private showCursor(event: PointerEvent | null): void {
    this.canvas.style.cursor = this.cursorFor(event);
  }

  private cursorFor(event: PointerEvent | null): string {
    const { editor } = this;
    if (this.panFrom) return "grabbing";
    if (this.space || this.still) return "grab";
    if (!event || editor.readOnly) return "default";
    if (editor.toolName === "brush" || editor.toolName === "eraser") return "none";
    const input = this.input(event);
    const handle = editor.tool.draft ? null : handleAt(editor, input);
    if (handle) return handle.cursor;
    if (editor.toolName !== "select") return "crosshair";
    if (editor.hovered !== null) return "move";
    return editor.suggestionAt(input.at, input.reach) ? "pointer" : "default";
  }
}
