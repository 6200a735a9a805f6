/** All devices of a project: which release they run, when they were heard of, how they fare. */
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { may } from "@/api/here";
import type { DeviceCode, FleetCounts } from "@/api/types";
import { useHere } from "@/app/here";
import { CodeNote } from "@/features/devices/CodeNote";
import { DeviceFilters } from "@/features/devices/DeviceFilters";
import { DevicesTable } from "@/features/devices/DevicesTable";
import { NewDevice } from "@/features/devices/NewDevice";
import { fleetQuery, type Wanted } from "@/features/devices/queries";
import { Empty } from "@/ui/Empty";
import { countText } from "@/ui/figures";
import { PlusIcon } from "@/ui/icons";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { devices as words } from "@/words/devices";

const route = getRouteApi("/app/p/$project/devices");

export default function DevicesPage() {
  const here = useHere();
  const fleet = useQuery(fleetQuery(here));
  if (fleet.data !== undefined) return <Known counts={fleet.data} />;
  return (
    <Page>
      {fleet.isError ? <QueryProblem query={fleet} /> : <Skeleton height={240} radius="lg" />}
    </Page>
  );
}

type Code = { made: DeviceCode; since: number };

function Known({ counts }: { counts: FleetCounts }) {
  const here = useHere();
  const [adding, setAdding] = useState(false);
  const [code, setCode] = useState<Code | null>(null);
  const none = totalOf(counts) === 0;
  const idle = !adding && code === null;
  const add = may(here.role, "admin") && idle ? () => setAdding(true) : null;
  return (
    <Page>
      <PageHead title={words.title} text={none ? null : summary(counts)}>
        {none ? null : <Actions add={add} />}
      </PageHead>
      {adding ? (
        <NewDevice
          onCancel={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setCode({ made, since: Date.now() });
          }}
        />
      ) : null}
      {code ? <CodeNote {...code} onDone={() => setCode(null)} /> : null}
      {none ? <Nothing idle={idle} add={add} /> : <All counts={counts} />}
    </Page>
  );
}

function Actions({ add }: { add: (() => void) | null }) {
  const here = useHere();
  return (
    <>
      <Button
        variant="default"
        renderRoot={(root) => (
          <Link to="/p/$project/rollout" params={{ project: here.project }} {...root} />
        )}
      >
        {words.rollout}
      </Button>
      {add ? (
        <Button leftSection={<PlusIcon size={17} />} onClick={add}>
          {words.add}
        </Button>
      ) : null}
    </>
  );
}

function Nothing({ idle, add }: { idle: boolean; add: (() => void) | null }) {
  if (!idle) return null;
  return (
    <Empty title={words.none} text={add ? words.noneText : words.noneViewer} order={2}>
      {add ? <Button onClick={add}>{words.add}</Button> : null}
    </Empty>
  );
}

function All({ counts }: { counts: FleetCounts }) {
  const here = useHere();
  const wanted = route.useSearch();
  const navigate = useNavigate();
  const change = (next: Wanted) =>
    void navigate({
      to: "/p/$project/devices",
      params: { project: here.project },
      search: next,
      replace: true,
    });
  return (
    <>
      <DeviceFilters counts={counts} wanted={wanted} onChange={change} />
      <DevicesTable key={JSON.stringify(wanted)} wanted={wanted} />
    </>
  );
}

function totalOf(counts: FleetCounts): number {
  return Object.values(counts.states).reduce((a, b) => a + b, 0);
}

function summary({ states }: FleetCounts): string {
  const count = (state: string) => countText(states[state] ?? 0);
  return words.summary(count("active"), count("silent"), count("waiting"));
}
