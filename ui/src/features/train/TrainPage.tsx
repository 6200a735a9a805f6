/** A button, a forecast, the curve while it learns, then the report. */
import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { adviceQuery, projectQuery, runsQuery } from "@/api/queries";
import type { Advice, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { useCommands } from "@/app/palette";
import { EarlierRuns } from "@/features/train/EarlierRuns";
import { TrainingNow } from "@/features/train/TrainingNow";
import {
  type Options,
  STANDARD,
  TrainOptions,
  wireOptions,
} from "@/features/train/TrainOptions";
import { Empty } from "@/ui/Empty";
import { pointsText, secondsText } from "@/ui/figures";
import { TrainIcon } from "@/ui/icons";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { train as words } from "@/words/train";
import classes from "./TrainPage.module.css";

export default function TrainPage() {
  const here = useHere();
  const client = useQueryClient();
  const project = useQuery(projectQuery(here)).data;
  const runs = useQuery(runsQuery(here)).data;
  const advice = useQuery(adviceQuery(here)).data;
  const job = useNewestJob(here, "train");
  const [options, setOptions] = useState<Options>(STANDARD);
  const start = useMutation({
    mutationFn: () => startJob(client, here, "train", wireOptions(options)),
  });
  const busy = job !== undefined && !isOver(job);
  const allowed = mayStart(here, "train");
  const { mutate } = start;
  useCommands(
    useMemo(
      () => (allowed && !busy ? [{ id: "train", label: words.go, run: () => mutate() }] : []),
      [allowed, busy, mutate],
    ),
  );
  if (project !== undefined && project.labeled === 0) return <NoData />;
  return (
    <Page>
      <PageHead title={words.title} text={words.text} />
      {busy ? null : (
        <section className={classes.begin}>
          <Button
            size="md"
            leftSection={<TrainIcon />}
            loading={start.isPending}
            disabled={!allowed}
            onClick={() => start.mutate()}
          >
            {words.go}
          </Button>
          <Text c="dimmed">{allowed ? forecastText(runs, advice) : words.viewer}</Text>
          <TrainOptions options={options} onChange={setOptions} />
        </section>
      )}
      {job ? <TrainingNow here={here} job={job} /> : null}
      {runs && runs.length > 0 ? <EarlierRuns runs={runs} /> : null}
    </Page>
  );
}

/** How long it will take and what it should bring, as far as that is known. */
export function forecastText(
  runs: readonly Run[] | undefined,
  advice: Pick<Advice, "actions"> | undefined,
): string {
  const last = runs?.find((r) => r.state === "done" && r.finished !== null);
  const parts = [
    last?.finished ? words.takes(tookText(last.created, last.finished)) : words.first,
  ];
  const action = advice?.actions.find((a) => a.kind === "train" && a.gain !== null);
  if (action?.gain != null) {
    parts.push(words.expected(pointsText(action.gain, action.low, action.high)));
  }
  return parts.join(" ");
}

function tookText(from: string, to: string): string {
  return secondsText((Date.parse(to) - Date.parse(from)) / 1000);
}

function NoData() {
  const here = useHere();
  return (
    <Empty title={words.noData} text={words.noDataText}>
      <title>{`${words.title} · ${here.project}`}</title>
      <Button
        renderRoot={(root) => (
          <Link to="/p/$project/images" params={{ project: here.project }} {...root} />
        )}
      >
        {words.noDataDo}
      </Button>
    </Empty>
  );
}
