import { Table, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { adviceQuery, snapshotsQuery } from "@/api/queries";
import type { Run } from "@/api/types";
import { useHere } from "@/app/here";
import { type CoursePoint, courseOf } from "@/ui/course";
import { DataTable } from "@/ui/DataTable";
import { betweenText, type Proportion, secondsText, whenText } from "@/ui/figures";
import { runNames } from "@/ui/runNames";
import { jobStates } from "@/words/frame";
import { train as words } from "@/words/train";
import classes from "./TrainPage.module.css";

export function EarlierRuns({ runs }: { runs: readonly Run[] }) {
  const here = useHere();
  const advice = useQuery(adviceQuery(here)).data;
  const snapshots = useQuery(snapshotsQuery(here)).data ?? [];
  const names = runNames(runs);
  const frozen = new Map(snapshots.map((s) => [s.id, whenText(s.created)]));
  const course = new Map<string, CoursePoint>(
    courseOf(advice?.course ?? []).map((p) => [p.run, p]),
  );
  return (
    <section className={classes.earlier}>
      <Title order={2} fz="lg" mb="sm">
        {words.earlier}
      </Title>
      <DataTable
        heads={[words.when, words.stand, words.escapes, words.overkills, words.took]}
        rows={runs.map((run) => (
          <Table.Tr key={run.id}>
            <Table.Td>
              <Link
                to="/p/$project/report"
                params={{ project: here.project }}
                search={{ run: run.id }}
              >
                {names.get(run.id)}
              </Link>
            </Table.Td>
            <Table.Td title={run.snapshot}>
              {frozen.get(run.snapshot) ?? run.snapshot.slice(0, 12)}
            </Table.Td>
            <Table.Td>{rateText(course.get(run.id)?.escapes)}</Table.Td>
            <Table.Td>{rateText(course.get(run.id)?.overkill)}</Table.Td>
            <Table.Td>
              {run.finished
                ? secondsText((Date.parse(run.finished) - Date.parse(run.created)) / 1000)
                : (jobStates[run.state as keyof typeof jobStates] ?? run.state)}
            </Table.Td>
          </Table.Tr>
        ))}
      />
    </section>
  );
}

function rateText(p: Proportion | null | undefined): string {
  return p ? `${p.count} of ${p.total} (${betweenText(p)})` : "–";
}
