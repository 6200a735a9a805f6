/** The new version reaches the devices: by a rollout, or as a file. */
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { address, post } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Rollout, StartRollout, Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { fleetQuery, rolloutsQuery } from "@/features/update/queries";
import { percent, sentence } from "@/ui/figures";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { rollout as rolloutWords } from "@/words/rollout";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

interface SwapStepProps {
  upkeep: Upkeep;
  now: boolean;
}

export function SwapStep({ upkeep, now }: SwapStepProps) {
  const here = useHere();
  const fleet = useQuery(fleetQuery(here)).data;
  const newest = useQuery(rolloutsQuery(here)).data?.[0];
  const { version } = upkeep;
  if (version === null) return <p>{words.noEffect}</p>;
  const { active = 0, silent = 0 } = fleet?.states ?? {};
  if (fleet !== undefined && active + silent === 0) {
    return <AsFile version={version} now={now} />;
  }
  if (newest?.version === version) {
    const state = rolloutWords.states[newest.state] ?? newest.state;
    return (
      <>
        <p>{words.swapState(version, state)}</p>
        <p className={classes.dim}>{sentence(newest.why)}</p>
        <div className={classes.row}>
          <SeeRollout />
        </div>
      </>
    );
  }
  const share = upkeep.limits.first_share;
  return <Start version={version} share={typeof share === "number" ? share : 0} now={now} />;
}

function AsFile({ version, now }: { version: number; now: boolean }) {
  return (
    <>
      <p>{words.swapNone}</p>
      <div className={classes.row}>
        <Button
          size="md"
          component="a"
          href={address(projectPath(useHere(), `/releases/${version}/bundle`))}
          download
          variant={now ? "filled" : "default"}
        >
          {words.swapFile}
        </Button>
      </div>
    </>
  );
}

function SeeRollout() {
  const here = useHere();
  return (
    <Button
      size="md"
      variant="default"
      renderRoot={(root) => (
        <Link to="/p/$project/rollout" params={{ project: here.project }} {...root} />
      )}
    >
      {words.swapSee}
    </Button>
  );
}

interface StartProps {
  version: number;
  /** Of the devices that get it first; 0 for all at once. */
  share: number;
  now: boolean;
}

function Start({ version, share, now }: StartProps) {
  const here = useHere();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: (given: StartRollout) => post<Rollout>(projectPath(here, "/rollouts"), given),
    onSuccess: () => toast({ text: words.swapDone(version) }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(here) }),
  });
  const some = share > 0 && share < 1;
  return (
    <>
      <p>{some ? words.swapFirst(version, percent(share)) : words.swapText(version)}</p>
      <div className={classes.row}>
        <Sure
          size="md"
          variant={now ? "filled" : "default"}
          loading={start.isPending}
          disabled={!may(here.role, "operator")}
          sentence={words.swapSure(version)}
          onSure={() => start.mutate({ version, waves: some ? [share, 1] : [1] })}
        >
          {words.swap}
        </Sure>
        <SeeRollout />
      </div>
    </>
  );
}
