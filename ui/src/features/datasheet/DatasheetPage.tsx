/** The datasheet as a document: what the project knows, and blanks that a person fills in. */
import { Button, Menu, Skeleton, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { address } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { analysisQuery } from "@/api/queries";
import { useHere } from "@/app/here";
import { QuestionPart } from "@/features/datasheet/QuestionPart";
import { readSheet, type Sheet } from "@/features/datasheet/sheet";
import { Empty } from "@/ui/Empty";
import { sentence, whenText } from "@/ui/figures";
import { DownIcon } from "@/ui/icons";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { QueryProblem } from "@/ui/QueryProblem";
import { datasheet as words } from "@/words/datasheet";
import classes from "./DatasheetPage.module.css";

const KIND = "datasheet";

export default function DatasheetPage() {
  const here = useHere();
  const found = useQuery(analysisQuery(here, KIND));
  const sheet = readSheet(found.data?.document ?? null);
  return (
    <Page>
      {found.isError ? (
        <QueryProblem query={found} />
      ) : found.data === undefined ? (
        <Skeleton height={420} radius="lg" />
      ) : sheet === null ? (
        <Nothing />
      ) : (
        <Written sheet={sheet} />
      )}
    </Page>
  );
}

/** Starts the job that writes it, and says whether one runs. */
function useWriting(here: Here) {
  const client = useQueryClient();
  const job = useNewestJob(here, KIND);
  const write = useMutation({
    mutationFn: (answers: Record<string, string>) => startJob(client, here, KIND, { answers }),
  });
  return { write, job, busy: write.isPending || (job !== undefined && !isOver(job)) };
}

function Written({ sheet }: { sheet: Sheet }) {
  const here = useHere();
  const { write, job, busy } = useWriting(here);
  const [first] = sheet.blanks;
  const mayWrite = mayStart(here, KIND);
  return (
    <>
      <PageHead title={words.title} text={words.text}>
        {mayWrite ? (
          <Button variant="default" loading={busy} onClick={() => write.mutate({})}>
            {words.again}
          </Button>
        ) : null}
        <Downloads here={here} />
      </PageHead>
      <p className={classes.state} role="status">
        <Text span c="dimmed">
          {words.of(sheet.snapshot.slice(0, 12), whenText(sheet.created))}
        </Text>
        <strong>{words.blanks(sheet.blanks.length)}</strong>
        {first ? <a href={`#${first}`}>{words.firstBlank}</a> : null}
      </p>
      {job?.problem ? <ProblemNote problem={job.problem} /> : null}
      <div className={classes.split}>
        <nav className={classes.contents} aria-label={words.contents}>
          {sheet.sections.map((section) => {
            const open = section.questions.filter((q) => sheet.blanks.includes(q.key)).length;
            return (
              <a key={section.title} href={`#${anchor(section.title)}`}>
                {section.title}
                {open > 0 ? <span className={classes.open}>{open}</span> : null}
              </a>
            );
          })}
        </nav>
        <article>
          {sheet.sections.map((section) => (
            <section key={section.title} id={anchor(section.title)} className={classes.section}>
              <h2>{section.title}</h2>
              {section.questions.map((question) => (
                <QuestionPart
                  key={question.key}
                  question={question}
                  busy={busy}
                  onSave={
                    mayWrite ? (text) => write.mutateAsync({ [question.key]: text }) : undefined
                  }
                />
              ))}
            </section>
          ))}
        </article>
      </div>
    </>
  );
}

function anchor(title: string): string {
  return `part-${title.toLowerCase().replaceAll(" ", "-")}`;
}

function Downloads({ here }: { here: Here }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button rightSection={<DownIcon size={15} />}>{words.download}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(words.forms).map(([form, label]) => (
          <Menu.Item
            key={form}
            component="a"
            href={address(projectPath(here, `/datasheet/${form}`))}
            download
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Nothing() {
  const here = useHere();
  const client = useQueryClient();
  const job = useNewestJob(here, "snapshot");
  const freeze = useMutation({ mutationFn: () => startJob(client, here, "snapshot") });
  const busy = freeze.isPending || (job !== undefined && !isOver(job));
  return (
    <Empty title={words.none} text={words.noneText}>
      <title>{`${words.title} · ${here.project}`}</title>
      {mayStart(here, "snapshot") ? (
        <Button loading={busy} onClick={() => freeze.mutate()}>
          {words.freeze}
        </Button>
      ) : null}
      {job?.problem ? (
        <Text c="var(--pm-ng)" role="alert">
          {sentence(job.problem.message)} {job.problem.hint}
        </Text>
      ) : null}
    </Empty>
  );
}
