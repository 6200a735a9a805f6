/** The outbox of the person who is signed in; it goes on sending when the page is left. */

import type { Labels } from "@/api/types";
import { queryClient } from "@/app/queryClient";
import { type Entry, Outbox } from "./outbox";
import { sendEntry } from "./sending";
import { bestStore, LazyStore } from "./stores";

type Taken = (entry: Entry, labels: Labels) => void;

const outboxes = new Map<string, Outbox>();
const takers = new Set<Taken>();

/** Told of every word that the server has taken. */
export function onTaken(listener: Taken): () => void {
  takers.add(listener);
  return () => takers.delete(listener);
}

export function outboxOf(who: string): Outbox {
  const known = outboxes.get(who);
  if (known) return known;
  const made = new Outbox({ who, store: new LazyStore(bestStore()), send });
  outboxes.set(who, made);
  void made.start();
  return made;
}

function send(entry: Entry) {
  return sendEntry(queryClient, entry, (labels) => {
    for (const taken of takers) taken(entry, labels);
  });
}

function flushAll(): void {
  for (const outbox of outboxes.values()) outbox.flush();
}

window.addEventListener("online", flushAll);
document.addEventListener("visibilitychange", flushAll);
