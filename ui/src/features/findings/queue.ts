/** The findings that wait, as this page goes through them: what is skipped comes last. */

import type { Finding } from "@/api/types";

export interface Queue {
  /** In order; the first one is shown. */
  readonly items: readonly Finding[];
  /** Ids that were skipped, in the order of skipping. */
  readonly skipped: readonly string[];
  /** Ids that were decided here, and may still come from a server that does not know yet. */
  readonly decided: ReadonlySet<string>;
  /** Asked for by its address or taken back: first, whether it is in the list or not. */
  readonly pinned: Finding | null;
}

export const EMPTY: Queue = { items: [], skipped: [], decided: new Set(), pinned: null };

/** The queue with what the server sent: its order, without what is decided, skipped last. */
export function filled(queue: Queue, sent: readonly Finding[]): Queue {
  const open = sent.filter((f) => !queue.decided.has(f.id) && f.id !== queue.pinned?.id);
  const first = queue.pinned ? [queue.pinned] : [];
  const current = queue.items[0];
  const keep =
    current && !queue.skipped.includes(current.id) && open.some((f) => f.id === current.id);
  // The one that is looked at stays, whatever the new order says.
  const rest = keep ? open.filter((f) => f.id !== current.id) : open;
  const fresh = rest.filter((f) => !queue.skipped.includes(f.id));
  const late = queue.skipped.flatMap((id) => rest.find((f) => f.id === id) ?? []);
  return { ...queue, items: [...first, ...(keep ? [current] : []), ...fresh, ...late] };
}

export function decided(queue: Queue, id: string): Queue {
  return {
    items: queue.items.filter((f) => f.id !== id),
    skipped: queue.skipped.filter((s) => s !== id),
    decided: new Set([...queue.decided, id]),
    pinned: unpinned(queue, id),
  };
}

export function skipped(queue: Queue, id: string): Queue {
  const one = queue.items.find((f) => f.id === id);
  if (!one) return queue;
  return {
    ...queue,
    items: [...queue.items.filter((f) => f.id !== id), one],
    skipped: [...queue.skipped.filter((s) => s !== id), id],
    pinned: unpinned(queue, id),
  };
}

function unpinned(queue: Queue, id: string): Finding | null {
  return queue.pinned?.id === id ? null : queue.pinned;
}

/** A finding back at the front: its decision failed or was taken back. */
export function returned(queue: Queue, finding: Finding): Queue {
  const others = new Set(queue.decided);
  others.delete(finding.id);
  return {
    items: [finding, ...queue.items.filter((f) => f.id !== finding.id)],
    skipped: queue.skipped.filter((s) => s !== finding.id),
    decided: others,
    pinned: finding,
  };
}
