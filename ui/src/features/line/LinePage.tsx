/** The line: devices, what they judge, and what to do when one sees something new. */
import { Button, Skeleton, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { releasesQuery } from "@/api/queries";
import type { Line } from "@/api/types";
import { useHere } from "@/app/here";
import { AlarmSteps } from "@/features/line/AlarmSteps";
import { DeviceCard } from "@/features/line/DeviceCard";
import { HoursChart } from "@/features/line/HoursChart";
import { DriftPart } from "@/ui/DriftPart";
import { driftOf } from "@/ui/drift";
import { Empty } from "@/ui/Empty";
import { countText, whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { Verdicts } from "@/ui/Verdicts";
import { line as words } from "@/words/line";
import classes from "./LinePage.module.css";

const AGAIN_MS = 5000;

export default function LinePage() {
  const here = useHere();
  const line = useQuery({
    queryKey: keys.part(here, "line"),
    queryFn: ({ signal }) => get<Line>(projectPath(here, "/line"), undefined, signal),
    refetchInterval: AGAIN_MS,
  });
  if (line.data === undefined) {
    return (
      <Page>
        {line.isError ? <QueryProblem query={line} /> : <Skeleton height={200} radius="lg" />}
      </Page>
    );
  }
  if (line.data.devices.length === 0 && line.data.items.length === 0) return <Silent />;
  return <Known line={line.data} />;
}

function Known({ line }: { line: Line }) {
  const here = useHere();
  const newest = useQuery(releasesQuery(here)).data?.[0]?.version;
  const alarmed = line.devices.filter((d) => driftOf(d)?.alarm);
  return (
    <Page>
      <PageHead
        title={words.title}
        text={`${countsText(line)} ${words.since(whenText(line.since))}`}
      >
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/update" params={{ project: here.project }} {...root} />
          )}
        >
          {words.update}
        </Button>
      </PageHead>
      {alarmed.length > 0 ? <AlarmSteps devices={alarmed} /> : null}
      <div className={classes.devices}>
        {line.devices.map((device) => (
          <DeviceCard key={device.name} device={device} newest={newest} />
        ))}
      </div>
      <DriftPart here={here} />
      {line.hours.length > 1 ? (
        <section className={classes.section}>
          <Title order={2} fz="lg">
            {words.hours}
          </Title>
          <HoursChart hours={line.hours} />
        </section>
      ) : null}
      <section className={classes.section}>
        <Title order={2} fz="lg">
          {words.newest}
        </Title>
        <Verdicts here={here} items={line.items} />
      </section>
    </Page>
  );
}

function countsText(line: Line): string {
  const { OK = 0, NG = 0, error = 0 } = line.counts;
  const told = words.counts(countText(OK), countText(NG));
  return error > 0 ? `${told}, ${words.errors(countText(error))},` : told;
}

function Silent() {
  const here = useHere();
  return (
    <Empty title={words.none} text={words.noneText}>
      <title>{`${words.title} · ${here.project}`}</title>
      <Button
        renderRoot={(root) => (
          <Link to="/p/$project/release" params={{ project: here.project }} {...root} />
        )}
      >
        {words.noneDo}
      </Button>
    </Empty>
  );
}
