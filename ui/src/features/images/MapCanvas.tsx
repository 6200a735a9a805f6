/**
 * The points of the map on a plain canvas. WebGL libraries compile code while they run, which
 * the content policy of the server rightly forbids; a hundred thousand squares need neither.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Here, pictureUrl } from "@/api/here";
import type { MapPoints } from "@/api/types";
import { drawMap } from "@/features/images/mapDrawing";
import {
  fitted,
  inside,
  type MapView,
  nearest,
  panned,
  type Spot,
  toScreen,
  zoomed,
} from "@/features/images/mapView";
import type { Selection } from "@/features/images/selection";
import { ClassChip } from "@/ui/ClassChip";
import { type ClassColor, classColor } from "@/ui/classColors";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface MapCanvasProps {
  here: Here;
  points: MapPoints;
  byClass: boolean;
  selection: Selection;
  colors: (name: string) => ClassColor;
  onSelect: (shas: string[]) => void;
  onOpen: (sha: string) => void;
}

const LEGEND_MOST = 10;
const REACH_PX = 9;
const LEAST_DRAG_PX = 4;
const STEP_PX = 40;
const ZOOM = 1.25;

export function MapCanvas(props: MapCanvasProps) {
  const { here, points, byClass, selection, colors, onSelect, onOpen } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<Spot>([0, 0]);
  const [chosen, setView] = useState<MapView | null>(null);
  const [lasso, setLasso] = useState<Spot[]>([]);
  const [hover, setHover] = useState(-1);
  const drag = useRef<{ from: Spot; last: Spot; around: boolean; moved: boolean } | null>(null);
  const view = useMemo(() => chosen ?? fitted(points, size), [chosen, points, size]);
  const palette = useMemo(
    () => points.values.map((v, i) => (byClass ? colors(v) : classColor(i))),
    [points.values, byClass, colors],
  );
  useSize(canvas, setSize);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const frame = requestAnimationFrame(() =>
      drawMap(element, { points, view, size, palette, selection, lasso, hover }),
    );
    return () => cancelAnimationFrame(frame);
  }, [points, view, size, palette, selection, lasso, hover]);
  useWheel(canvas, (at, factor) => setView(zoomed(view, size, at, factor)));

  const down = (event: PointerEvent) => {
    const at = spotOf(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { from: at, last: at, around: event.shiftKey, moved: false };
    setLasso(event.shiftKey ? [at] : []);
  };
  const move = (event: PointerEvent) => {
    const at = spotOf(event);
    const now = drag.current;
    if (now === null) {
      setHover(nearest(points, view, size, at, REACH_PX));
      return;
    }
    now.moved ||= Math.hypot(at[0] - now.from[0], at[1] - now.from[1]) >= LEAST_DRAG_PX;
    if (now.around) setLasso((line) => [...line, at]);
    else if (now.moved) setView(panned(view, at[0] - now.last[0], at[1] - now.last[1]));
    now.last = at;
  };
  const up = (event: PointerEvent) => {
    const now = drag.current;
    drag.current = null;
    setLasso([]);
    if (now?.around && now.moved) {
      onSelect(inside(points, view, size, lasso).map((i) => points.sha256[i] ?? ""));
    } else if (now && !now.moved) {
      const sha = points.sha256[nearest(points, view, size, spotOf(event), REACH_PX)];
      if (sha !== undefined) onOpen(sha);
    }
  };
  const press = (event: KeyboardEvent) => {
    const [dx, dy] = ARROWS[event.key] ?? [0, 0];
    const middle: Spot = [size[0] / 2, size[1] / 2];
    if (dx !== 0 || dy !== 0) setView(panned(view, dx * STEP_PX, dy * STEP_PX));
    else if (event.key === "+") setView(zoomed(view, size, middle, ZOOM));
    else if (event.key === "-") setView(zoomed(view, size, middle, 1 / ZOOM));
    else if (event.key === "0") setView(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const hovered = points.sha256[hover];
  const [x, y] = toScreen(view, size, points.x[hover] ?? 0, points.y[hover] ?? 0);
  return (
    <div className={classes.mapCanvas}>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is moved by keys */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={words.mapKeys}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerLeave={() => setHover(-1)}
        onDoubleClick={() => setView(null)}
        onKeyDown={press}
      />
      <div className={classes.mapLegend}>
        {points.values.slice(0, LEGEND_MOST).map((value, i) => (
          <ClassChip
            key={value}
            name={value || words.none}
            color={palette[i] ?? classColor(-1)}
            onStage
          />
        ))}
      </div>
      {hovered === undefined ? null : (
        <img
          className={classes.mapHover}
          src={pictureUrl(here, hovered, 192)}
          alt=""
          style={{
            ...(x < size[0] / 2 ? { left: x + 12 } : { right: size[0] - x + 12 }),
            top: Math.max(6, y - 140),
          }}
        />
      )}
    </div>
  );
}

const ARROWS: Readonly<Record<string, Spot>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function spotOf(event: PointerEvent): Spot {
  const box = event.currentTarget.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

type CanvasRef = { readonly current: HTMLCanvasElement | null };

function useSize(canvas: CanvasRef, tell: (size: Spot) => void): void {
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => tell([element.clientWidth, element.clientHeight]));
    watch.observe(element);
    return () => watch.disconnect();
  }, [canvas, tell]);
}

/** The wheel zooms and does not scroll the page, which React's own events cannot prevent. */
function useWheel(canvas: CanvasRef, zoom: (at: Spot, factor: number) => void): void {
  const act = useRef(zoom);
  act.current = zoom;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const at: Spot = [event.clientX - box.left, event.clientY - box.top];
      act.current(at, Math.exp(-event.deltaY / 400));
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [canvas]);
}
