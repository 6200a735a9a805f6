import { describe, expect, it } from "vitest";
import {
  chosenValues,
  filterText,
  parseFilter,
  quoted,
  type Term,
  toggleValue,
  withTerm,
} from "@/ui/filterWords";

describe("a filter", () => {
  const texts = [
    "class = scratch",
    'class in (scratch, "pit mark") and split = test',
    'meta.lot = L7 and meta."exposure time" >= 20 and name has "lot 7"',
    'name != "and" and width <= 400',
    'meta.exposure = 10..20 and class = ""',
    'name has "a \\"b\\" \\\\ c"',
  ];

  for (const text of texts) {
    it(`reads and writes ${text}`, () => {
      const terms = parseFilter(text);
      expect(terms).not.toBeNull();
      expect(filterText(terms ?? [])).toBe(text);
    });
  }

  it("that says something else is left to the server to explain", () => {
    for (const text of [
      "class",
      "class =",
      "class ~ a",
      "a = b c = d",
      "class in (a",
      'x = "a',
    ]) {
      expect(parseFilter(text)).toBeNull();
    }
  });

  it("that is empty lets everything pass", () => {
    expect(parseFilter("  ")).toEqual([]);
  });
});

describe("a facet", () => {
  it("lets values in and out, one as =, several as in", () => {
    let terms: Term[] = parseFilter("split = test") ?? [];
    terms = toggleValue(terms, "class", "scratch");
    terms = toggleValue(terms, "class", "pit mark");
    expect(filterText(terms)).toBe('split = test and class in (scratch, "pit mark")');
    expect(chosenValues(terms, "class")).toEqual(["scratch", "pit mark"]);
    terms = toggleValue(terms, "class", "scratch");
    expect(filterText(terms)).toBe('split = test and class = "pit mark"');
    terms = toggleValue(terms, "class", "pit mark");
    expect(filterText(terms)).toBe("split = test");
  });

  it("leaves comparisons of the same column alone", () => {
    const terms = toggleValue(parseFilter("width >= 100") ?? [], "width", "200");
    expect(filterText(terms)).toBe("width >= 100 and width = 200");
  });

  it("can choose images that have no value", () => {
    expect(filterText(toggleValue([], "class", ""))).toBe('class = ""');
  });
});

it("quotes what would not be read as one word", () => {
  expect(["L7", "pit mark", 'say "no"', "and", "", "a,b"].map(quoted)).toEqual([
    "L7",
    '"pit mark"',
    '"say \\"no\\""',
    '"and"',
    '""',
    '"a,b"',
  ]);
});

it("adds a term to what was there", () => {
  const term: Term = { column: "class", op: "=", values: ["dent"] };
  expect(withTerm(undefined, term)).toBe("class = dent");
  expect(withTerm("split = val ", term)).toBe("split = val and class = dent");
});
