/**
 * An import from the files in the browser to the job on the server. It belongs to a project,
 * not to a page: going to another page does not end it.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";
import { asProblem } from "@/api/client";
import type { Here } from "@/api/here";
import { startJob } from "@/api/jobs";
import type { Document, Problem } from "@/api/types";
import { openHashers } from "@/intake/hashing";
import { type LocalFile, type UploadResult, type UploadState, upload } from "@/intake/upload";

type Place = Pick<Here, "organisation" | "project">;

export type Intake =
  | { phase: "uploading"; state: UploadState; stop: () => void }
  | { phase: "reading"; job: string; left: UploadResult["problems"] }
  | { phase: "failed"; problem: Pick<Problem, "message" | "hint">; again: () => void };

const intakes = new Map<string, Intake>();
const listeners = new Set<() => void>();

/** What is being imported into a project; undefined while nothing is. */
export function useIntake(here: Place): Intake | undefined {
  const key = keyOf(here);
  return useSyncExternalStore(
    subscribe,
    useCallback(() => intakes.get(key), [key]),
  );
}

/** Whether anything is on its way that closing the page would cut off. */
export function isUploading(): boolean {
  return [...intakes.values()].some((i) => i.phase === "uploading");
}

export function forgetIntake(here: Place): void {
  intakes.delete(keyOf(here));
  tell();
}

/** Upload files and import them; `options` are those of the import job. */
export async function startIntake(
  client: QueryClient,
  here: Place,
  files: readonly LocalFile[],
  options: Document,
): Promise<void> {
  const abort = new AbortController();
  const hashers = openHashers();
  const set = (intake: Intake) => {
    if (abort.signal.aborted) return;
    intakes.set(keyOf(here), intake);
    tell();
  };
  const stop = () => {
    abort.abort();
    hashers.close();
    forgetIntake(here);
  };
  const onState = (state: UploadState) => set({ phase: "uploading", state, stop });
  onState({
    files: files.length,
    bytes: files.reduce((sum, f) => sum + f.file.size, 0),
    hashedBytes: 0,
    there: 0,
    sentBytes: 0,
    knownBytes: 0,
  });
  try {
    const { organisation } = here;
    const found = await upload(files, {
      organisation,
      hash: hashers.hash,
      signal: abort.signal,
      onState,
    });
    const job = await startJob(client, here, "import", { ...options, files: found.files });
    set({ phase: "reading", job: job.id, left: found.problems });
  } catch (error) {
    const again = () => void startIntake(client, here, files, options);
    set({ phase: "failed", problem: asProblem(error), again });
  } finally {
    hashers.close();
  }
}

function keyOf(here: Place): string {
  return `${here.organisation}/${here.project}`;
}

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (isUploading()) event.preventDefault();
  });
}
