/** Reading the query of an address: what is not of the kind wanted is left out. */

export function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function flag(value: unknown): boolean | undefined {
  return value === true || value === "true" || value === 1 ? true : undefined;
}
