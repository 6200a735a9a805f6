/** Hashing in workers, a few at a time. */
import type { HashTold } from "@/intake/hash.worker";

const WORKERS = 3;

export type Hasher = (file: Blob, told: (bytes: number) => void) => Promise<string>;

interface Waiting {
  done: (sha256: string) => void;
  failed: (error: Error) => void;
  told: (bytes: number) => void;
}

/** Workers that hash; `close` them when nothing is left to hash. */
export function openHashers(): { hash: Hasher; close: () => void } {
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<HashTold>) => {
      const told = event.data;
      const asked = waiting.get(told.id);
      if ("bytes" in told) {
        asked?.told(told.bytes);
        return;
      }
      waiting.delete(told.id);
      if ("sha256" in told) asked?.done(told.sha256);
      else asked?.failed(new Error(told.error));
    };
    return worker;
  });
  return {
    hash: (file, told) =>
      new Promise((done, failed) => {
        const id = nextId++;
        waiting.set(id, { done, failed, told });
        workers[id % WORKERS]?.postMessage({ id, file });
      }),
    close: () => {
      for (const worker of workers) worker.terminate();
    },
  };
}
