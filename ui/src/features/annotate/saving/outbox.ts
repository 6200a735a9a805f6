/**
 * Labels on their way to the server. What a person says about an image is kept on this
 * computer first and sent then; a newer word on the same image takes the place of an unsent
 * one. Annotations are append-only per labeler, so sending never conflicts, and the key of
 * an entry makes sending it twice harmless.
 */

import type { Problem, Shape } from "@/api/types";

export interface Entry {
  /** Who, where and which image: there is one entry for each. */
  readonly id: string;
  readonly who: string;
  readonly organisation: string;
  readonly project: string;
  readonly sha256: string;
  /** All shapes of the image; null takes back what this person said. */
  readonly shapes: Shape[] | null;
  /** Names this word for the server. */
  readonly key: string;
  readonly at: string;
  /** Why the server did not take it; it is not sent again as it is. */
  readonly refused?: Problem;
}

export interface Place {
  readonly organisation: string;
  readonly project: string;
}

/** Where entries survive that the page is closed; all windows of a browser share it. */
export interface EntryStore {
  all(): Promise<Entry[]>;
  get(id: string): Promise<Entry | undefined>;
  put(entry: Entry): Promise<void>;
  /** Put `by`, or nothing, in the place of an entry, unless a newer one is there. */
  replace(entry: Entry, by: Entry | null): Promise<void>;
}

/** What came of sending: taken, try again later, or never as it is. */
export type Sent =
  | { readonly what: "taken" }
  | { readonly what: "later"; readonly why: "offline" | "signed-out" }
  | { readonly what: "refused"; readonly problem: Problem };

export type SavingState =
  | { readonly kind: "saved" }
  | { readonly kind: "saving"; readonly count: number }
  | { readonly kind: "offline"; readonly count: number }
  | { readonly kind: "signed-out"; readonly count: number }
  | {
      readonly kind: "refused";
      readonly problem: Problem;
      readonly project: string;
      readonly sha256: string;
    };

export interface OutboxParts {
  readonly who: string;
  readonly store: EntryStore;
  readonly send: (entry: Entry) => Promise<Sent>;
  /** Wait some time; `wake` ends it early. */
  readonly pause?: (ms: number, wake: AbortSignal) => Promise<void>;
  readonly newKey?: () => string;
  readonly chance?: () => number;
}

/** A little wait, so that strokes in quick succession are one revision. */
const GATHER_MS = 800;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export function entryId(who: string, place: Place, sha256: string): string {
  return JSON.stringify([who, place.organisation, place.project, sha256]);
}

export class Outbox {
  readonly who: string;
  private readonly store: EntryStore;
  private readonly send: (entry: Entry) => Promise<Sent>;
  private readonly pause: (ms: number, wake: AbortSignal) => Promise<void>;
  private readonly newKey: () => string;
  private readonly chance: () => number;
  private readonly entries = new Map<string, Entry>();
  // Said a moment ago: more on the same image may follow.
  private readonly fresh = new Set<string>();
  // Keys of words that the store has not taken, or not yet.
  private readonly unkept = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private running: Promise<void> | null = null;
  private wake = new AbortController();
  private trouble: "offline" | "signed-out" | null = null;
  private failures = 0;
  private loaded: Promise<void> | null = null;
  private shown: SavingState = { kind: "saved" };

  constructor(parts: OutboxParts) {
    this.who = parts.who;
    this.store = parts.store;
    this.send = parts.send;
    this.pause = parts.pause ?? pauseFor;
    this.newKey = parts.newKey ?? (() => crypto.randomUUID());
    this.chance = parts.chance ?? Math.random;
  }

  /** Read what was left unsent, and go on sending it. */
  start(): Promise<void> {
    this.loaded ??= this.load();
    return this.loaded;
  }

  private async load(): Promise<void> {
    for (const entry of await this.store.all()) {
      // A newer word may have come while the old ones were read.
      if (entry.who === this.who && !this.entries.has(entry.id))
        this.entries.set(entry.id, entry);
    }
    this.tell();
    this.run();
  }

  /** What this person said about an image and the server has not got yet. */
  pending(place: Place, sha256: string): Entry | null {
    return this.entries.get(entryId(this.who, place, sha256)) ?? null;
  }

