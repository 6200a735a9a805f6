/** A list of any length that is asked for in pages, as far as it is looked at. */
import {
  keepPreviousData,
  queryOptions,
  type UseQueryResult,
  useQueries,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { ImageCard, ImagePage } from "@/api/types";

export interface GalleryQuestion {
  filter?: string | undefined;
  sort?: string | undefined;
  descending?: boolean | undefined;
}

/** Places of a list that are looked at. */
export interface Seen {
  first: number;
  last: number;
}

export interface Gallery {
  total: number | undefined;
  /** Another function once more is known. */
  at: (index: number) => ImageCard | undefined;
  error: Error | null;
  /** The hashes of a range, asked for where they are not known. */
  shasOf: (from: number, to: number) => Promise<string[]>;
}

export const PAGE = 120;

type Place = Pick<Here, "organisation" | "project">;

const pageQuery = (here: Place, question: GalleryQuestion, page: number) =>
  queryOptions({
    queryKey: keys.part(
      here,
      "images",
      question.filter ?? "",
      question.sort ?? "",
      question.descending === true,
      page,
    ),
    queryFn: ({ signal }) =>
      get<ImagePage>(
        projectPath(here, "/images"),
        {
          filter: question.filter,
          sort: question.sort,
          descending: question.descending,
          offset: page * PAGE,
          limit: PAGE,
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

/** The pages that hold some places; the first always, as it says how many there are. */
export function pagesOf(first: number, last: number): number[] {
  const pages = new Set([0]);
  for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
    pages.add(Math.max(0, page));
  }
  return [...pages];
}

/** What is seen in whole pages: the same while the same pages hold it. */
export function seenPages(before: Seen, now: Seen): Seen {
  const from = Math.max(0, Math.floor(now.first / PAGE)) * PAGE;
  const to = Math.floor(now.last / PAGE) * PAGE + PAGE - 1;
  return before.first === from && before.last === to ? before : { first: from, last: to };
}

/** The pages that are known: what stands in for another list comes last. */
function held(results: UseQueryResult<ImagePage>[]) {
  const known = results.filter((r) => r.data !== undefined);
  const ordered = [
    ...known.filter((r) => !r.isPlaceholderData),
    ...known.filter((r) => r.isPlaceholderData),
  ];
  return {
    parts: ordered.flatMap((r) => r.data ?? []),
    error: results.find((r) => r.isError)?.error ?? null,
  };
}

export function useGallery(here: Place, question: GalleryQuestion, seen: Seen): Gallery {
  const client = useQueryClient();
  const pages = pagesOf(seen.first, seen.last);
  const { parts, error } = useQueries({
    queries: pages.map((p) => pageQuery(here, question, p)),
    combine: held,
  });
  const total = parts.find((p) => p.offset === 0)?.total;
  const at = useCallback(
    (index: number) => {
      const offset = Math.floor(index / PAGE) * PAGE;
      return parts.find((p) => p.offset === offset)?.items[index - offset];
    },
    [parts],
  );
  const shasOf = useCallback(
    async (from: number, to: number) => {
      const wanted = pagesOf(from, to).filter((p) => p >= Math.floor(from / PAGE));
      const parts = await Promise.all(
        wanted.map((p) => client.fetchQuery(pageQuery(here, question, p))),
      );
      return parts
        .flatMap((part) => part.items.map((item, i) => [part.offset + i, item.sha256] as const))
        .filter(([index]) => index >= from && index <= to)
        .map(([, sha]) => sha);
    },
    [client, here, question],
  );
  return useMemo(() => ({ total, at, error, shasOf }), [total, at, error, shasOf]);
}
