/** The queue of findings with decisions that do not wait for the server. */

import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiProblem, asProblem, get, post } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { imageQuery } from "@/api/queries";
import type { Evidence, Finding, FindingPage, Settle, Settled, Undo } from "@/api/types";
import type { Proportion } from "@/ui/figures";
import { toast } from "@/ui/toast";
import { findings as words } from "@/words/findings";
import { decided, EMPTY, filled, type Queue, returned, skipped } from "./queue";

const PAGE = 60;
const REFILL_AT = 15;
const AHEAD = 3;
const REVIEW_AFTER_MS = 1500;

export interface ReviewStatus {
  findings: Record<string, number>;
  decisions: number;
  recent: Proportion;
  sentence: string;
  sentences: string[];
  stop: boolean;
}

export const reviewQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "review"),
    queryFn: ({ signal }) => get<ReviewStatus>(projectPath(here, "/review"), undefined, signal),
    staleTime: 30_000,
  });

export const evidenceQuery = (here: Here, id: string) =>
  queryOptions({
    queryKey: keys.part(here, "evidence", id),
    queryFn: ({ signal }) =>
      get<Evidence>(projectPath(here, `/findings/${id}`), undefined, signal),
    staleTime: 5 * 60_000,
  });

export interface FindingsWork {
  current: Finding | null;
  next: readonly Finding[];
  left: number;
  counts: Record<string, Record<string, number>>;
  tally: { decided: number; faults: number };
  loading: boolean;
  error: Error | null;
  settle: (finding: Finding, decision: Settle) => void;
  skip: () => void;
  undo: () => void;
}

export function useFindings(
  here: Here,
  kind: string | undefined,
  wanted: string | undefined,
): FindingsWork {
  const client = useQueryClient();
  const [queue, setQueue] = useState<Queue>(EMPTY);
  const [tally, setTally] = useState({ decided: 0, faults: 0 });
  const last = useRef<{ finding: Finding; fault: boolean }[]>([]);
  const reviewing = useRef(0);
  const refilledAt = useRef(0);

  // Skipped ones stay open: the list must reach beyond them.
  const limit = PAGE + queue.skipped.length;
  const list = useQuery({
    queryKey: keys.part(here, "findings", "queue", kind, limit),
    queryFn: ({ signal }) => {
      const query = { state: "open", kind, offset: 0, limit };
      return get<FindingPage>(projectPath(here, "/findings"), query, signal);
    },
    placeholderData: (before) => before,
    refetchOnWindowFocus: false,
  });
  const chosen = useQuery({
    ...evidenceQuery(here, wanted ?? ""),
    enabled: wanted !== undefined,
  });

  const { data, refetch } = list;
  useEffect(() => {
    if (data) setQueue((before) => filled(before, data.items));
  }, [data]);
  const asked = chosen.data?.finding;
  useEffect(() => {
    if (asked) setQueue((before) => returned(before, asked));
  }, [asked]);

  const items = queue.items;
  const openTotal = data?.total ?? 0;
  const beyond = openTotal > (data?.items.length ?? 0);
  const { size: decidedHere } = queue.decided;
  useEffect(() => {
    // Once per decision: a server that does not take them must not be asked for ever.
    if (items.length >= REFILL_AT || !beyond || refilledAt.current === decidedHere) return;
    refilledAt.current = decidedHere;
    void refetch();
  }, [items.length, beyond, decidedHere, refetch]);

  useEffect(() => {
    for (const one of items.slice(0, AHEAD + 1)) {
      void client.prefetchQuery(evidenceQuery(here, one.id));
      void client.prefetchQuery(imageQuery(here, one.sha256));
    }
  }, [client, here, items]);

  const reviewSoon = useCallback(() => {
    window.clearTimeout(reviewing.current);
    reviewing.current = window.setTimeout(() => {
      void client.invalidateQueries({ queryKey: reviewQuery(here).queryKey });
      void client.invalidateQueries({ queryKey: keys.part(here, "self") });
    }, REVIEW_AFTER_MS);
  }, [client, here]);
  useEffect(() => () => window.clearTimeout(reviewing.current), []);

  const count = (by: number, fault: boolean) =>
    setTally((t) => ({ decided: t.decided + by, faults: t.faults + (fault ? by : 0) }));

  const settle = (finding: Finding, decision: Settle) => {
    const fault = decision.decision !== "dismiss";
    setQueue((before) => decided(before, finding.id));
    last.current.push({ finding, fault });
    count(1, fault);
    post<Settled>(projectPath(here, `/findings/${finding.id}/settle`), decision).then(
      (done) => {
        void client.invalidateQueries({ queryKey: keys.part(here, "labels", finding.sha256) });
        client.removeQueries({ queryKey: evidenceQuery(here, finding.id).queryKey });
        // A group takes its members from the queue.
        if (done.settled > 1) void refetch();
        reviewSoon();
      },
      (error) => {
        const { message, hint } = asProblem(error);
        last.current = last.current.filter((one) => one.finding.id !== finding.id);
        count(-1, fault);
        toast({ text: `${words.failed(finding.image_name)} ${message} ${hint}`, tone: "bad" });
        // Somebody else was faster: it is not open any more.
        const gone =
          error instanceof ApiProblem && (error.status === 409 || error.status === 404);
        if (!gone) setQueue((before) => returned(before, finding));
      },
    );
  };

  const undo = async () => {
    const mine = last.current.pop();
    const body: Undo = { finding: mine?.finding.id ?? null };
    try {
      const done = await post<Settled>(projectPath(here, "/findings/undo"), body);
      client.removeQueries({ queryKey: evidenceQuery(here, done.finding.id).queryKey });
      void client.invalidateQueries({
        queryKey: keys.part(here, "labels", done.finding.sha256),
      });
      setQueue((before) => returned(before, done.finding));
      if (mine) count(-1, mine.fault);
      toast({ text: words.done.undone });
      reviewSoon();
    } catch (error) {
      if (mine) last.current.push(mine);
      const { message } = asProblem(error);
      const none = error instanceof ApiProblem && error.status === 404;
      toast({ text: none ? words.done.nothingToUndo : message, tone: none ? "plain" : "bad" });
    }
  };

  const current = items[0] ?? null;
  return {
    current,
    next: items.slice(1, 1 + AHEAD),
    left: Math.max(items.length, openTotal - queue.decided.size),
    counts: data?.counts ?? {},
    tally,
    loading: list.isPending || (wanted !== undefined && chosen.isPending),
    error: list.error,
    settle,
    skip: () => current && setQueue((before) => skipped(before, current.id)),
    undo: () => void undo(),
  };
}
