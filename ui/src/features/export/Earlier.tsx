/** Exports that are done, each with its file and what its format could not hold. */
import { Button, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { address, get } from "@/api/client";
import { projectPath } from "@/api/here";
import { useNewestJob } from "@/api/jobs";
import { keys } from "@/api/keys";
import type { Job } from "@/api/types";
import { useHere } from "@/app/here";
import { exportedOf } from "@/features/export/formats";
import { DataTable } from "@/ui/DataTable";
import { bytesText, countText, whenText } from "@/ui/figures";
import { DownloadIcon } from "@/ui/icons";
import { exporting as words } from "@/words/exporting";
import classes from "./ExportPage.module.css";

export function Earlier() {
  const here = useHere();
  const newest = useNewestJob(here, "export");
  const jobs = useQuery({
    queryKey: keys.part(here, "exports", newest?.id, newest?.state),
    queryFn: ({ signal }) =>
      get<Job[]>(projectPath(here, "/jobs"), { kind: "export", state: "done" }, signal),
    placeholderData: (before) => before,
  });
  return (
    <DataTable
      heads={[words.what, words.when, words.by, words.size, ""]}
      empty={words.none}
      rows={jobs.data?.map((job, place) => <Row key={job.id} job={job} newest={place === 0} />)}
    />
  );
}

function Row({ job, newest }: { job: Job; newest: boolean }) {
  const here = useHere();
  const made = exportedOf(job);
  if (made === null) return null;
  return (
    <Table.Tr>
      <Table.Td style={{ verticalAlign: "top" }}>
        <strong>{made.format}</strong>, {words.files(countText(made.files), made.files === 1)}
        {made.lost.length > 0 ? (
          <ul className={classes.lost} aria-label={words.lost} title={words.lost}>
            {made.lost.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        ) : null}
      </Table.Td>
      <Table.Td>{whenText(job.finished ?? job.created)}</Table.Td>
      <Table.Td>{job.by}</Table.Td>
      <Table.Td>{bytesText(made.bytes)}</Table.Td>
      <Table.Td ta="right">
        <Button
          component="a"
          href={address(projectPath(here, `/jobs/${job.id}/file`))}
          download
          size="compact-md"
          variant={newest ? "light" : "default"}
          leftSection={<DownloadIcon size={16} />}
        >
          {words.download}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
