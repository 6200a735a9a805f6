import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, test } from "vitest";
import { setBase, setCsrf } from "@/api/client";
import { keys } from "@/api/keys";
import { type Asked, startServer } from "@/test/server";
import type { Entry } from "./outbox";
import { sendEntry } from "./sending";

const ENTRY: Entry = {
  id: "x",
  who: "anna@plant.example",
  organisation: "local",
  project: "casings",
  sha256: "a",
  shapes: [],
  key: "key 1",
  at: "",
};
const sessionOf = (email: string, csrf: string) => ({
  person: { id: 1, name: email, email },
  memberships: [],
  csrf,
  setup_needed: false,
});

let close = async () => {};
afterEach(() => close());

/** A server where somebody is signed in, and a page that took somebody for signed in. */
async function open(known: [email: string, csrf: string], really: [string, string]) {
  const server = await startServer(({ method, headers }: Asked) => {
    if (method === "GET") return [200, sessionOf(...really)];
    const right = headers["x-pitmark-csrf"] === really[1];
    return right ? [200, {}] : [403, { code: "not_allowed", message: "no", hint: "" }];
  });
  setBase(server.base);
  setCsrf(known[1]);
  close = server.close;
  const client = new QueryClient();
  client.setQueryData(keys.session, sessionOf(...known));
  const saves = () => server.asked.filter((one) => one.method !== "GET");
  return { client, saves };
}

describe("sending an entry", () => {
  test("waits while another person is signed in on the same computer", async () => {
    const { client, saves } = await open(
      ["ben@plant.example", "b"],
      ["ben@plant.example", "b"],
    );
    const sent = await sendEntry(client, ENTRY, () => undefined);
    expect(sent).toEqual({ what: "later", why: "signed-out" });
    expect(saves()).toEqual([]);
  });

  test("is tried again after somebody signed in anew in another window", async () => {
    const { client, saves } = await open([ENTRY.who, "old"], [ENTRY.who, "new"]);
    const told: unknown[] = [];
    const take = (labels: unknown) => told.push(labels);
    expect(await sendEntry(client, ENTRY, take)).toEqual({ what: "later", why: "signed-out" });
    expect(await sendEntry(client, ENTRY, take)).toEqual({ what: "taken" });
    expect(told).toEqual([{}]);
    expect(saves().map((one) => JSON.parse(one.body.toString()).key)).toEqual([
      "key 1",
      "key 1",
    ]);
  });

  test("takes back what was said where nothing is said any more", async () => {
    const { client, saves } = await open([ENTRY.who, "a"], [ENTRY.who, "a"]);
    const entry = { ...ENTRY, shapes: null };
    expect(await sendEntry(client, entry, () => undefined)).toEqual({ what: "taken" });
    const [one] = saves();
    expect([one?.method, one?.body.length]).toEqual(["DELETE", 0]);
    expect(one?.path).toMatch(/\/images\/a\/labels$/);
  });

  test("never signs for another who signed in in another window", async () => {
    const { client } = await open([ENTRY.who, "old"], ["ben@plant.example", "new"]);
    const outcomes = [];
    for (let turn = 0; turn < 2; turn += 1)
      outcomes.push(await sendEntry(client, ENTRY, () => undefined));
    expect(outcomes).toEqual(Array(2).fill({ what: "later", why: "signed-out" }));
  });
});
