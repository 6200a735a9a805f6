/** What a run does on images it has not seen, from the verdict down to every single image. */
import { Button, Select, Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { projectPath } from "@/api/here";
import { mayStart } from "@/api/jobs";
import { keys } from "@/api/keys";
import { runsQuery } from "@/api/queries";
import type { Report, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { DataPart } from "@/features/report/DataPart";
import { ReportParts } from "@/features/report/ReportParts";
import { Empty } from "@/ui/Empty";
import { plural, whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { runNames } from "@/ui/runNames";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const route = getRouteApi("/app/p/$project/report");
const SKELETONS = [90, 260, 200];

export default function ReportPage() {
  const here = useHere();
  const { run: wanted } = route.useSearch();
  const runs = useQuery(runsQuery(here));
  const done = runs.data?.filter((r) => r.state === "done") ?? [];
  const run = done.find((r) => r.id === wanted) ?? done[0];
  if (runs.isError && runs.data === undefined) {
    return (
      <Page>
        <QueryProblem query={runs} />
      </Page>
    );
  }
  if (runs.data !== undefined && run === undefined) return <NoReport />;
  return (
    <Page>
      {run === undefined ? <Waiting /> : <OneReport key={run.id} run={run} runs={done} />}
    </Page>
  );
}

function OneReport({ run, runs }: { run: Run; runs: readonly Run[] }) {
  const here = useHere();
  const report = useQuery({
    queryKey: keys.part(here, "report", run.id),
    queryFn: ({ signal }) =>
      get<Report>(projectPath(here, `/runs/${run.id}/report`), undefined, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHead title={words.title} text={judgedText(report.data, run)}>
        <RunChoice run={run} runs={runs} />
        {mayStart(here, "release") ? (
          <Button
            renderRoot={(root) => (
              <Link
                to="/p/$project/release"
                params={{ project: here.project }}
                search={{ run: run.id }}
                {...root}
              />
            )}
          >
            {words.release}
          </Button>
        ) : null}
      </PageHead>
      {report.isError ? (
        <QueryProblem query={report} />
      ) : report.data === undefined ? (
        <Waiting />
      ) : (
        <ReportParts report={report.data} runs={runs} />
      )}
      <DataPart />
    </>
  );
}

function judgedText(report: Report | undefined, run: Run): string {
  const images = report?.content.images;
  if (typeof images !== "number") return whenText(run.created);
  return words.judged(plural(images, "image"), whenText(run.created));
}

function RunChoice({ run, runs }: { run: Run; runs: readonly Run[] }) {
  const goto = route.useNavigate();
  if (runs.length < 2) return null;
  const names = runNames(runs);
  return (
    <Select
      w={190}
      aria-label={words.run}
      value={run.id}
      data={runs.map((r) => ({ value: r.id, label: names.get(r.id) ?? r.id }))}
      onChange={(id) => id && void goto({ search: (s) => ({ ...s, run: id }) })}
    />
  );
}

function NoReport() {
  const here = useHere();
  return (
    <Page>
      <title>{`${words.title} · ${here.project}`}</title>
      <Empty title={words.none} text={words.noneText}>
        <Button
          renderRoot={(root) => (
            <Link to="/p/$project/train" params={{ project: here.project }} {...root} />
          )}
        >
          {words.noneDo}
        </Button>
      </Empty>
      <DataPart />
    </Page>
  );
}

function Waiting() {
  return SKELETONS.map((height) => (
    <Skeleton key={height} height={height} radius="lg" className={classes.wait} />
  ));
}
