/** Questions that more than one page asks. A page's own questions stay with the page. */
import { queryOptions } from "@tanstack/react-query";
import { get, setCsrf } from "@/api/client";
import { type Here, organisationPath, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type {
  Advice,
  Analysis,
  ImageDetail,
  Job,
  LabelBook,
  Project,
  Release,
  Run,
  Session,
  Snapshot,
} from "@/api/types";

type Place = Pick<Here, "organisation" | "project">;

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => {
    const session = await get<Session>("api/session", undefined, signal);
    setCsrf(session.csrf);
    return session;
  },
  staleTime: 5 * 60_000,
});

export const projectsQuery = (organisation: string) =>
  queryOptions({
    queryKey: keys.projects(organisation),
    queryFn: ({ signal }) =>
      get<Project[]>(organisationPath(organisation, "/projects"), undefined, signal),
  });

export const jobsQuery = (organisation: string) =>
  queryOptions({
    queryKey: keys.jobs(organisation),
    queryFn: ({ signal }) =>
      get<Job[]>(organisationPath(organisation, "/jobs"), undefined, signal),
  });

export const projectQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "self"),
    queryFn: ({ signal }) => get<Project>(projectPath(here), undefined, signal),
  });

export const labelBookQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "label-book"),
    queryFn: ({ signal }) =>
      get<LabelBook>(projectPath(here, "/label-book"), undefined, signal),
  });

export const adviceQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "advice"),
    queryFn: ({ signal }) => get<Advice>(projectPath(here, "/advice"), undefined, signal),
  });

export const imageQuery = (here: Place, sha256: string) =>
  queryOptions({
    queryKey: keys.part(here, "image", sha256),
    queryFn: ({ signal }) =>
      get<ImageDetail>(projectPath(here, `/images/${sha256}`), undefined, signal),
  });

export const runsQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "runs"),
    queryFn: ({ signal }) => get<Run[]>(projectPath(here, "/runs"), undefined, signal),
  });

export const snapshotsQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "snapshots"),
    queryFn: ({ signal }) =>
      get<Snapshot[]>(projectPath(here, "/snapshots"), undefined, signal),
  });

export const releasesQuery = (here: Place) =>
  queryOptions({
    queryKey: keys.part(here, "releases"),
    queryFn: ({ signal }) => get<Release[]>(projectPath(here, "/releases"), undefined, signal),
  });

export const analysisQuery = (here: Place, kind: string) =>
  queryOptions({
    queryKey: keys.part(here, "analysis", kind),
    queryFn: ({ signal }) =>
      get<Analysis>(projectPath(here, `/analyses/${kind}`), undefined, signal),
  });