  /** Keep a word on this computer; resolves when it is kept. It is sent after that. */
  async put(place: Place, sha256: string, shapes: Shape[] | null): Promise<void> {
    const entry: Entry = {
      id: entryId(this.who, place, sha256),
      who: this.who,
      organisation: place.organisation,
      project: place.project,
      sha256,
      shapes,
      key: this.newKey(),
      at: new Date().toISOString(),
    };
    this.entries.set(entry.id, entry);
    this.fresh.add(entry.id);
    this.unkept.add(entry.key);
    this.tell();
    try {
      await this.store.put(entry);
      this.unkept.delete(entry.key);
    } finally {
      this.run();
    }
  }

  /** Send at once: the connection is back, or the person goes on to another image. */
  flush(): void {
    this.wake.abort();
    this.run();
  }

  /** Give up a word that the server refused; another project may have the same image. */
  async forget(project: string, sha256: string): Promise<void> {
    for (const entry of [...this.entries.values()]) {
      if (entry.project !== project || entry.sha256 !== sha256 || !entry.refused) continue;
      this.entries.delete(entry.id);
      await this.store.replace(entry, null);
    }
    this.tell();
  }

  get state(): SavingState {
    return this.shown;
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Resolves when everything that can be sent has been sent. */
  async idle(): Promise<void> {
    await this.loaded;
    await this.running;
  }

  private run(): void {
    this.running ??= this.sendAll().finally(() => {
      this.running = null;
      if (this.next()) this.run();
    });
  }

  private next(): Entry | undefined {
    return [...this.entries.values()].find((entry) => !entry.refused);
  }

  private async sendAll(): Promise<void> {
    for (let entry = this.next(); entry; entry = this.next()) {
      if (this.fresh.has(entry.id)) {
        await this.wait(GATHER_MS);
        this.fresh.clear();
        continue;
      }
      if (await this.isOutdated(entry)) {
        if (this.isNewest(entry)) this.entries.delete(entry.id);
        this.tell();
        continue;
      }
      const sent = await this.send(entry);
      await this.settle(entry, sent);
      if (sent.what === "later") await this.wait(this.retryMs());
    }
  }

  /** Whether another window has sent this word, or keeps a newer one and will send that. */
  private async isOutdated(entry: Entry): Promise<boolean> {
    if (this.unkept.has(entry.key)) return false;
    const kept = await this.store.get(entry.id).catch(() => entry);
    return kept?.key !== entry.key;
  }

  private isNewest(entry: Entry): boolean {
    return this.entries.get(entry.id)?.key === entry.key;
  }

  private async settle(entry: Entry, sent: Sent): Promise<void> {
    this.trouble = sent.what === "later" ? sent.why : null;
    this.failures = sent.what === "later" ? this.failures + 1 : 0;
    const refused = sent.what === "refused" ? { ...entry, refused: sent.problem } : null;
    if (sent.what !== "later") {
      this.unkept.delete(entry.key);
      if (this.isNewest(entry) && refused) this.entries.set(entry.id, refused);
      else if (this.isNewest(entry)) this.entries.delete(entry.id);
      await this.store.replace(entry, refused);
    }
    this.tell();
  }

  private retryMs(): number {
    const full = Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LONGEST_RETRY_MS);
    // Half of it by chance: many pages must not all come back at the same moment.
    return full * (0.5 + 0.5 * this.chance());
  }

  private async wait(ms: number): Promise<void> {
    this.wake = new AbortController();
    await this.pause(ms, this.wake.signal);
  }

  private tell(): void {
    this.shown = this.stateNow();
    for (const listener of this.listeners) listener();
  }

  private stateNow(): SavingState {
    const all = [...this.entries.values()];
    const waiting = all.filter((entry) => !entry.refused).length;
    if (waiting > 0) return { kind: this.trouble ?? "saving", count: waiting };
    const refused = all.find((entry) => entry.refused);
    if (refused?.refused) {
      const { project, sha256 } = refused;
      return { kind: "refused", problem: refused.refused, project, sha256 };
    }
    return { kind: "saved" };
  }
}

function pauseFor(ms: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
