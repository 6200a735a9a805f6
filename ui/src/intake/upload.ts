/**
 * Bringing files to the server. Bytes are named by their hash: what is there already is not
 * sent again, and an upload that was cut off goes on where it stood.
 */
import { ApiProblem, call, post } from "@/api/client";
import { organisationPath } from "@/api/here";
import type { MissingUploads, Uploaded, UploadedFile } from "@/api/types";
import type { Hasher } from "@/intake/hashing";

/** A file with its path within the folder that was chosen. */
export interface LocalFile {
  path: string;
  file: File | Blob;
}

export interface UploadState {
  files: number;
  bytes: number;
  hashedBytes: number;
  /** Files that are on the server, sent or there before. */
  there: number;
  sentBytes: number;
  /** Bytes that need not be sent. */
  knownBytes: number;
}

export interface UploadResult {
  files: UploadedFile[];
  /** Files that could not be read or sent, and why. */
  problems: { name: string; reason: string }[];
}

export interface UploadOptions {
  organisation: string;
  hash: Hasher;
  signal?: AbortSignal;
  onState?: (state: UploadState) => void;
  /** Waits between tries; tests need none. */
  wait?: (ms: number) => Promise<void>;
}

const BATCH = 400;
const AT_ONCE = 4;
const TRIES = 6;

export async function upload(
  files: readonly LocalFile[],
  options: UploadOptions,
): Promise<UploadResult> {
  const task = new Upload(files, options);
  for (let at = 0; at < files.length; at += BATCH) {
    await task.bring(files.slice(at, at + BATCH));
  }
  return task.result;
}

class Upload {
  readonly result: UploadResult = { files: [], problems: [] };
  private readonly options: UploadOptions;
  private readonly sending = new Map<string, Promise<boolean>>();
  private state: UploadState;

  constructor(files: readonly LocalFile[], options: UploadOptions) {
    this.options = options;
    this.state = {
      files: files.length,
      bytes: files.reduce((sum, f) => sum + f.file.size, 0),
      hashedBytes: 0,
      there: 0,
      sentBytes: 0,
      knownBytes: 0,
    };
  }

  async bring(batch: readonly LocalFile[]): Promise<void> {
    const hashed = await this.hashed(batch);
    const missing = await this.missing([...new Set(hashed.map((h) => h.sha256))]);
    await inParallel(hashed, AT_ONCE, async ({ local, sha256 }) => {
      // Two files with the same bytes are sent once, unless the first could not be sent.
      const first = this.sending.get(sha256);
      const needed = missing.has(sha256) && !(first && (await first));
      if (needed) {
        const sending = this.send(local, sha256);
        this.sending.set(sha256, sending);
        if (!(await sending)) return;
      }
      this.result.files.push({ path: local.path, sha256 });
      this.tell({
        there: this.state.there + 1,
        knownBytes: this.state.knownBytes + (needed ? 0 : local.file.size),
      });
    });
  }

  private async hashed(batch: readonly LocalFile[]) {
    const out: { local: LocalFile; sha256: string }[] = [];
    await inParallel(batch, AT_ONCE, async (local) => {
      this.options.signal?.throwIfAborted();
      try {
        const sha256 = await this.options.hash(local.file, (bytes) =>
          this.tell({ hashedBytes: this.state.hashedBytes + bytes }),
        );
        out.push({ local, sha256 });
      } catch (error) {
        this.leaveOut(local, error);
      }
    });
    return out;
  }

  private async missing(sha256: string[]): Promise<Set<string>> {
    if (sha256.length === 0) return new Set();
    const path = organisationPath(this.options.organisation, "/uploads/missing");
    const told = await this.again(() => post<MissingUploads>(path, { sha256 }));
    return new Set(told.missing);
  }

  private async send(local: LocalFile, sha256: string): Promise<boolean> {
    const path = organisationPath(this.options.organisation, `/uploads/${sha256}`);
    const ask = { raw: local.file, signal: this.options.signal };
    try {
      await this.again(() => call<Uploaded>("PUT", path, ask));
    } catch (error) {
      this.options.signal?.throwIfAborted();
      if (!(error instanceof ApiProblem) || !isOfTheFile(error)) throw error;
      this.leaveOut(local, error);
      return false;
    }
    this.tell({ sentBytes: this.state.sentBytes + local.file.size });
    return true;
  }

  private async again<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      this.options.signal?.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        const passing =
          error instanceof ApiProblem &&
          (error.status === 0 || error.status === 429 || error.status >= 500);
        if (!passing || tries === TRIES) throw error;
        await (this.options.wait ?? pause)(500 * 2 ** (tries - 1));
      }
    }
  }

  private leaveOut(local: LocalFile, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.result.problems.push({ name: local.path, reason });
  }

  private tell(part: Partial<UploadState>): void {
    this.state = { ...this.state, ...part };
    this.options.onState?.(this.state);
  }
}

/** Whether only this file is refused; anything else stops the upload. */
function isOfTheFile(error: ApiProblem): boolean {
  return error.status === 413 || error.status === 422;
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let at = 0;
  const lane = async () => {
    for (let item = items[at++]; item !== undefined; item = items[at++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
