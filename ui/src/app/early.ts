/** What every page needs is asked for while the page itself is still being loaded. */
import { projectQuery, sessionQuery } from "@/api/queries";
import type { Membership, Session } from "@/api/types";
import { queryClient } from "@/app/queryClient";

/** Where the browser keeps which organisation the person works in. */
export const ORGANISATION_KEY = "pitmark.organisation";

/** The membership that a person goes on in: the one they were in last, if it still is. */
export function enteredOf(session: Session, wanted: string): Membership | undefined {
  return session.memberships.find((m) => m.organisation === wanted) ?? session.memberships[0];
}

export function askSession(): void {
  void queryClient.prefetchQuery(sessionQuery);
}

export function askProject(project: string): void {
  queryClient
    .fetchQuery(sessionQuery)
    .then((session) => {
      const membership = enteredOf(session, lastOrganisation());
      if (membership === undefined) return;
      const { organisation } = membership;
      void queryClient.prefetchQuery(projectQuery({ organisation, project }));
    })
    // The page asks again, and says what is wrong.
    .catch(() => undefined);
}

function lastOrganisation(): string {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(ORGANISATION_KEY) ?? '""');
    return typeof kept === "string" ? kept : "";
  } catch {
    return "";
  }
}
