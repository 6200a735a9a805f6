/** The images that are gone through: those of the gallery's filter, in its order. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { imageQuery } from "@/api/queries";
import type { ImageCard, ImagePage } from "@/api/types";

export interface ImageOrder {
  filter?: string | undefined;
  sort?: string | undefined;
  descending?: boolean | undefined;
}

export interface Images {
  cards: readonly ImageCard[];
  total: number;
  /** Place of the image shown; -1 while it is not found. */
  place: number;
  card: ImageCard | null;
  /** Whether nothing is known of the order yet. */
  pending: boolean;
  /** Whether the place of the image shown may still be found. */
  searching: boolean;
  error: Error | null;
}

const PAGE = 200;
/** So many images are gone through to find the one shown. */
const MOST_LOOKED_AT = 20_000;
const LOAD_AHEAD = 30;

export function useImages(here: Here, sha256: string, order: ImageOrder): Images {
  const { filter, sort, descending } = order;
  const list = useInfiniteQuery({
    queryKey: keys.part(here, "images", "strip", filter, sort, descending),
    queryFn: ({ pageParam, signal }) => {
      const query = { filter, sort, descending, offset: pageParam, limit: PAGE };
      return get<ImagePage>(projectPath(here, "/images"), query, signal);
    },
    initialPageParam: 0,
    getNextPageParam: (page: ImagePage) => {
      const next = page.offset + page.items.length;
      return page.items.length > 0 && next < page.total ? next : undefined;
    },
    // What is labeled leaves a filter like "not labeled": the order must not jump meanwhile.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  const cards = useMemo(
    () => list.data?.pages.flatMap((page) => page.items) ?? [],
    [list.data],
  );
  const place = useMemo(() => cards.findIndex((c) => c.sha256 === sha256), [cards, sha256]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const searching = place < 0 && cards.length < MOST_LOOKED_AT;
  const nearEnd = place >= 0 && place > cards.length - LOAD_AHEAD;
  useEffect(() => {
    if ((searching || nearEnd) && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [searching, nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);

  // Opened by an address, the image is shown before its place in the list is known.
  const known = cards[place] ?? null;
  const detail = useQuery({ ...imageQuery(here, sha256), enabled: known === null });
  return {
    cards,
    total: list.data?.pages[0]?.total ?? 0,
    place,
    pending: list.isPending && !list.isError,
    searching: place < 0 && !list.isError && (list.isPending || (searching && hasNextPage)),
    card: known ?? detail.data?.card ?? null,
    error: known === null ? (detail.error ?? null) : null,
  };
}
