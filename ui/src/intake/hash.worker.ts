/** Hashes files beside the page, so that it goes on answering. */
import { sha256 } from "@/intake/sha256";

export interface HashAsk {
  id: number;
  file: Blob;
}

export type HashTold =
  | { id: number; bytes: number }
  | { id: number; sha256: string }
  | { id: number; error: string };

const tell = (told: HashTold) => postMessage(told);

addEventListener("message", async (event: MessageEvent<HashAsk>) => {
  const { id, file } = event.data;
  try {
    tell({ id, sha256: await sha256(file, (bytes) => tell({ id, bytes })) });
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
