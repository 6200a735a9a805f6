/** Images and labels as files for other programs: choose a format, wait, download. */
import { Button, Progress, Select, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { projectQuery, snapshotsQuery } from "@/api/queries";
import type { Job, Task } from "@/api/types";
import { useHere } from "@/app/here";
import { Earlier } from "@/features/export/Earlier";
import { formatsFor, formatTitle } from "@/features/export/formats";
import { Empty } from "@/ui/Empty";
import { plural, whenText } from "@/ui/figures";
import { etaText, jobShare, stageText } from "@/ui/jobFigures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { formats, exporting as words } from "@/words/exporting";
import { images } from "@/words/images";
import classes from "./ExportPage.module.css";

const NOW = "new";

export default function ExportPage() {
  const here = useHere();
  const project = useQuery(projectQuery(here)).data;
  if (project?.labeled === 0) {
    return (
      <Page>
        <title>{`${words.title} · ${here.project}`}</title>
        <Empty title={words.unlabeled} text={words.unlabeledText}>
          <Button
            renderRoot={(root) => (
              <Link to="/p/$project/images" params={{ project: here.project }} {...root} />
            )}
          >
            {images.title}
          </Button>
        </Empty>
      </Page>
    );
  }
  return (
    <Page>
      <PageHead title={words.title} text={words.text} />
      {project === undefined ? null : mayStart(here, "export") ? (
        <ExportForm task={project.task} />
      ) : (
        <Text c="dimmed">{words.viewer}</Text>
      )}
      <Title order={2} fz="lg" mt={34} mb="sm">
        {words.earlier}
      </Title>
      <Earlier />
    </Page>
  );
}

function ExportForm({ task }: { task: Task }) {
  const here = useHere();
  const client = useQueryClient();
  const { fits, others } = formatsFor(task);
  const [format, setFormat] = useState(fits[0] ?? "coco");
  const [snapshot, setSnapshot] = useState(NOW);
  const job = useNewestJob(here, "export");
  const running = job !== undefined && !isOver(job);
  const snapshots = useQuery(snapshotsQuery(here));
  const start = useMutation({
    mutationFn: () => startJob(client, here, "export", { format, snapshot }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <Formats legend={words.fits} names={fits} chosen={format} onChoose={setFormat} />
      <details className={classes.more}>
        <summary>{words.others}</summary>
        <Formats legend="" names={others} chosen={format} onChoose={setFormat} />
      </details>
      <div className={classes.line}>
        <Select
          w={340}
          label={words.which}
          value={snapshot}
          onChange={(id) => id && setSnapshot(id)}
          data={[
            { value: NOW, label: words.now },
            ...(snapshots.data ?? []).map((s) => ({
              value: s.id,
              label: words.frozen(whenText(s.created), plural(s.images, "image")),
            })),
          ]}
        />
        <Button type="submit" disabled={running} loading={start.isPending}>
          {words.go}
        </Button>
      </div>
      {running ? <Running job={job} /> : null}
      {job?.problem ? (
        <div>
          <Text fw={600} mb={6}>
            {words.failed}
          </Text>
          <ProblemNote problem={job.problem} />
        </div>
      ) : null}
    </form>
  );
}

interface FormatsProps {
  legend: string;
  names: readonly string[];
  chosen: string;
  onChoose: (name: string) => void;
}

function Formats({ legend, names, chosen, onChoose }: FormatsProps) {
  return (
    <fieldset className={classes.formats} aria-label={legend || words.format}>
      {legend ? <legend>{legend}</legend> : null}
      {names.map((name) => (
        <label key={name} className={classes.choice}>
          <input
            type="radio"
            name="format"
            className="pm-hidden"
            checked={chosen === name}
            onChange={() => onChoose(name)}
          />
          <strong>{formats[name]?.title}</strong>
          <span>{formats[name]?.text}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Running({ job }: { job: Job }) {
  const share = jobShare(job);
  const told = words.running(formatTitle(job.options.format));
  return (
    <section className={classes.now} aria-live="polite">
      <Text fw={600}>{told}</Text>
      <Progress
        my="sm"
        size="lg"
        value={100 * (share ?? 1)}
        animated={share === null}
        aria-label={told}
      />
      <Text c="dimmed">{[stageText(job), etaText(job)].filter(Boolean).join(" · ")}</Text>
    </section>
  );
}
