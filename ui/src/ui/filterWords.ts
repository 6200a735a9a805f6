/**
 * The words by which images are filtered, as `pitmark.core.filter_words` reads them: terms
 * joined by "and", each a column, a comparison and one value ("in": several).
 */

export type Op = "=" | "!=" | "in" | ">=" | "<=" | "has";

export interface Term {
  column: string;
  op: Op;
  values: readonly string[];
}

const PLAIN = /^[\w.:/+-]+$/u;
const NEXT = /\s*(!=|>=|<=|=|\(|\)|,|"(?:[^"\\]|\\.)*"|[^\s"(),=!<>]+)/uy;

/** The terms of a filter; null where the text is not one, which the server then explains. */
export function parseFilter(text: string): Term[] | null {
  const words = tokens(text);
  if (words === null) return null;
  const terms: Term[] = [];
  let at = 0;
  while (at < words.length) {
    if (terms.length > 0 && words[at++]?.toLowerCase() !== "and") return null;
    const found = readTerm(words, at);
    if (found === null) return null;
    terms.push(found.term);
    at = found.end;
  }
  return terms;
}

export function filterText(terms: readonly Term[]): string {
  return terms.map(termText).join(" and ");
}

/** The values of a column that a filter lets pass by "=" or "in"; empty where it lets all. */
export function chosenValues(terms: readonly Term[], column: string): readonly string[] {
  const term = terms.find((t) => t.column === column && (t.op === "=" || t.op === "in"));
  return term?.values ?? [];
}

/** The filter with one value of a column let in or out. */
export function toggleValue(terms: readonly Term[], column: string, value: string): Term[] {
  const before = chosenValues(terms, column);
  const values = before.includes(value)
    ? before.filter((v) => v !== value)
    : [...before, value];
  const others = terms.filter((t) => !(t.column === column && (t.op === "=" || t.op === "in")));
  if (values.length === 0) return others;
  return [...others, { column, op: values.length === 1 ? "=" : "in", values }];
}

/** A filter and one more term. */
export function withTerm(filter: string | undefined, term: Term): string {
  return [filter?.trim(), termText(term)].filter(Boolean).join(" and ");
}

/** A value as it stands in a filter. */
export function quoted(value: string): string {
  if (PLAIN.test(value) && value.toLowerCase() !== "and") return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function termText(term: Term): string {
  const said = term.values.map(quoted).join(", ");
  const column = term.column.startsWith("meta.")
    ? `meta.${quoted(term.column.slice("meta.".length))}`
    : term.column;
  return `${column} ${term.op} ${term.op === "in" ? `(${said})` : said}`;
}

function tokens(text: string): string[] | null {
  const found: string[] = [];
  NEXT.lastIndex = 0;
  while (text.slice(NEXT.lastIndex).trim() !== "") {
    const before = NEXT.lastIndex;
    const match = NEXT.exec(text);
    if (match?.[1] === undefined) {
      NEXT.lastIndex = before;
      return null;
    }
    // meta."key with blanks" is one word.
    if (found.at(-1) === "meta." && match[1].startsWith('"')) {
      found.splice(-1, 1, `meta.${plain(match[1])}`);
    } else {
      found.push(match[1]);
    }
  }
  return found;
}

function readTerm(words: readonly string[], at: number): { term: Term; end: number } | null {
  const column = words[at];
  const op = words[at + 1]?.toLowerCase();
  if (column === undefined || !isOp(op)) return null;
  if (op !== "in") {
    const value = words[at + 2];
    if (value === undefined || isMark(value)) return null;
    return { term: { column, op, values: [plain(value)] }, end: at + 3 };
  }
  if (words[at + 2] !== "(") return null;
  const values: string[] = [];
  for (let i = at + 3; i + 1 < words.length; i += 2) {
    const value = words[i] ?? "";
    if (isMark(value)) return null;
    values.push(plain(value));
    if (words[i + 1] === ")") return { term: { column, op, values }, end: i + 2 };
    if (words[i + 1] !== ",") return null;
  }
  return null;
}

function isOp(word: string | undefined): word is Op {
  return word !== undefined && ["=", "!=", "in", ">=", "<=", "has"].includes(word);
}

function isMark(word: string): boolean {
  return ["(", ")", ",", "=", "!=", ">=", "<="].includes(word);
}

function plain(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(["\\])/g, "$1") : word;
}
