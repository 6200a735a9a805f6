import { Button, Progress, Table, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { Here } from "@/api/here";
import { cancelJob, isOver, useJob } from "@/api/jobs";
import type { Job } from "@/api/types";
import { forgetIntake, type Intake } from "@/intake/intake";
import { type ImportSummary, summaryOf } from "@/intake/summary";
import { countText } from "@/ui/figures";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { ProblemNote } from "@/ui/ProblemNote";
import { frame } from "@/words/frame";
import { intake as words } from "@/words/intake";
import classes from "./intake.module.css";

interface IntakeDoneProps {
  here: Pick<Here, "organisation" | "project">;
  intake: Extract<Intake, { phase: "reading" }>;
  onLook: () => void;
}

export function IntakeDone({ here, intake, onLook }: IntakeDoneProps) {
  const job = useJob(here, intake.job);
  if (job === undefined || !isOver(job)) return <Reading here={here} job={job} />;
  const summary = summaryOf(job);
  const problems = [...intake.left, ...(summary?.problems ?? [])];
  return (
    <div className={classes.panel}>
      {job.problem ? <ProblemNote problem={job.problem} /> : null}
      {job.state === "cancelled" ? <Text>{words.cancelled}</Text> : null}
      {summary ? <Told summary={summary} leftOut={problems.length} /> : null}
      {problems.length > 0 ? <LeftOut problems={problems} /> : null}
      <div className={classes.buttons}>
        <Button variant="default" onClick={() => forgetIntake(here)}>
          {words.more}
        </Button>
        {job.problem ? null : (
          <Button
            onClick={() => {
              forgetIntake(here);
              onLook();
            }}
          >
            {words.look}
          </Button>
        )}
      </div>
    </div>
  );
}

function Reading({ here, job }: { here: IntakeDoneProps["here"]; job: Job | undefined }) {
  const client = useQueryClient();
  const share = job ? jobShare(job) : null;
  return (
    <div className={classes.panel}>
      <p className={classes.dropTitle}>{words.importing}</p>
      <Progress
        size="lg"
        my="md"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={words.importing}
      />
      <Text c="dimmed">
        {job ? [stageText(job), etaText(job)].filter(Boolean).join(" · ") : ""}
      </Text>
      <Text c="dimmed" mt={4}>
        {words.stays}
      </Text>
      {job ? (
        <div className={classes.buttons}>
          <Button
            variant="default"
            onClick={() => void cancelJob(client, here.organisation, job)}
          >
            {frame.cancel}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Told({ summary, leftOut }: { summary: ImportSummary; leftOut: number }) {
  const parts = [
    words.added(countText(summary.added)),
    summary.labeled > 0 ? words.labeled(countText(summary.labeled)) : "",
    summary.known > 0 ? words.wasThere(countText(summary.known)) : "",
    leftOut > 0 ? words.leftOut(countText(leftOut)) : "",
  ].filter(Boolean);
  return (
    <>
      <p className={classes.dropTitle}>{words.done}</p>
      <p className={classes.dropText}>{parts.join(", ")}.</p>
      {summary.notes.map((note) => (
        <p key={note} className={classes.dropText}>
          {note}
        </p>
      ))}
    </>
  );
}

function LeftOut({ problems }: { problems: readonly { name: string; reason: string }[] }) {
  return (
    <div className={classes.problems}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.file}</Table.Th>
            <Table.Th>{words.reason}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {problems.map((problem) => (
            <Table.Tr key={`${problem.name} ${problem.reason}`}>
              <Table.Td className={classes.path}>{problem.name}</Table.Td>
              <Table.Td>{problem.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
