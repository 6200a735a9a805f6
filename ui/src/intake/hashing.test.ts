import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { HashAsk } from "@/intake/hash.worker";
import { type HashWorker, openHashers } from "@/intake/hashing";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

function workerThat(answers: (worker: HashWorker, ask: HashAsk) => void): HashWorker {
  const worker: HashWorker = {
    onmessage: null,
    onmessageerror: null,
    onerror: null,
    postMessage: (ask: HashAsk) => queueMicrotask(() => answers(worker, ask)),
    terminate: () => {},
  };
  return worker;
}

it("hashes in the page what a worker that does not load was asked for", async () => {
  const { hash, close } = openHashers(() =>
    workerThat((worker) =>
      worker.onerror?.call(worker as Worker, new Event("error") as ErrorEvent),
    ),
  );
  const texts = ["a", "b", "c", "d", "e", "f", "g"];
  const told: number[] = [];
  const found = await Promise.all(
    texts.map((text) => hash(new Blob([text]), (bytes) => told.push(bytes))),
  );
  expect(found).toEqual(texts.map(hashOf));
  expect(told.reduce((sum, n) => sum + n, 0)).toBe(texts.length);
  expect(await hash(new Blob(["later"]), () => {})).toBe(hashOf("later"));
  close();
});

it("leaves to the other workers what one that died cannot do", async () => {
  let made = 0;
  const { hash } = openHashers(() => {
    const dies = made++ === 0;
    return workerThat((worker, { id }) => {
      if (dies) worker.onerror?.call(worker as Worker, new Event("error") as ErrorEvent);
      else {
        const data = { id, sha256: "of a worker" };
        worker.onmessage?.call(worker as Worker, { data } as MessageEvent);
      }
    });
  });
  const first = await Promise.all([1, 2, 3].map(() => hash(new Blob(["x"]), () => {})));
  expect(first).toEqual([hashOf("x"), "of a worker", "of a worker"]);
  expect(await hash(new Blob(["x"]), () => {})).toBe("of a worker");
});
