/** Points in WebGL: a hundred thousand of them can be panned, zoomed and lassoed. */

import { useEffect, useMemo, useRef, useState } from "react";
import createScatterplot from "regl-scatterplot";
import { type Here, pictureUrl } from "@/api/here";
import type { MapPoints } from "@/api/types";
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

type Scatterplot = ReturnType<typeof createScatterplot>;

const LEGEND_MOST = 10;

export function MapCanvas(props: MapCanvasProps) {
  const { here, points, byClass, selection, colors } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const plot = useRef<Scatterplot | null>(null);
  const act = useRef(props);
  act.current = props;
  const [broken, setBroken] = useState(false);
  const [hover, setHover] = useState<{ sha: string; x: number; y: number } | null>(null);
  const palette = useMemo(
    () => points.values.map((v, i) => (byClass ? colors(v) : classColor(i))),
    [points.values, byClass, colors],
  );
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const made = open(element);
    if (made === null) {
      setBroken(true);
      return;
    }
    plot.current = made;
    made.subscribe("select", ({ points: chosen }: { points: number[] }) => {
      const { points: all, onSelect, onOpen } = act.current;
      const shas = chosen.map((i) => all.sha256[i] ?? "");
      if (shas.length === 1 && shas[0]) onOpen(shas[0]);
      else onSelect(shas);
    });
    made.subscribe("pointOver", (i: number) => {
      const [x = 0, y = 0] = made.getScreenPosition(i) ?? [];
      setHover({ sha: act.current.points.sha256[i] ?? "", x, y });
    });
    made.subscribe("pointOut", () => setHover(null));
    const resize = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      made.set({ width, height });
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.set({ colorBy: "valueA", pointColor: palette.map((c) => c.color) });
    void plot.current?.draw({ x: points.x, y: points.y, valueA: points.value });
  }, [points, palette]);
  useEffect(() => {
    if (plot.current === null) return;
    const chosen = selection.all
      ? []
      : points.sha256.flatMap((sha, i) => (selection.shas.has(sha) ? [i] : []));
    plot.current.select(chosen, { preventEvent: true });
  }, [selection, points.sha256]);
  if (broken) return <p className={classes.mapHead}>{words.mapNoGl}</p>;
  return (
    <div className={classes.mapCanvas}>
      <canvas ref={canvas} />
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
      {hover ? (
        <img
          className={classes.mapHover}
          src={pictureUrl(here, hover.sha, 192)}
          alt=""
          style={{ left: hover.x + 12, top: Math.max(6, hover.y - 140) }}
        />
      ) : null}
    </div>
  );
}

function open(canvas: HTMLCanvasElement): Scatterplot | null {
  const { width, height } = canvas.getBoundingClientRect();
  try {
    return createScatterplot({
      canvas,
      width,
      height,
      pointSize: 6,
      opacity: 0.85,
      backgroundColor: "#17191b",
      lassoColor: "#ffffff",
      pointColorActive: "#ffffff",
      pointColorHover: "#ffffff",
      pointOutlineWidth: 2,
    });
  } catch {
    return null;
  }
}
