/** What the agreement page asks. */

import { queryOptions } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, organisationPath, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { AgreementReport, Member, Study, StudyTask } from "@/api/types";
import { readRules } from "./report";

export const studiesQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "studies"),
    queryFn: ({ signal }) => get<Study[]>(projectPath(here, "/studies"), undefined, signal),
  });

export const taskQuery = (here: Here, study: string) =>
  queryOptions({
    queryKey: keys.part(here, "study-task", study),
    queryFn: ({ signal }) =>
      get<StudyTask>(projectPath(here, `/studies/${study}/task`), undefined, signal),
    staleTime: Infinity,
    gcTime: 0,
  });

export const reportQuery = (here: Here, study: string) =>
  queryOptions({
    queryKey: keys.part(here, "study-report", study),
    queryFn: ({ signal }) =>
      get<AgreementReport>(
        projectPath(here, `/studies/${study}/report`),
        { rules: false },
        signal,
      ),
    staleTime: 60_000,
    retry: false,
  });

/** To look for rules takes far longer than the figures. */
export const rulesQuery = (here: Here, study: string) =>
  queryOptions({
    queryKey: keys.part(here, "study-rules", study),
    queryFn: async ({ signal }) => {
      const path = projectPath(here, `/studies/${study}/report`);
      return readRules((await get<AgreementReport>(path, undefined, signal)).rules);
    },
    staleTime: 10 * 60_000,
    retry: false,
  });

export const membersQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.members(here.organisation),
    queryFn: ({ signal }) =>
      get<Member[]>(organisationPath(here.organisation, "/members"), undefined, signal),
  });
