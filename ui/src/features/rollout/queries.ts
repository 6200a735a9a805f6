/** Questions about rollouts, asked again and again while the page is open. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { FleetCounts, FleetList, Rollout, RolloutLine } from "@/api/types";

const AGAIN_MS = 5000;
const OFFERED = 20;

export const rolloutsQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "rollouts"),
    queryFn: ({ signal }) =>
      get<RolloutLine[]>(projectPath(here, "/rollouts"), undefined, signal),
    refetchInterval: AGAIN_MS,
  });

export const rolloutQuery = (here: Here, number: number) =>
  queryOptions({
    queryKey: keys.part(here, "rollout", number),
    queryFn: ({ signal }) =>
      get<Rollout>(projectPath(here, `/rollouts/${number}`), undefined, signal),
    refetchInterval: AGAIN_MS,
  });

export const fleetQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "fleet"),
    queryFn: ({ signal }) => get<FleetCounts>(projectPath(here, "/fleet"), undefined, signal),
  });

/** Devices whose name has a text, to choose from. */
export const offeredQuery = (here: Here, name: string) =>
  queryOptions({
    queryKey: keys.part(here, "devices offered", name),
    queryFn: ({ signal }) =>
      get<FleetList>(projectPath(here, "/devices"), { name, limit: OFFERED }, signal),
  });
