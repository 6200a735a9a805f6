/** Questions about devices, asked again and again while their page is open. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { FleetCounts, FleetDeviceDetails, FleetList } from "@/api/types";

const AGAIN_MS = 5000;
export const PAGE_SIZE = 50;

export const STATES = ["active", "silent", "waiting", "revoked"] as const;

/** Which devices are wanted, as the address of the page has it. */
export interface Wanted {
  name?: string | undefined;
  state?: string | undefined;
  release?: string | undefined;
  behind?: boolean | undefined;
  drift?: boolean | undefined;
}

export const fleetQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "fleet"),
    queryFn: ({ signal }) => get<FleetCounts>(projectPath(here, "/fleet"), undefined, signal),
    refetchInterval: AGAIN_MS,
  });

export const devicesQuery = (here: Here, wanted: Wanted, after: string) =>
  queryOptions({
    queryKey: keys.part(here, "devices", wanted, after),
    queryFn: ({ signal }) =>
      get<FleetList>(
        projectPath(here, "/devices"),
        { ...wanted, after, limit: PAGE_SIZE },
        signal,
      ),
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
  });

export const deviceQuery = (here: Here, name: string) =>
  queryOptions({
    queryKey: keys.part(here, "device", name),
    queryFn: ({ signal }) => get<FleetDeviceDetails>(devicePath(here, name), undefined, signal),
    refetchInterval: AGAIN_MS,
  });

export function devicePath(here: Here, name: string, rest = ""): string {
  return projectPath(here, `/devices/${encodeURIComponent(name)}${rest}`);
}

/** Any wish at all, so that an empty list means "no match". */
export function narrowed(wanted: Wanted): boolean {
  return Object.values(wanted).some((v) => v !== undefined);
}
