import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { setBase } from "@/api/client";
import { isLitter } from "@/intake/gather";
import { sha256 } from "@/intake/sha256";
import { type LocalFile, type UploadState, upload } from "@/intake/upload";
import { type Answer, type Asked, startServer } from "@/test/server";

let close = async () => {};
afterEach(() => close());

const file = (path: string, text: string): LocalFile => ({ path, file: new Blob([text]) });
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** A server that has some bytes already; `put` may answer uploads in its own way. */
async function serve(there: string[], put: (asked: Asked) => Answer | null = () => null) {
  const stored = new Set(there.map(hashOf));
  const server = await startServer((asked) => {
    if (asked.path.endsWith("/uploads/missing")) {
      const { sha256: wanted } = JSON.parse(asked.body.toString()) as { sha256: string[] };
      return [200, { missing: wanted.filter((s) => !stored.has(s)) }];
    }
    const refused = put(asked);
    if (refused) return refused;
    const name = asked.path.split("/").at(-1) ?? "";
    expect(createHash("sha256").update(asked.body).digest("hex")).toBe(name);
    stored.add(name);
    return [200, { sha256: name, size_bytes: asked.body.length }];
  });
  setBase(server.base);
  close = server.close;
  const puts = () => server.asked.filter((a) => a.method === "PUT").map((a) => a.path);
  return { ...server, puts };
}

const options = { organisation: "north plant", hash: sha256, wait: async () => {} };

describe("an upload", () => {
  it("sends what is missing, once, and names every file", async () => {
    const server = await serve(["old"]);
    const files = [file("a/old.png", "old"), file("a/1.png", "new"), file("b/1.png", "new")];
    const { files: sent, problems } = await upload(files, options);
    expect(server.puts()).toEqual([`/api/orgs/north%20plant/uploads/${hashOf("new")}`]);
    expect(sent.map((f) => f.path).sort()).toEqual(["a/1.png", "a/old.png", "b/1.png"]);
    expect(new Set(sent.map((f) => f.sha256)).size).toBe(2);
    expect(problems).toEqual([]);
  });

  it("tries again while the server is busy", async () => {
    let refusals = 2;
    const server = await serve([], () =>
      refusals-- > 0 ? [503, { code: "storage", message: "busy", hint: "" }] : null,
    );
    const { files } = await upload([file("a.png", "x")], options);
    expect(files).toHaveLength(1);
    expect(server.puts()).toHaveLength(3);
  });

  it("leaves out a file that is refused, with the reason, and takes the others", async () => {
    const large = hashOf("large");
    await serve([], ({ path }) =>
      path.includes(large)
        ? [413, { code: "too_large", message: "too large", hint: "" }]
        : null,
    );
    const { files, problems } = await upload(
      [file("large.png", "large"), file("b.png", "b")],
      options,
    );
    expect(files.map((f) => f.path)).toEqual(["b.png"]);
    expect(problems).toEqual([{ name: "large.png", reason: "too large" }]);
  });

  it("counts no file as sent because another with the same bytes failed", async () => {
    const large = hashOf("large");
    const server = await serve([], ({ path }) =>
      path.includes(large)
        ? [413, { code: "too_large", message: "too large", hint: "" }]
        : null,
    );
    const twins = [file("a.png", "large"), file("b.png", "large"), file("c.png", "c")];
    const { files, problems } = await upload(twins, options);
    expect(files.map((f) => f.path)).toEqual(["c.png"]);
    expect(problems.map((p) => p.name).sort()).toEqual(["a.png", "b.png"]);
    expect(server.puts()).toHaveLength(3);
  });

  it("ends when it may not", async () => {
    await serve([], () => [403, { code: "not_allowed", message: "role viewer", hint: "" }]);
    await expect(upload([file("a.png", "a")], options)).rejects.toThrow("role viewer");
  });

  it("stops when it is told to", async () => {
    await serve([]);
    const abort = new AbortController();
    abort.abort();
    const asked = upload([file("a.png", "a")], { ...options, signal: abort.signal });
    await expect(asked).rejects.toThrow(/abort/i);
  });

  it("tells how far it is, up to the end", async () => {
    await serve(["old"]);
    const states: UploadState[] = [];
    await upload([file("o", "old"), file("n", "new!")], {
      ...options,
      onState: (s) => states.push(s),
    });
    expect(states.at(-1)).toEqual({
      files: 2,
      bytes: 7,
      hashedBytes: 7,
      there: 2,
      sentBytes: 4,
      knownBytes: 3,
    });
  });
});

it("leaves behind what operating systems put into folders", () => {
  const paths = ["a/.DS_Store", "Thumbs.db", "__MACOSX/a", "x/._1.png", "x/1.png", "a.zip"];
  expect(paths.filter((p) => !isLitter(p))).toEqual(["x/1.png", "a.zip"]);
});
