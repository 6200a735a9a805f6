/** Questions of the way from an alarm to a new version. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type {
  FindingPage,
  FleetCounts,
  Harm,
  Line,
  Promotion,
  Rollout,
  RolloutLine,
  Upkeep,
} from "@/api/types";

const AGAIN_MS = 5000;
export const FROM_DEVICE = "from_device";

const asked = <T>(here: Here, part: string, path: string, again: number | false) =>
  queryOptions({
    queryKey: keys.part(here, part),
    queryFn: ({ signal }) => get<T>(projectPath(here, path), undefined, signal),
    refetchInterval: again,
  });

export const upkeepQuery = (here: Here) => asked<Upkeep>(here, "upkeep", "/upkeep", AGAIN_MS);
export const promotionsQuery = (here: Here) =>
  asked<Promotion[]>(here, "promotions", "/promotions?limit=20", false);
export const lineQuery = (here: Here) => asked<Line>(here, "line", "/line", AGAIN_MS);
export const fleetQuery = (here: Here) => asked<FleetCounts>(here, "fleet", "/fleet", AGAIN_MS);
export const rolloutsQuery = (here: Here) =>
  asked<RolloutLine[]>(here, "rollouts", "/rollouts", AGAIN_MS);
export const harmQuery = (here: Here) => ({
  ...asked<Harm>(here, "harm", "/harm", false),
  retry: false,
  meta: { quiet: true },
});

export const rolloutQuery = (here: Here, number: number) =>
  asked<Rollout>(here, `rollout ${number}`, `/rollouts/${number}`, AGAIN_MS);

/** The next pictures that wait for an answer. */
export const waitingQuery = (here: Here) =>
  queryOptions({
    queryKey: keys.part(here, "findings", FROM_DEVICE),
    queryFn: ({ signal }) =>
      get<FindingPage>(
        projectPath(here, "/findings"),
        { kind: FROM_DEVICE, state: "open", limit: 20 },
        signal,
      ),
  });
