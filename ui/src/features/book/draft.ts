/** Changes to a label book before they are saved: pure functions from book to book. */

import type { BookClass, LabelBook, Rule } from "@/api/types";
import { book as words } from "@/words/book";
import { ruleText } from "@/words/rules";

export type Side = "examples" | "counter_examples";

export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function emptyClass(name: string): BookClass {
  return {
    name,
    definition: "",
    examples: [],
    counter_examples: [],
    rules: [],
    good: false,
    must_catch: false,
  };
}

export function withClass(book: LabelBook, place: number, entry: BookClass): LabelBook {
  return { ...book, classes: book.classes.map((c, n) => (n === place ? entry : c)) };
}

export function withoutClass(book: LabelBook, place: number): LabelBook {
  return { ...book, classes: book.classes.filter((_, n) => n !== place) };
}

export function movedClass(book: LabelBook, from: number, to: number): LabelBook {
  const classes = [...book.classes];
  const [entry] = classes.splice(from, 1);
  if (!entry || to < 0 || to > classes.length) return book;
  classes.splice(to, 0, entry);
  return { ...book, classes };
}

/** A picture on one side is not on the other. */
export function withPicture(entry: BookClass, side: Side, sha256: string): BookClass {
  const without = withoutPicture(entry, sha256);
  return { ...without, [side]: [...without[side], sha256] };
}

export function withoutPicture(entry: BookClass, sha256: string): BookClass {
  return {
    ...entry,
    examples: entry.examples.filter((s) => s !== sha256),
    counter_examples: entry.counter_examples.filter((s) => s !== sha256),
  };
}

/** What is wrong with a rule, or null. */
export function ruleFault(rule: Rule): string | null {
  if (rule.minimum == null && rule.maximum == null) return words.ruleEmpty;
  if (rule.minimum != null && rule.maximum != null && rule.minimum > rule.maximum) {
    return words.ruleTurned;
  }
  return null;
}

export function nameFault(book: LabelBook, place: number): string | null {
  const name = book.classes[place]?.name.trim() ?? "";
  if (name === "") return words.nameEmpty;
  const same = book.classes.some((c, n) => n !== place && c.name.trim() === name);
  return same ? words.nameTwice : null;
}

/** Whether a book can be saved. */
export function isSound(book: LabelBook): boolean {
  return book.classes.every(
    (entry, n) =>
      nameFault(book, n) === null && entry.rules.every((r) => ruleFault(r) === null),
  );
}

/** What is different, in short words. */
export function changesBetween(before: LabelBook, after: LabelBook): string[] {
  const { diff } = words;
  const old = new Map(before.classes.map((c) => [c.name, c]));
  const now = new Set(after.classes.map((c) => c.name));
  const out: string[] = [];
  for (const entry of after.classes) {
    const was = old.get(entry.name);
    if (was) out.push(...classChanges(was, entry));
    else out.push(diff.added(entry.name));
  }
  for (const name of old.keys()) if (!now.has(name)) out.push(diff.removed(name));
  const kept = (list: readonly BookClass[], other: ReadonlySet<string>) =>
    list.map((c) => c.name).filter((name) => other.has(name));
  if (!sameValue(kept(before.classes, now), kept(after.classes, new Set(old.keys())))) {
    out.push(diff.order);
  }
  if (before.mm_per_px !== after.mm_per_px) out.push(diff.scale(after.mm_per_px));
  if (before.flips !== after.flips) out.push(diff.flips(after.flips));
  if (before.turns !== after.turns) out.push(diff.turns(after.turns));
  return out;
}

function classChanges(was: BookClass, now: BookClass): string[] {
  const { diff } = words;
  const out: string[] = [];
  if (was.definition !== now.definition) out.push(diff.definition(now.name));
  if (!sameValue(was.rules, now.rules)) {
    out.push(diff.rules(now.name, now.rules.map(ruleText).join("; ")));
  }
  const pictures = (c: BookClass) => [c.examples, c.counter_examples];
  if (!sameValue(pictures(was), pictures(now))) out.push(diff.examples(now.name));
  if (was.good !== now.good) out.push(diff.good(now.name, now.good));
  if (was.must_catch !== now.must_catch) out.push(diff.mustCatch(now.name, now.must_catch));
  return out;
}

export interface Merged {
  /** Both together; where both changed the same, mine. */
  book: LabelBook;
  /** Names of classes that both changed, differently. */
  collisions: string[];
}

/** Two books made from the same one, put together. The revision is theirs. */
export function mergedBooks(base: LabelBook, mine: LabelBook, theirs: LabelBook): Merged {
  const find = (book: LabelBook, name: string) => book.classes.find((c) => c.name === name);
  const collisions: string[] = [];
  // My order, with the classes that only they have at the end.
  const names = [...new Set([...mine.classes, ...theirs.classes].map((c) => c.name))];
  const classes = names.flatMap((name) => {
    const [was, my, their] = [find(base, name), find(mine, name), find(theirs, name)];
    if (sameValue(my, was)) return their ?? [];
    if (!sameValue(their, was) && !sameValue(my, their)) collisions.push(name);
    return my ?? [];
  });
  const chosen = <K extends "mm_per_px" | "flips" | "turns">(key: K): LabelBook[K] =>
    mine[key] === base[key] ? theirs[key] : mine[key];
  return {
    book: {
      revision: theirs.revision,
      classes,
      mm_per_px: chosen("mm_per_px"),
      flips: chosen("flips"),
      turns: chosen("turns"),
    },
    collisions,
  };
}
