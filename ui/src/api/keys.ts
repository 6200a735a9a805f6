/** Keys of the query cache: [organisation, project, what, ...which]. */
import type { Here } from "@/api/here";

type Place = Pick<Here, "organisation" | "project">;

export const keys = {
  session: ["session"] as const,
  projects: (organisation: string) => [organisation, "projects"] as const,
  jobs: (organisation: string) => [organisation, "jobs"] as const,
  job: (organisation: string, id: string) => [organisation, "job", id] as const,
  jobCourse: (organisation: string, id: string) => [organisation, "job course", id] as const,
  members: (organisation: string) => [organisation, "members"] as const,
  invitations: (organisation: string) => [organisation, "invitations"] as const,
  tokens: (organisation: string) => [organisation, "tokens"] as const,
  audit: (organisation: string) => [organisation, "audit"] as const,
  /** Everything of a project; to forget it all at once. */
  project: (h: Place) => [h.organisation, "project", h.project] as const,
  /** A part of a project, such as "images", "findings" or "label-book". */
  part: (h: Place, part: string, ...which: unknown[]) =>
    [h.organisation, "project", h.project, part, ...which] as const,
};
