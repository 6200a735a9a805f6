/** Jobs: start, follow and cancel work that takes longer than a request. */
import {
  type QueryClient,
  queryOptions,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { address, get, post } from "@/api/client";
import { type Here, organisationPath, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { jobsQuery } from "@/api/queries";
import type { Document, Job, NewJob } from "@/api/types";

type Place = Pick<Here, "organisation" | "project">;

const AGAIN_MS = 4000;

export function isOver(job: Pick<Job, "state">): boolean {
  return job.state !== "queued" && job.state !== "running";
}

/** The list with a job as it is now, the newest first. */
export function withJob(jobs: readonly Job[], job: Job): Job[] {
  const others = jobs.filter((j) => j.id !== job.id);
  return [...others, job].sort((a, b) => (a.created < b.created ? 1 : -1));
}

/** The jobs whose end this page has acted on. The cache does not tell: lists fill it as well. */
const acted = new WeakMap<QueryClient, Set<string>>();

/** Once a job is over, what it may have changed is asked anew, and only once. */
function forgetAfter(client: QueryClient, organisation: string, job: Job): void {
  const known = acted.get(client) ?? new Set();
  acted.set(client, known);
  const name = `${organisation}/${job.id}`;
  if (!isOver(job) || known.has(name)) return;
  known.add(name);
  if (job.project !== null) {
    void client.invalidateQueries({
      queryKey: keys.project({ organisation, project: job.project }),
    });
  }
  void client.invalidateQueries({ queryKey: keys.projects(organisation) });
}

/** Put a job into the cache; once it is over, what it may have changed is asked anew. */
export function takeJob(client: QueryClient, organisation: string, job: Job): void {
  const known = client.getQueryData<Job[]>(keys.jobs(organisation)) ?? [];
  client.setQueryData(keys.job(organisation, job.id), job);
  client.setQueryData<LossPoint[]>(keys.jobCourse(organisation, job.id), (course) =>
    withPoint(course ?? [], job),
  );
  client.setQueryData(keys.jobs(organisation), withJob(known, job));
  forgetAfter(client, organisation, job);
}

/** One step of a training: images learned from so far, and how wrong it still is. */
export interface LossPoint {
  images: number;
  loss: number;
}

/** The course of a job as far as this page has seen it. */
export function useJobCourse(organisation: string, id: string | null): LossPoint[] {
  const key = keys.jobCourse(organisation, id ?? "");
  return (
    useQuery<LossPoint[]>({ queryKey: key, queryFn: () => [], staleTime: Infinity }).data ?? []
  );
}

/** The course with the newest point; the same where there is none. */
export function withPoint(course: readonly LossPoint[], job: Job): LossPoint[] {
  const { images, loss } = job.progress?.facts ?? {};
  if (typeof images !== "number" || typeof loss !== "number") return [...course];
  // An attempt that begins anew overtakes what came after its checkpoint.
  return [...course.filter((p) => p.images < images), { images, loss }];
}

/** Follow all jobs of an organisation. Once, in the frame of the app. */
export function useJobEvents(organisation: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let source: EventSource | null = null;
    let timer = 0;
    const connect = () => {
      source = new EventSource(address(organisationPath(organisation, "/events")));
      source.onmessage = (event) => {
        const job = readJob(event.data);
        if (job !== null) takeJob(client, organisation, job);
      };
      source.onopen = () => {
        // Whatever happened while nobody listened.
        void client.invalidateQueries({ queryKey: keys.jobs(organisation) });
      };
      source.onerror = () => {
        if (source?.readyState !== EventSource.CLOSED) return;
        window.clearTimeout(timer);
        timer = window.setTimeout(connect, AGAIN_MS);
      };
    };
    connect();
    return () => {
      window.clearTimeout(timer);
      source?.close();
    };
  }, [client, organisation]);
}

/** A job out of an event; null for what is not one, such as a sign of life. */
export function readJob(data: string): Job | null {
  try {
    const job: unknown = JSON.parse(data);
    return typeof job === "object" && job !== null && "id" in job && "state" in job
      ? (job as Job)
      : null;
  } catch {
    return null;
  }
}

export const jobQuery = (here: Place, id: string) =>
  queryOptions({
    queryKey: keys.job(here.organisation, id),
    queryFn: async ({ signal, client }) => {
      const before = client.getQueryData<Job>(keys.job(here.organisation, id));
      const job = await get<Job>(projectPath(here, `/jobs/${id}`), undefined, signal);
      // Who saw it going on hears of its end here where events do not come through.
      if (before && !isOver(before)) forgetAfter(client, here.organisation, job);
      return job;
    },
    // Events may be held back by a proxy on the way.
    refetchInterval: (query) =>
      query.state.data && isOver(query.state.data) ? false : AGAIN_MS,
  });

/** A job as it is now; undefined while there is none or it is not known. */
export function useJob(here: Place, id: string | null): Job | undefined {
  return useQuery({ ...jobQuery(here, id ?? ""), enabled: id !== null }).data;
}

/** The newest job of a kind in a project; undefined where none is known. */
export function useNewestJob(here: Place, kind: string): Job | undefined {
  const jobs = useQuery(jobsQuery(here.organisation)).data ?? [];
  return jobs.find((j) => j.project === here.project && j.kind === kind);
}

/** Whether the person may start a job of a kind here. */
export function mayStart(here: Pick<Here, "starts">, kind: string): boolean {
  return here.starts.includes(kind);
}

/** Start a job. The same key is the same job, so asking twice is harmless. */
export async function startJob(
  client: QueryClient,
  here: Place,
  kind: string,
  options: Document = {},
  key: string = crypto.randomUUID(),
): Promise<Job> {
  const ask: NewJob = { kind, options, key };
  const job = await post<Job>(projectPath(here, "/jobs"), ask);
  takeJob(client, here.organisation, job);
  return job;
}

export async function cancelJob(client: QueryClient, organisation: string, job: Job) {
  if (job.project === null) return;
  const path = projectPath({ organisation, project: job.project }, `/jobs/${job.id}/cancel`);
  const now = await post<Job | undefined>(path);
  if (now !== undefined) takeJob(client, organisation, now);
}
