import { afterEach, describe, expect, it } from "vitest";
import { ApiProblem, address, call, del, get, post, setBase, setCsrf } from "@/api/client";
import { isReachable } from "@/api/reach";
import { type Answer, startServer } from "@/test/server";

let close = async () => {};

async function serve(answer: Answer) {
  const server = await startServer(() => answer);
  setBase(server.base);
  close = server.close;
  return server;
}

afterEach(async () => {
  setCsrf("");
  await close();
});

describe("a request", () => {
  it("gives what the server answers", async () => {
    await serve([200, { name: "casings" }]);
    expect(await get("api/projects")).toEqual({ name: "casings" });
  });

  it("sends its query without what is not said", async () => {
    const server = await serve([200, []]);
    await get("api/images", { filter: 'name has "a b"', sort: undefined, offset: 0 });
    expect(server.asked[0]?.path).toBe("/api/images?filter=name+has+%22a+b%22&offset=0");
  });

  it("carries the CSRF word only where it changes something", async () => {
    const server = await serve([200, {}]);
    setCsrf("word");
    await get("api/a");
    await post("api/b", { x: 1 });
    expect(server.asked.map((a) => a.headers["x-pitmark-csrf"])).toEqual([undefined, "word"]);
    expect(server.asked[1]?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(server.asked[1]?.body.toString() ?? "")).toEqual({ x: 1 });
  });

  it("sends bytes as they are", async () => {
    const server = await serve([200, {}]);
    await call("PUT", "api/uploads/x", { raw: new Blob([new Uint8Array([0, 255, 7])]) });
    expect([...(server.asked[0]?.body ?? [])]).toEqual([0, 255, 7]);
  });

  it("takes an answer without content", async () => {
    await serve([204]);
    expect(await del("api/session")).toBeUndefined();
  });
});

describe("an error", () => {
  it("is a problem with code, message and hint", async () => {
    await serve([
      409,
      { code: "conflict", message: "There is one already.", hint: "Another." },
    ]);
    const problem = await caught(post("api/projects", {}));
    expect(problem).toMatchObject({
      code: "conflict",
      message: "There is one already.",
      hint: "Another.",
      status: 409,
    });
  });

  it("of something that is no problem says its status", async () => {
    await serve([502, "<html>Bad gateway</html>"]);
    expect((await caught(get("api/x"))).message).toContain("502");
  });

  it("names an answer that is not JSON", async () => {
    await serve([200, "<html>"]);
    expect((await caught(get("api/x"))).code).toBe("bad_answer");
  });

  it("of a server that is not there is told to the frame, which asks until it is back", async () => {
    const gone = await serve([200, {}]);
    await gone.close();
    const problem = await caught(get("api/x"));
    expect(problem).toMatchObject({ code: "unreachable", status: 0 });
    expect(isReachable()).toBe(false);
    await serve([200, {}]);
    await get("api/x");
    expect(isReachable()).toBe(true);
  });
});

describe("an address", () => {
  it("lies under the base, whatever that is", () => {
    setBase("/pitmark");
    expect(address("api/x")).toBe("/pitmark/api/x");
    expect(address("/api/x", { a: 1 })).toBe("/pitmark/api/x?a=1");
  });
});

async function caught(asked: Promise<unknown>): Promise<ApiProblem> {
  const error: unknown = await asked.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ApiProblem);
  return error as ApiProblem;
}
