/** Paths of the API, and the one place that builds them. */
import { address } from "@/api/client";
import type { Role } from "@/api/types";

/** The project that a page is about, and what the person may do there. */
export interface Here {
  organisation: string;
  project: string;
  role: Role;
  /** The kinds of jobs that the role is enough for; none until the server has said so. */
  starts: readonly string[];
}

const RANKS: readonly Role[] = ["viewer", "labeler", "operator", "admin", "owner"];
const SIDES = [96, 192, 384, 768, 1536, 3072] as const;

export type Side = (typeof SIDES)[number];

/** Whether a role may do what needs at least another. */
export function may(role: Role, least: Role): boolean {
  return RANKS.indexOf(role) >= RANKS.indexOf(least);
}

export function organisationPath(organisation: string, rest = ""): string {
  return `api/orgs/${encodeURIComponent(organisation)}${rest}`;
}

export function projectPath(here: Pick<Here, "organisation" | "project">, rest = ""): string {
  return organisationPath(
    here.organisation,
    `/projects/${encodeURIComponent(here.project)}${rest}`,
  );
}

/** The address of a picture whose longer side is at least `wanted` device pixels. */
export function pictureUrl(
  here: Pick<Here, "organisation" | "project">,
  sha256: string,
  wanted: number,
): string {
  const side = SIDES.find((s) => s >= wanted) ?? 3072;
  return address(projectPath(here, `/images/${sha256}/picture`), { side });
}

export function tileUrl(
  here: Pick<Here, "organisation" | "project">,
  sha256: string,
  level: number,
  x: number,
  y: number,
): string {
  return address(projectPath(here, `/images/${sha256}/tile/${level}/${x}/${y}`));
}
