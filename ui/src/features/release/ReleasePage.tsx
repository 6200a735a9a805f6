/** Releases as a time line with the records of their gate; releasing and going back. */
import { Button, Progress, Skeleton, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { releasesQuery, runsQuery } from "@/api/queries";
import type { Job, Release, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { ReleaseCard } from "@/features/release/ReleaseCard";
import { Empty } from "@/ui/Empty";
import { whenText } from "@/ui/figures";
import { ReleaseIcon } from "@/ui/icons";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { QueryProblem } from "@/ui/QueryProblem";
import { release as words } from "@/words/release";
import classes from "./ReleasePage.module.css";

const route = getRouteApi("/app/p/$project/release");

export default function ReleasePage() {
  const here = useHere();
  const { run: wanted } = route.useSearch();
  const releases = useQuery(releasesQuery(here));
  const runs = useQuery(runsQuery(here));
  const done = runs.data?.filter((r) => r.state === "done") ?? [];
  const run = done.find((r) => r.id === wanted) ?? done[0];
  if (releases.isError && releases.data === undefined) {
    return (
      <Page>
        <QueryProblem query={releases} />
      </Page>
    );
  }
  if (releases.data === undefined || runs.data === undefined) {
    return (
      <Page>
        <Skeleton height={160} radius="lg" />
      </Page>
    );
  }
  if (run === undefined && releases.data.length === 0) return <Nothing />;
  return (
    <Page>
      <PageHead title={words.title} text={words.text}>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/export" params={{ project: here.project }} {...root} />
          )}
        >
          {words.exportData}
        </Button>
      </PageHead>
      {run ? <ReleaseNow run={run} releases={releases.data} /> : null}
      {releases.data.length === 0 ? <Text c="dimmed">{words.noReleases}</Text> : null}
      <ol className={classes.line}>
        {releases.data.map((r, i) => (
          <ReleaseCard
            key={r.version}
            release={r}
            newest={i === 0}
            next={(releases.data[0]?.version ?? 0) + 1}
          />
        ))}
      </ol>
    </Page>
  );
}

function ReleaseNow({ run, releases }: { run: Run; releases: readonly Release[] }) {
  const here = useHere();
  const client = useQueryClient();
  const job = useNewestJob(here, "release");
  const out = releases.find((r) => r.run === run.id);
  const start = useMutation({
    mutationFn: () => startJob(client, here, "release", { run: run.id }),
  });
  if (job && !isOver(job)) return <Running job={job} />;
  const allowed = mayStart(here, "release");
  return (
    <section className={classes.now}>
      <Button
        size="md"
        variant={out ? "default" : "filled"}
        leftSection={<ReleaseIcon />}
        disabled={!allowed}
        loading={start.isPending}
        onClick={() => start.mutate()}
      >
        {words.go}
      </Button>
      <Text c="dimmed">
        {allowed
          ? `${words.of(whenText(run.created))} ${out ? words.isOut(out.version) : words.waits}`
          : words.viewer}
      </Text>
      {job?.problem ? (
        <div className={classes.wide}>
          <Text fw={600} mb={6}>
            {words.failed}
          </Text>
          <ProblemNote problem={job.problem} />
        </div>
      ) : null}
    </section>
  );
}

function Running({ job }: { job: Job }) {
  const share = jobShare(job);
  return (
    <section className={classes.running} aria-live="polite">
      <Text fw={600}>{words.running}</Text>
      <Progress
        my="sm"
        size="lg"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={words.running}
      />
      <Text c="dimmed">{[stageText(job), etaText(job)].filter(Boolean).join(" · ")}</Text>
    </section>
  );
}

function Nothing() {
  const here = useHere();
  return (
    <Empty title={words.none} text={words.noneText}>
      <title>{`${words.title} · ${here.project}`}</title>
      <Button
        renderRoot={(root) => (
          <Link to="/p/$project/train" params={{ project: here.project }} {...root} />
        )}
      >
        {words.noneDo}
      </Button>
    </Empty>
  );
}
