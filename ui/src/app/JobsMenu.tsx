/** What is running, how long it still takes, and a way to stop it. */
import { Button, Popover, Progress, RingProgress, Text, UnstyledButton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { address } from "@/api/client";
import { projectPath } from "@/api/here";
import { cancelJob, isOver } from "@/api/jobs";
import { jobsQuery } from "@/api/queries";
import type { Job } from "@/api/types";
import { useAccount } from "@/app/here";
import { sentence, whenText } from "@/ui/figures";
import { etaText, jobName, jobShare, stageText } from "@/ui/jobFigures";
import { frame, jobStates } from "@/words/frame";
import classes from "./JobsMenu.module.css";

const OLD_SHOWN = 4;

export default function JobsMenu() {
  const { membership } = useAccount();
  const jobs = useQuery(jobsQuery(membership.organisation)).data ?? [];
  const active = jobs.filter((j) => !isOver(j));
  const old = jobs.filter(isOver).slice(0, OLD_SHOWN);
  const first = active.find((j) => j.state === "running") ?? active[0];
  return (
    <Popover position="bottom-end" width={400} trapFocus>
      <Popover.Target>
        <UnstyledButton className={classes.button} data-busy={active.length > 0 || undefined}>
          <RingProgress
            size={24}
            thickness={3}
            roundCaps
            sections={
              first ? [{ value: 100 * (jobShare(first) ?? 0.06), color: "accent" }] : []
            }
            aria-hidden="true"
          />
          {first ? (
            <span>{active.length === 1 ? jobName(first) : frame.jobs.many(active.length)}</span>
          ) : (
            <span className="pm-hidden">{frame.jobs.title}</span>
          )}
          {first && active.length === 1 ? (
            <span className={classes.eta}>{etaText(first)}</span>
          ) : null}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        {active.length === 0 ? (
          <Text c="dimmed" p="md">
            {frame.jobs.none}
          </Text>
        ) : null}
        {active.map((job) => (
          <Active key={job.id} job={job} />
        ))}
        {old.map((job) => (
          <Over key={job.id} job={job} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function Active({ job }: { job: Job }) {
  const { membership } = useAccount();
  const client = useQueryClient();
  const share = jobShare(job);
  return (
    <div className={classes.job}>
      <div className={classes.line}>
        <Text fw={600}>{jobName(job)}</Text>
        <Text c="dimmed" fz="sm">
          {job.project}
        </Text>
        <Button
          ml="auto"
          size="compact-sm"
          variant="default"
          onClick={() => void cancelJob(client, membership.organisation, job)}
        >
          {frame.jobs.cancel}
        </Button>
      </div>
      <Progress
        mt={8}
        size="sm"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={jobName(job)}
      />
      <Text mt={4} c="dimmed" fz="sm">
        {[stageText(job), etaText(job)].filter(Boolean).join(" · ")}
      </Text>
    </div>
  );
}

function fileUrl(job: string, place: { organisation: string; project: string }): string {
  return address(projectPath(place, `/jobs/${job}/file`));
}

function Over({ job }: { job: Job }) {
  const { organisation } = useAccount().membership;
  return (
    <div className={classes.job}>
      <div className={classes.line}>
        <Text>{jobName(job)}</Text>
        <Text c="dimmed" fz="sm">
          {job.project}
        </Text>
        <Text ml="auto" fz="sm" c={job.state === "failed" ? "var(--pm-ng)" : "dimmed"}>
          {jobStates[job.state]}
          {job.finished ? `, ${whenText(job.finished)}` : ""}
        </Text>
      </div>
      {job.file && job.project !== null ? (
        <Text fz="sm">
          <a href={fileUrl(job.id, { organisation, project: job.project })} download>
            {job.file}
          </a>
        </Text>
      ) : null}
      {job.problem ? (
        <Text fz="sm" c="var(--pm-ng)">
          {sentence(job.problem.message)}
        </Text>
      ) : null}
    </div>
  );
}
