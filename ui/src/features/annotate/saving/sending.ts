/** One entry of the outbox on its way to the server, in the name of who said it. */

import type { QueryClient } from "@tanstack/react-query";
import { ApiProblem, call } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { sessionQuery } from "@/api/queries";
import type { Labels, SaveLabels, Session } from "@/api/types";
import type { Entry, Sent } from "./outbox";

/** A computer that slept may wait for an answer that never comes. */
const LONGEST_MS = 60_000;

const SIGNED_OUT: Sent = { what: "later", why: "signed-out" };

/** What an error of the server means for an entry. */
export function outcomeOf(error: ApiProblem): Sent {
  if (error.status === 401) return SIGNED_OUT;
  if (error.status === 0 || error.status === 429 || error.status >= 500) {
    return { what: "later", why: "offline" };
  }
  const { code, message, hint } = error;
  return { what: "refused", problem: { code, message, hint } };
}

/** Send an entry; `taken` is told what the server says then. */
export async function sendEntry(
  client: QueryClient,
  entry: Entry,
  taken: (labels: Labels) => void,
): Promise<Sent> {
  const session = client.getQueryData<Session>(keys.session);
  // On a computer that people share, the next one must not sign for the one before.
  if (session !== undefined && session.person?.email !== entry.who) return SIGNED_OUT;
  const path = projectPath(entry, `/images/${entry.sha256}/labels`);
  const signal = AbortSignal.timeout(LONGEST_MS);
  try {
    const { shapes, key } = entry;
    const body: SaveLabels | undefined = shapes === null ? undefined : { shapes, key };
    taken(await call<Labels>(body ? "PUT" : "DELETE", path, { body, signal }));
    return { what: "taken" };
  } catch (error) {
    if (!(error instanceof ApiProblem)) return { what: "later", why: "offline" };
    if (error.status === 403 && (await isAnew(client, session))) return SIGNED_OUT;
    return outcomeOf(error);
  }
}

/** Whether somebody signed in anew in another window; this one knows the session then. */
async function isAnew(client: QueryClient, before: Session | undefined): Promise<boolean> {
  const now = await client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => undefined);
  return now !== undefined && now.csrf !== before?.csrf;
}
