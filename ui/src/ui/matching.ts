/** Finding by a few letters: names that begin with them first, then words, then the rest. */

export function matching<T>(items: readonly T[], text: string, name: (item: T) => string): T[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [...items];
  return items
    .map((item) => ({ item, rank: rank(name(item).toLowerCase(), wanted) }))
    .filter((r) => r.rank < NOWHERE)
    .sort((a, b) => a.rank - b.rank)
    .map((r) => r.item);
}

const NOWHERE = 4;

function rank(name: string, wanted: string): number {
  if (name.startsWith(wanted)) return 0;
  if (name.split(/[\s:/_-]+/).some((word) => word.startsWith(wanted))) return 1;
  if (name.includes(wanted)) return 2;
  return isWithin(wanted, name) ? 3 : NOWHERE;
}

/** Whether the letters come in this order. */
function isWithin(letters: string, name: string): boolean {
  let at = -1;
  for (const letter of letters) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}
