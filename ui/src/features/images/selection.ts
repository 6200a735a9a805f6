/**
 * Which images are selected. Either some by hash, or all that the filter leaves: then the
 * server knows which, and the page needs no list of a hundred thousand.
 */

export interface Selection {
  shas: ReadonlySet<string>;
  all: boolean;
  /** Where a range begins. */
  anchor: number | null;
  /** Where the keyboard is. */
  focus: number;
}

export type SelectionStep =
  | { kind: "only"; index: number; sha: string }
  | { kind: "toggle"; index: number; sha: string }
  | { kind: "range"; index: number; shas: readonly string[]; add: boolean }
  | { kind: "these"; shas: readonly string[] }
  | { kind: "focus"; index: number }
  | { kind: "reach"; index: number }
  | { kind: "all" }
  | { kind: "none" };

export const NOTHING: Selection = { shas: new Set(), all: false, anchor: null, focus: 0 };

export function selectionAfter(before: Selection, step: SelectionStep): Selection {
  switch (step.kind) {
    case "only":
      return { shas: new Set([step.sha]), all: false, anchor: step.index, focus: step.index };
    case "toggle":
      return {
        shas: toggled(before.all ? new Set() : before.shas, step.sha),
        all: false,
        anchor: step.index,
        focus: step.index,
      };
    case "range": {
      const kept = step.add && !before.all ? [...before.shas] : [];
      return {
        ...before,
        shas: new Set([...kept, ...step.shas]),
        all: false,
        focus: step.index,
      };
    }
    case "these":
      return { ...before, shas: new Set(step.shas), all: false, anchor: null };
    case "focus":
      return { ...before, anchor: null, focus: step.index };
    case "reach":
      // A range begins where the keyboard was, and goes on from there.
      return { ...before, anchor: before.anchor ?? before.focus, focus: step.index };
    case "all":
      return { ...before, shas: new Set(), all: true };
    case "none":
      return { ...before, shas: new Set(), all: false, anchor: null };
  }
}

export function isSelected(selection: Selection, sha: string): boolean {
  return selection.all || selection.shas.has(sha);
}

export function selectedCount(selection: Selection, total: number): number {
  return selection.all ? total : selection.shas.size;
}

/** First and last place of a range, whichever way it was drawn. */
export function rangeEnds(selection: Selection, index: number): [number, number] {
  const anchor = selection.anchor ?? selection.focus;
  return [Math.min(anchor, index), Math.max(anchor, index)];
}

/** Where a key leads from a place of a grid; null for keys that do not move. */
export function placeAfter(
  key: string,
  at: number,
  grid: { total: number; columns: number; rows: number },
): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -grid.columns,
    ArrowDown: grid.columns,
    PageUp: -grid.columns * grid.rows,
    PageDown: grid.columns * grid.rows,
    Home: -at,
    End: grid.total - 1 - at,
  };
  const step = steps[key];
  if (step === undefined || grid.total === 0) return null;
  return Math.max(0, Math.min(grid.total - 1, at + step));
}

function toggled(shas: ReadonlySet<string>, sha: string): Set<string> {
  const out = new Set(shas);
  if (!out.delete(sha)) out.add(sha);
  return out;
}
