/** Reading the query of an address: what is not of the kind wanted is left out. */

type Kinds = Readonly<Record<string, "text" | "flag">>;
type Read<K extends Kinds> = {
  [N in keyof K]?: (K[N] extends "flag" ? boolean : string) | undefined;
};

/** A reader of addresses whose query has these texts and flags. */
export function search<const K extends Kinds>(
  kinds: K,
): (query: Record<string, unknown>) => Read<K> {
  return (query) => {
    const found = Object.entries(kinds)
      .map(([name, kind]) => [name, (kind === "flag" ? flag : text)(query[name])] as const)
      .filter(([, value]) => value !== undefined);
    return Object.fromEntries(found) as Read<K>;
  };
}

function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function flag(value: unknown): true | undefined {
  return value === true || value === "true" || value === 1 ? true : undefined;
}
