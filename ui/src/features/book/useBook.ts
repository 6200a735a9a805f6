/** The label book that is being changed: draft, saving, and what to do when both saved. */

import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ApiProblem, asProblem, get, put } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { labelBookQuery } from "@/api/queries";
import type { BookChange, BookRevision, LabelBook, Problem } from "@/api/types";
import { changesBetween, isSound, type Merged, mergedBooks } from "./draft";

export const historyQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "label-book", "history"),
    queryFn: ({ signal }) =>
      get<BookRevision[]>(projectPath(here, "/label-book/history"), undefined, signal),
  });

export interface Conflict {
  base: LabelBook;
  mine: LabelBook;
  theirs: BookRevision;
  merged: Merged;
  /** What my save gave as its reason. */
  reason: string;
}

export interface BookWork {
  draft: LabelBook | null;
  saved: LabelBook | null;
  changes: string[];
  canSave: boolean;
  saving: boolean;
  problem: Problem | null;
  conflict: Conflict | null;
  error: Error | null;
  retry: () => void;
  edit: (change: (book: LabelBook) => LabelBook) => void;
  discard: () => void;
  /** The revision that it became; null where it was not saved. */
  save: (reason: string, book?: LabelBook) => Promise<number | null>;
  dropConflict: () => void;
}

export function useBook(here: Here): BookWork {
  const client = useQueryClient();
  const query = useQuery(labelBookQuery(here));
  const [base, setBase] = useState<LabelBook | null>(null);
  const [draft, setDraft] = useState<LabelBook | null>(null);
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);

  const changes = useMemo(
    () => (base && draft ? changesBetween(base, draft) : []),
    [base, draft],
  );
  const { data } = query;
  useEffect(() => {
    // News from the server never take away what is being written.
    if (data && (draft === null || changes.length === 0) && data !== base) {
      setBase(data);
      setDraft(data);
    }
  }, [data, base, draft, changes.length]);

  const take = (book: LabelBook): number => {
    client.setQueryData(labelBookQuery(here).queryKey, book);
    setBase(book);
    setDraft(book);
    setConflict(null);
    void client.invalidateQueries({ queryKey: historyQuery(here).queryKey });
    void client.invalidateQueries({ queryKey: keys.part(here, "findings") });
    return book.revision;
  };

  const save = async (reason: string, book = draft): Promise<number | null> => {
    if (!base || !book) return null;
    setSaving(true);
    setProblem(null);
    try {
      const change: BookChange = { book, reason };
      return take(await put<LabelBook>(projectPath(here, "/label-book"), change));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 409) {
        const theirs = await newest(client, here);
        if (theirs && theirs.book.revision !== book.revision) {
          const merged = mergedBooks(base, book, theirs.book);
          setConflict({ base, mine: book, theirs, merged, reason });
          return null;
        }
      }
      setProblem(asProblem(error));
      return null;
    } finally {
      setSaving(false);
    }
  };

  return {
    draft,
    saved: base,
    changes,
    canSave: draft !== null && changes.length > 0 && isSound(draft),
    saving,
    problem,
    conflict,
    error: query.error,
    retry: () => void query.refetch(),
    edit: (change) => setDraft((book) => book && change(book)),
    discard: () => {
      setDraft(base);
      setProblem(null);
    },
    save,
    dropConflict: () => {
      if (conflict) take(conflict.theirs.book);
    },
  };
}

async function newest(
  client: ReturnType<typeof useQueryClient>,
  here: Here,
): Promise<BookRevision | null> {
  const history = await client.fetchQuery({ ...historyQuery(here), staleTime: 0 });
  return history.reduce<BookRevision | null>(
    (best, one) => (best && best.book.revision > one.book.revision ? best : one),
    null,
  );
}
