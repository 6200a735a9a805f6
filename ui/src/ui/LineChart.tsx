/** A line over numbers, drawn by uPlot: quick enough to follow a training. */
import { useMantineColorScheme } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { countText } from "@/ui/figures";

interface LineChartProps {
  xs: readonly number[];
  ys: readonly number[];
  xName: string;
  yName: string;
  height?: number;
}

export function LineChart({ xs, ys, xName, yName, height = 260 }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(box, sized);
  const plot = useRef<UPlot | null>(null);
  const { colorScheme } = useMantineColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colors are read anew with the scheme
  useEffect(() => {
    const place = box.current;
    if (place === null || width === 0) return;
    const made = new UPlot(options({ width, height, xName, yName }), [[], []], place);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [width, height, xName, yName, colorScheme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a plot made anew is empty
  useEffect(() => {
    plot.current?.setData([[...xs], [...ys]]);
  }, [xs, ys, width, height, xName, yName, colorScheme]);
  return <div ref={ref} style={{ height, minWidth: 0 }} role="img" aria-label={yName} />;
}

interface Wanted {
  width: number;
  height: number;
  xName: string;
  yName: string;
}

function options({ width, height, xName, yName }: Wanted): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: read("--mantine-color-dimmed"),
    grid: { stroke: read("--pm-line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    labelSize: 20,
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, label: xName, values: (_, ticks) => ticks.map(countText) },
      { ...axis, label: yName, size: 52 },
    ],
    series: [
      {},
      { stroke: read("--pm-accent-text"), width: 2, points: { show: false }, label: yName },
    ],
  };
}
