import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("..", import.meta.url));
/** What each part may load, beside itself: whole parts, or single files. */
const BELOW: Record<string, readonly string[]> = {
  api: ["words/connection"],
  words: ["api", "ui/figures"],
  canvas: ["api", "ui", "words", "app/here"],
  ui: ["api", "words"],
  intake: ["api", "ui", "words"],
  app: ["api", "ui", "words", "features", "intake"],
};
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const FEATURE = ["api", "ui", "words", "canvas", "intake", "app"];

function files(): { path: string; imports: string[] }[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && /\.tsx?$/.test(e.name) && !e.name.includes(".test."))
    .map((e) => join(e.parentPath, e.name))
    .map((path) => ({
      path: relative(SRC, path).replaceAll("\\", "/"),
      imports: [...readFileSync(path, "utf-8").matchAll(/from "@\/([^"]+)"/g)].map(
        (m) => m[1] ?? "",
      ),
    }));
}

describe("the parts of the web app", () => {
  it("load only what lies below them, and features never load each other", () => {
    const wrong = files().flatMap(({ path, imports }) => {
      const [part = "", feature = ""] = path.split("/");
      const allowed = part === "features" ? FEATURE : BELOW[part];
      if (allowed === undefined) return [];
      return imports
        .filter((i) => {
          const [other = "", otherFeature = ""] = i.split("/");
          if (other === part) return part === "features" && otherFeature !== feature;
          return !allowed.includes(other) && !allowed.includes(i);
        })
        .map((i) => `${path} loads ${i}`);
    });
    expect(wrong).toEqual([]);
  });

  it("keep sentences in words/, not in the pages", () => {
    const sentence = />\s*[A-Z][a-z]+ [a-z]+[^<{]*</;
    const names = "alt|aria-label|hint|label|message|placeholder|text|title|what";
    const shown = new RegExp(`\\b(?:${names})(?:=|: )\\{?["\`][A-Za-z']+ [a-z]+`);
    const wrong = files()
      .filter(({ path }) => !path.startsWith("words/"))
      .filter(({ path }) => {
        const text = readFileSync(join(SRC, path), "utf-8").replace(COMMENTS, "");
        return sentence.test(text) || shown.test(text);
      })
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});
