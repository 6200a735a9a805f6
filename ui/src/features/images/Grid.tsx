/** Pictures side by side: only those in sight are on the page, however many there are. */
import { Button } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  useEffect,
  useMemo,
  useRef,
} from "react";
import type { Here } from "@/api/here";
import { GridRow, type RowLook } from "@/features/images/GridRow";
import {
  placeAfter,
  rangeEnds,
  type Selection,
  type SelectionStep,
} from "@/features/images/selection";
import type { Gallery, Seen } from "@/features/images/useGallery";
import { useHurry } from "@/features/images/useHurry";
import type { ClassColor } from "@/ui/classColors";
import { Empty } from "@/ui/Empty";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

export type GridSize = "s" | "m" | "l";

interface GridProps {
  here: Here;
  gallery: Gallery;
  size: GridSize;
  selection: Selection;
  /** The image that the drawer shows. */
  opened: string | undefined;
  step: (step: SelectionStep) => void;
  colors: (name: string) => ClassColor;
  onSeen: (seen: Seen) => void;
  onOpen: (sha: string) => void;
  onLabel: (sha: string) => void;
  onClear: () => void;
}

const CELL_PX: Record<GridSize, number> = { s: 112, m: 178, l: 290 };
const GAP_PX = 6;
const RATIO = 3 / 4;
const OVERSCAN = 3;

export function Grid(props: GridProps) {
  const { here, gallery, size, selection, step, colors, onSeen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sized, width, height } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(scroller, sized);
  const total = gallery.total ?? 0;
  const columns = Math.max(1, Math.floor((width + GAP_PX) / (CELL_PX[size] + GAP_PX)));
  const cellWidth = (width - GAP_PX * (columns - 1)) / columns;
  const rowHeight = Math.round(cellWidth * RATIO) + GAP_PX;
  const rows = useVirtualizer({
    count: Math.ceil(total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are of another height then
  useEffect(() => rows.measure(), [rowHeight, rows]);
  const shown = rows.getVirtualItems();
  const first = (shown[0]?.index ?? 0) * columns;
  const last = ((shown.at(-1)?.index ?? 0) + 1) * columns - 1;
  const slots = Math.ceil(height / rowHeight) + 2 * OVERSCAN + 2;
  const look = useMemo<RowLook>(
    () => ({ columns, cellPx: cellWidth, heightPx: rowHeight - GAP_PX, total }),
    [columns, cellWidth, rowHeight, total],
  );
  const sheet = { height: rows.getTotalSize(), "--columns": columns } as CSSProperties;
  const { hurried, onScroll } = useHurry();
  const asked = useRef(0);
  // Nobody asks for what flies by.
  useEffect(() => {
    if (!hurried) onSeen({ first, last });
  }, [first, last, hurried, onSeen]);
  if (gallery.total === 0) {
    return (
      <div className={`${classes.stageEmpty} pm-stage`}>
        <Empty order={2} title={words.emptyTitle} text={words.emptyText}>
          <Button onClick={props.onClear}>{words.clear}</Button>
        </Empty>
      </div>
    );
  }
  const grid = { total, columns, rows: Math.max(1, Math.floor(height / rowHeight)) };
  const extend = async (index: number, add: boolean) => {
    const [from, to] = rangeEnds(selection, index);
    step({ kind: "reach", index });
    asked.current += 1;
    const own = asked.current;
    const shas = await gallery.shasOf(from, to);
    // A range that was drawn meanwhile is the one that counts.
    if (own === asked.current) step({ kind: "range", index, shas, add });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moved = placeAfter(event.key, selection.focus, grid);
    if (moved !== null) {
      event.preventDefault();
      rows.scrollToIndex(Math.floor(moved / columns));
      const there = gallery.at(moved)?.sha256;
      if (event.shiftKey) void extend(moved, false);
      else step({ kind: "focus", index: moved });
      if (props.opened !== undefined && there !== undefined) props.onOpen(there);
      return;
    }
    if (keyActs(event, selection, props)) event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const index = indexOf(event.target);
    const sha = index === null ? undefined : gallery.at(index)?.sha256;
    if (index === null || sha === undefined) return;
    if (event.shiftKey) void extend(index, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey) step({ kind: "toggle", index, sha });
    else {
      step({ kind: "none" });
      step({ kind: "focus", index });
      props.onOpen(sha);
    }
  };
  const onDoubleClick = (event: MouseEvent) => {
    const index = indexOf(event.target);
    const sha = index === null ? undefined : gallery.at(index)?.sha256;
    if (sha !== undefined) props.onLabel(sha);
  };
  return (
    <div
      ref={ref}
      className={`${classes.grid} pm-stage`}
      role="listbox"
      tabIndex={0}
      aria-label={words.grid}
      aria-multiselectable="true"
      aria-activedescendant={`cell-${selection.focus}`}
      title=""
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
    >
      <div className={classes.sheet} style={sheet}>
        {inSlots(shown, slots).map(
          (row, slot) =>
            row && (
              <GridRow
                // biome-ignore lint/suspicious/noArrayIndexKey: the elements stay, rows change
                key={slot}
                here={here}
                gallery={gallery}
                row={row.index}
                topPx={row.start}
                look={look}
                selection={selection}
                opened={props.opened}
                hurried={hurried}
                colors={colors}
              />
            ),
        )}
      </div>
    </div>
  );
}

/** Rows by the elements that show them: a row that comes takes those of one that went. */
function inSlots(shown: readonly VirtualItem[], slots: number): (VirtualItem | undefined)[] {
  const out = new Array<VirtualItem | undefined>(Math.max(slots, shown.length)).fill(undefined);
  for (const row of shown) out[row.index % out.length] = row;
  return out;
}

/** Which image of the grid a place of the page belongs to. */
function indexOf(target: EventTarget): number | null {
  const cell = target instanceof Element ? target.closest("[data-index]") : null;
  return cell instanceof HTMLElement ? Number(cell.dataset.index) : null;
}

/** What keys do that move nothing; whether this one did anything. */
function keyActs(event: KeyboardEvent, selection: Selection, props: GridProps): boolean {
  const sha = props.gallery.at(selection.focus)?.sha256;
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key.toLowerCase() === "a") props.step({ kind: "all" });
  else if (control || event.altKey) return false;
  else if (event.key === "Escape") props.step({ kind: "none" });
  else if (sha === undefined) return false;
  else if (event.key === " ") props.step({ kind: "toggle", index: selection.focus, sha });
  else if (event.key === "Enter") props.onOpen(sha);
  // With the drawer open the page has this key, and would be the second to act.
  else if (event.key.toLowerCase() === "e" && props.opened === undefined) props.onLabel(sha);
  else return false;
  return true;
}
