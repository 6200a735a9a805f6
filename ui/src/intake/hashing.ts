/** Hashing in workers, a few at a time; in the page itself where no worker can be had. */
import type { HashAsk, HashTold } from "@/intake/hash.worker";
import { sha256 } from "@/intake/sha256";

const WORKERS = 3;

export type Hasher = (file: Blob, told: (bytes: number) => void) => Promise<string>;

/** The part of a worker that is used. */
export type HashWorker = Pick<
  Worker,
  "onmessage" | "onmessageerror" | "onerror" | "postMessage" | "terminate"
>;

interface Waiting {
  file: Blob;
  worker: HashWorker;
  done: (sha256: string) => void;
  failed: (error: Error) => void;
  told: (bytes: number) => void;
}

/** Workers that hash; `close` them when nothing is left to hash. */
export function openHashers(make: () => HashWorker = makeWorker): {
  hash: Hasher;
  close: () => void;
} {
  const waiting = new Map<number, Waiting>();
  const workers = new Set<HashWorker>();
  let nextId = 0;
  for (let n = 0; n < WORKERS; n++) {
    const worker = make();
    workers.add(worker);
    worker.onmessage = ({ data: told }: MessageEvent<HashTold>) => {
      const asked = waiting.get(told.id);
      if ("bytes" in told) {
        asked?.told(told.bytes);
        return;
      }
      waiting.delete(told.id);
      if ("sha256" in told) asked?.done(told.sha256);
      else asked?.failed(new Error(told.error));
    };
    // A worker that did not load, or died, answers nothing: what it has been asked is done here.
    const givenUp = () => {
      if (!workers.delete(worker)) return;
      worker.terminate();
      for (const [id, asked] of waiting) {
        if (asked.worker !== worker) continue;
        waiting.delete(id);
        sha256(asked.file, asked.told).then(asked.done, asked.failed);
      }
    };
    worker.onerror = givenUp;
    worker.onmessageerror = givenUp;
  }
  return {
    hash: (file, told) =>
      new Promise((done, failed) => {
        const id = nextId++;
        const worker = [...workers][id % workers.size];
        if (worker === undefined) {
          sha256(file, told).then(done, failed);
          return;
        }
        waiting.set(id, { done, failed, told, file, worker });
        worker.postMessage({ id, file } satisfies HashAsk);
      }),
    close: () => {
      for (const worker of workers) worker.terminate();
    },
  };
}

function makeWorker(): HashWorker {
  return new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
}
