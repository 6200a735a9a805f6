import { beforeEach, describe, expect, test } from "vitest";
import type { Shape } from "@/api/types";
import { type Entry, Outbox, type Sent } from "./outbox";
import { PageStore } from "./stores";

const PLACE = { organisation: "local", project: "casings" };
const BOX: Shape = { kind: "box", label: "pit", xyxy: [1, 2, 3, 4] };
const taken: Sent = { what: "taken" };
const offline: Sent = { what: "later", why: "offline" };

let store: PageStore;
let arrived: Entry[];
let answers: Sent[];
let pauses: number[];
let keys: number;

function makeOutbox(who = "anna", send?: (entry: Entry) => Promise<Sent>): Outbox {
  return new Outbox({
    who,
    store,
    send:
      send ??
      (async (entry) => {
        arrived.push(entry);
        return answers.shift() ?? taken;
      }),
    pause: async (ms) => {
      pauses.push(ms);
    },
    newKey: () => `key ${++keys}`,
    chance: () => 1,
  });
}

beforeEach(() => {
  store = new PageStore();
  [arrived, answers, pauses, keys] = [[], [], [], 0];
});

describe("saving", () => {
  test("keeps a word on this computer before it is sent, and forgets it when it is taken", async () => {
    let keptWhenSent: Entry[] = [];
    const outbox = makeOutbox("anna", async () => {
      keptWhenSent = await store.all();
      return taken;
    });
    await outbox.start();
    await outbox.put(PLACE, "a", [BOX]);
    expect(outbox.state).toEqual({ kind: "saving", count: 1 });
    await outbox.idle();
    expect(keptWhenSent.map((entry) => entry.shapes)).toEqual([[BOX]]);
    expect(await store.all()).toEqual([]);
    expect(outbox.state).toEqual({ kind: "saved" });
  });

  test("words on one image in quick succession are sent as one, the last", async () => {
    const outbox = makeOutbox();
    await outbox.start();
    await Promise.all([
      outbox.put(PLACE, "a", []),
      outbox.put(PLACE, "a", [BOX]),
      outbox.put(PLACE, "a", [BOX, BOX]),
    ]);
    await outbox.idle();
    expect(arrived.map((entry) => entry.shapes?.length)).toEqual([2]);
  });

  test("a word that is taken back at once is never said", async () => {
    const outbox = makeOutbox();
    await outbox.start();
    await Promise.all([outbox.put(PLACE, "a", [BOX]), outbox.put(PLACE, "a", null)]);
    expect(outbox.pending(PLACE, "a")?.shapes).toBeNull();
    await outbox.idle();
    expect(arrived.map((entry) => entry.shapes)).toEqual([null]);
    expect(outbox.pending(PLACE, "a")).toBeNull();
  });

  test("a failed sending is repeated with the same key, later and later", async () => {
    answers = [offline, offline, offline, taken];
    const outbox = makeOutbox();
    await outbox.start();
    const states: string[] = [];
    outbox.listen(() => states.push(outbox.state.kind));
    await outbox.put(PLACE, "a", [BOX]);
    await outbox.idle();
    expect(new Set(arrived.map((entry) => entry.key))).toEqual(new Set(["key 1"]));
    expect(pauses.slice(-3)).toEqual([1000, 2000, 4000]);
    expect(states).toEqual(["saving", "offline", "offline", "offline", "saved"]);
  });

  test("a word that comes while an older one is on its way is sent after it", async () => {
    let outbox: Outbox | null = null;
    outbox = makeOutbox("anna", async (entry) => {
      arrived.push(entry);
      if (arrived.length === 1) await outbox?.put(PLACE, "a", [BOX, BOX]);
      return taken;
    });
    await outbox.start();
    await outbox.put(PLACE, "a", [BOX]);
    await outbox.idle();
    expect(arrived.map((entry) => [entry.key, entry.shapes?.length])).toEqual([
      ["key 1", 1],
      ["key 2", 2],
    ]);
    expect(await store.all()).toEqual([]);
  });

  test("after a crash everything unsent is there and is sent with its key", async () => {
    const before = makeOutbox("anna", () => new Promise(() => undefined));
    await before.start();
    await before.put(PLACE, "a", [BOX]);
    await before.put(PLACE, "b", []);
    let release: () => void = () => undefined;
    const online = new Promise<void>((resolve) => {
      release = resolve;
    });
    const after = makeOutbox("anna", async (entry) => {
      await online;
      arrived.push(entry);
      return taken;
    });
    await after.start();
    expect(after.pending(PLACE, "a")?.shapes).toEqual([BOX]);
    release();
    await after.idle();
    expect(arrived.map((entry) => [entry.sha256, entry.key])).toEqual([
      ["a", "key 1"],
      ["b", "key 2"],
    ]);
  });

  test("the words of another person on the same computer are left for them", async () => {
    const anna = makeOutbox("anna", async () => offline);
    await store.put({
      ...{ id: "x", who: "anna", sha256: "a", shapes: [BOX], key: "k", at: "" },
      ...PLACE,
    });
    const ben = makeOutbox("ben");
    await ben.start();
    await ben.idle();
    expect(arrived).toEqual([]);
    expect(ben.pending(PLACE, "a")).toBeNull();
    expect((await store.all()).length).toBe(1);
    expect(anna.who).toBe("anna");
  });

  test("what the server refuses is kept and told, others go on, and a new word replaces it", async () => {
    const problem = { code: "invalid_label", message: "no class 'pit'", hint: "" };
    answers = [{ what: "refused", problem }, taken, taken];
    const outbox = makeOutbox();
    await outbox.start();
    await outbox.put(PLACE, "a", [BOX]);
    await outbox.put(PLACE, "b", [BOX]);
    await outbox.idle();
    expect(outbox.state).toEqual({
      kind: "refused",
      problem,
      project: PLACE.project,
      sha256: "a",
    });
    expect((await store.all()).map((entry) => entry.sha256)).toEqual(["a"]);
    await outbox.put(PLACE, "a", []);
    await outbox.idle();
    expect(arrived.map((entry) => entry.sha256)).toEqual(["a", "b", "a"]);
    expect(outbox.state).toEqual({ kind: "saved" });
  });

  test("signed out is not offline", async () => {
    answers = [{ what: "later", why: "signed-out" }, taken];
    const outbox = makeOutbox();
    await outbox.start();
    const states: string[] = [];
    outbox.listen(() => states.push(outbox.state.kind));
    await outbox.put(PLACE, "a", [BOX]);
    await outbox.idle();
    expect(states).toEqual(["saving", "signed-out", "saved"]);
  });

  test("two windows: a word of the other one is not forgotten with the own", async () => {
    let release: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      release = resolve;
    });
    const one = makeOutbox("anna", async (entry) => {
      arrived.push(entry);
      await answered;
      return taken;
    });
    await one.put(PLACE, "a", [BOX]);
    while (arrived.length === 0) await new Promise((resolve) => setTimeout(resolve));
    const other = makeOutbox("anna", () => new Promise(() => undefined));
    await other.put(PLACE, "a", [BOX, BOX]);
    release();
    await one.idle();
    expect(one.state).toEqual({ kind: "saved" });
    expect((await store.all()).map((entry) => entry.shapes?.length)).toEqual([2]);
  });

  test("two windows: an old word is not sent after the newer one of the other", async () => {
    let online = false;
    const send = async (entry: Entry): Promise<Sent> => {
      if (!online) return new Promise((resolve) => setTimeout(() => resolve(offline)));
      arrived.push(entry);
      return taken;
    };
    const one = makeOutbox("anna", send);
    await one.put(PLACE, "a", [BOX]);
    const other = makeOutbox("anna", send);
    await other.put(PLACE, "a", [BOX, BOX]);
    online = true;
    await Promise.all([other.idle(), one.idle()]);
    expect(arrived.map((entry) => entry.shapes?.length)).toEqual([2]);
    expect([one.state.kind, other.state.kind]).toEqual(["saved", "saved"]);
    expect(await store.all()).toEqual([]);
  });

  test("a word that a full disk could not keep is sent all the same", async () => {
    store.put = async () => {
      throw new Error("full");
    };
    const outbox = makeOutbox();
    await expect(outbox.put(PLACE, "a", [BOX])).rejects.toThrow("full");
    await outbox.idle();
    expect(arrived.map((entry) => entry.sha256)).toEqual(["a"]);
  });
});
