/** Bringing a release to many devices: the rollout that is open, the next one, those before. */
import { Button, Skeleton, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { may } from "@/api/here";
import { releasesQuery } from "@/api/queries";
import type { Release, RolloutLine } from "@/api/types";
import { useHere } from "@/app/here";
import { fleetQuery, rolloutQuery, rolloutsQuery } from "@/features/rollout/queries";
import { RolloutNow } from "@/features/rollout/RolloutNow";
import { StartForm } from "@/features/rollout/StartForm";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { sentence, whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { rollout as words } from "@/words/rollout";
import classes from "./RolloutPage.module.css";

const route = getRouteApi("/app/p/$project/rollout");

export default function RolloutPage() {
  const here = useHere();
  const releases = useQuery(releasesQuery(here));
  const list = useQuery(rolloutsQuery(here));
  const fleet = useQuery(fleetQuery(here));
  const failed = [releases, list, fleet].find((q) => q.isError && q.data === undefined);
  if (failed) {
    return (
      <Page>
        <QueryProblem query={failed} />
      </Page>
    );
  }
  if (!releases.data || !list.data || !fleet.data) {
    return (
      <Page>
        <Skeleton height={220} radius="lg" />
      </Page>
    );
  }
  if (releases.data.length === 0) return <Missing what="release" />;
  const { active = 0, silent = 0 } = fleet.data.states;
  if (active + silent === 0 && list.data.length === 0) return <Missing what="devices" />;
  return <Known releases={releases.data} list={list.data} devices={active + silent} />;
}

interface KnownProps {
  releases: readonly Release[];
  list: readonly RolloutLine[];
  devices: number;
}

function Known({ releases, list, devices }: KnownProps) {
  const here = useHere();
  const { release: asked } = route.useSearch();
  const newest = list[0];
  const [starting, setStarting] = useState(asked !== undefined);
  // Devices refuse a release that is older than one that was offered before.
  const possible = releases.filter((r) => newest === undefined || r.version >= newest.version);
  const open = newest?.state === "running" || newest?.state === "halted";
  const able = may(here.role, "operator");
  const form = able && possible.length > 0 && (newest === undefined || starting);
  return (
    <Page>
      <PageHead title={words.title} text={words.text}>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/devices" params={{ project: here.project }} {...root} />
          )}
        >
          {words.devices}
        </Button>
        {able && !form && possible.length > 0 ? (
          <Button variant={open ? "default" : "filled"} onClick={() => setStarting(true)}>
            {words.startTitle}
          </Button>
        ) : null}
      </PageHead>
      {newest ? <Newest number={newest.number} releases={releases} /> : null}
      {form ? (
        <section className={classes.card}>
          <h2 className={classes.title}>{words.startTitle}</h2>
          <StartForm
            key={newest?.number ?? 0}
            releases={possible}
            asked={asked}
            devices={devices}
            ends={open ? newest.version : null}
            onStarted={() => setStarting(false)}
          />
        </section>
      ) : null}
      {able ? null : <Text c="dimmed">{words.viewer}</Text>}
      {list.length > 1 ? <Earlier list={list.slice(1)} /> : null}
    </Page>
  );
}

function Newest({ number, releases }: { number: number; releases: readonly Release[] }) {
  const now = useQuery(rolloutQuery(useHere(), number)).data;
  if (now === undefined) return <Skeleton height={220} radius="lg" />;
  return <RolloutNow key={number} rollout={now} releases={releases} />;
}

function Earlier({ list }: { list: readonly RolloutLine[] }) {
  const { heads } = words;
  return (
    <section className={classes.section}>
      <Title order={2} fz="lg" mb={6}>
        {words.earlier}
      </Title>
      <DataTable
        heads={[heads.release, heads.state, heads.why, heads.who, heads.end]}
        empty={words.noEarlier}
        rows={list.map((line) => (
          <Table.Tr key={line.number}>
            <Table.Td fw={550}>{words.which(line.version)}</Table.Td>
            <Table.Td>{words.states[line.state] ?? line.state}</Table.Td>
            <Table.Td>{sentence(line.why)}</Table.Td>
            <Table.Td>{words.since(line.author, whenText(line.created))}</Table.Td>
            <Table.Td>{line.finished ? whenText(line.finished) : ""}</Table.Td>
          </Table.Tr>
        ))}
      />
    </section>
  );
}

function Missing({ what }: { what: "release" | "devices" }) {
  const here = useHere();
  const release = what === "release";
  return (
    <Empty
      title={release ? words.noReleases : words.noDevices}
      text={release ? words.noReleasesText : words.noDevicesText}
    >
      <title>{`${words.title} · ${here.project}`}</title>
      <Button
        renderRoot={(root) => (
          <Link to={`/p/$project/${what}`} params={{ project: here.project }} {...root} />
        )}
      >
        {release ? words.noReleasesDo : words.noDevicesDo}
      </Button>
    </Empty>
  );
}
