/** The outbox of the person who is signed in; it goes on sending when the page is left. */

import { ApiProblem, call } from "@/api/client";
import { projectPath } from "@/api/here";
import type { Labels, SaveLabels } from "@/api/types";
import { type Entry, Outbox, type Sent } from "./outbox";
import { bestStore, LazyStore } from "./stores";

type Taken = (entry: Entry, labels: Labels) => void;

let ours: Outbox | null = null;
const takers = new Set<Taken>();

/** Told of every word that the server has taken. */
export function onTaken(listener: Taken): () => void {
  takers.add(listener);
  return () => takers.delete(listener);
}

export function outboxOf(who: string): Outbox {
  if (ours?.who !== who) {
    ours = new Outbox({ who, store: new LazyStore(bestStore()), send: sendEntry });
    void ours.start();
  }
  return ours;
}

window.addEventListener("online", () => ours?.flush());
document.addEventListener("visibilitychange", () => ours?.flush());

/** What an error of the server means for an entry. */
export function outcomeOf(error: ApiProblem): Sent {
  if (error.status === 401) return { what: "later", why: "signed-out" };
  if (error.status === 0 || error.status === 429 || error.status >= 500) {
    return { what: "later", why: "offline" };
  }
  const { code, message, hint } = error;
  return { what: "refused", problem: { code, message, hint } };
}

async function sendEntry(entry: Entry): Promise<Sent> {
  const body: SaveLabels = { shapes: entry.shapes, key: entry.key };
  try {
    const path = projectPath(entry, `/images/${entry.sha256}/labels`);
    const labels = await call<Labels>("PUT", path, { body });
    for (const taken of takers) taken(entry, labels);
    return { what: "taken" };
  } catch (error) {
    if (error instanceof ApiProblem) return outcomeOf(error);
    return { what: "later", why: "offline" };
  }
}
