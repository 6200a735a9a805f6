/** What the page asks about one image. */

import { queryOptions } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Labels, Suggestions } from "@/api/types";

type Place = Pick<Here, "organisation" | "project">;

export const labelsQuery = (here: Place, sha256: string) =>
  queryOptions({
    queryKey: keys.part(here, "labels", sha256),
    queryFn: ({ signal }) =>
      get<Labels>(projectPath(here, `/images/${sha256}/labels`), undefined, signal),
    staleTime: 60_000,
  });

export const suggestionsQuery = (here: Place, sha256: string) =>
  queryOptions({
    queryKey: keys.part(here, "suggestions", sha256),
    queryFn: ({ signal }) =>
      get<Suggestions>(projectPath(here, `/images/${sha256}/suggestions`), undefined, signal),
    staleTime: 5 * 60_000,
    retry: false,
  });
