import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";
import { isOver, jobQuery, mayStart, readJob, takeJob, withJob, withPoint } from "@/api/jobs";
import { keys } from "@/api/keys";
import type { Job } from "@/api/types";

function job(id: string, part: Partial<Job> = {}): Job {
  return {
    id,
    kind: "train",
    project: "casings",
    state: "running",
    options: {},
    by: "Ana",
    created: `2026-01-0${id}T00:00:00Z`,
    started: null,
    finished: null,
    attempt: 1,
    stopping: false,
    progress: null,
    result: null,
    problem: null,
    file: null,
    ...part,
  };
}

const step = (images: number, loss: number) =>
  job("1", {
    progress: { stage: "train", done: 1, total: 2, eta_s: null, facts: { images, loss } },
  });

describe("the list of jobs", () => {
  it("holds each job once, the newest first", () => {
    const before = [job("2"), job("1")];
    const after = withJob(withJob(before, job("3")), job("1", { state: "done" }));
    expect(after.map((j) => [j.id, j.state])).toEqual([
      ["3", "running"],
      ["2", "running"],
      ["1", "done"],
    ]);
  });

  it("is asked to forget the project once, when a job of it is over", () => {
    const client = new QueryClient();
    const here = { organisation: "local", project: "casings" };
    client.setQueryData(keys.part(here, "runs"), []);
    const stale = () => client.getQueryState(keys.part(here, "runs"))?.isInvalidated;
    takeJob(client, "local", job("1"));
    expect(stale()).toBe(false);
    takeJob(client, "local", job("1", { state: "done" }));
    expect(stale()).toBe(true);
    client.setQueryData(keys.part(here, "runs"), []);
    takeJob(client, "local", job("1", { state: "done" }));
    expect(stale()).toBe(false);
  });
});

describe("the end of a job", () => {
  const here = { organisation: "local", project: "casings" };
  const opened = () => {
    const client = new QueryClient();
    client.setQueryData(keys.part(here, "runs"), []);
    return client;
  };
  const stale = (client: QueryClient) =>
    client.getQueryState(keys.part(here, "runs"))?.isInvalidated;

  it("is acted on though a list told of it before the event came", () => {
    const client = opened();
    takeJob(client, "local", job("1"));
    client.setQueryData(keys.jobs("local"), [job("1", { state: "done" })]);
    client.setQueryData(keys.job("local", "1"), job("1", { state: "done" }));
    takeJob(client, "local", job("1", { state: "done" }));
    expect(stale(client)).toBe(true);
  });

  it("is acted on where no event comes and the page asks by itself", async () => {
    const client = opened();
    client.setQueryData(keys.job("local", "1"), job("1"));
    const answer = new Response(JSON.stringify(job("1", { state: "done" })));
    vi.stubGlobal("fetch", () => Promise.resolve(answer));
    await client.fetchQuery({ ...jobQuery(here, "1"), staleTime: 0 });
    vi.unstubAllGlobals();
    expect(stale(client)).toBe(true);
  });
});

describe("an event", () => {
  it("is a job, or nothing", () => {
    expect(readJob(JSON.stringify(job("1")))?.id).toBe("1");
    expect(readJob("ping")).toBeNull();
    expect(readJob("null")).toBeNull();
    expect(readJob('{"hello": 1}')).toBeNull();
  });
});

describe("the course of a training", () => {
  it("grows by what each event tells of it", () => {
    const course = withPoint(withPoint([], step(8, 2)), step(16, 1.5));
    expect(course).toEqual([
      { images: 8, loss: 2 },
      { images: 16, loss: 1.5 },
    ]);
  });

  it("goes on from the checkpoint after a restart", () => {
    const course = [8, 16, 24].map((images) => ({ images, loss: 1 }));
    expect(withPoint(course, step(16, 0.9)).map((p) => p.loss)).toEqual([1, 0.9]);
  });

  it("stays as it is where nothing is told", () => {
    expect(withPoint([{ images: 8, loss: 1 }], job("1"))).toHaveLength(1);
  });
});

it("is over when done, failed or cancelled", () => {
  const states = (["queued", "running", "done", "failed", "cancelled"] as const).map((state) =>
    isOver({ state }),
  );
  expect(states).toEqual([false, false, true, true, true]);
});

describe("who may start a job", () => {
  it("is whom the server names its kind to", () => {
    const labeler = { starts: ["export", "needs"] };
    expect(["export", "needs", "train"].map((kind) => mayStart(labeler, kind))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("is nobody as long as the server has said nothing", () => {
    expect(mayStart({ starts: [] }, "export")).toBe(false);
  });
});
