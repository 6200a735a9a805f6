/** The project itself: its name, its task, and its end. */
import { Button, Skeleton, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, del, patch } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { projectQuery } from "@/api/queries";
import type { Project, ProjectChange } from "@/api/types";
import { useHere } from "@/app/here";
import { countText, plural, whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { toast } from "@/ui/toast";
import { tasks } from "@/words/frame";
import { taskTexts } from "@/words/projects";
import { settings as words } from "@/words/settings";
import classes from "./SettingsPage.module.css";

export default function SettingsPage() {
  const here = useHere();
  const project = useQuery(projectQuery(here)).data;
  return (
    <Page>
      <PageHead title={words.title} text={words.text} />
      {project === undefined ? (
        <Skeleton height={160} maw={640} radius="lg" />
      ) : (
        <>
          <Facts project={project} />
          {may(here.role, "admin") ? (
            <>
              <Rename key={project.name} project={project} />
              <Remove project={project} />
            </>
          ) : (
            <Text c="dimmed">{words.viewer}</Text>
          )}
        </>
      )}
    </Page>
  );
}

function Facts({ project }: { project: Project }) {
  const holds = words.count(
    plural(project.images, "image"),
    countText(project.labeled),
    plural(project.runs, "training"),
    plural(project.releases, "release"),
  );
  return (
    <section className={classes.part}>
      <dl className={classes.facts}>
        <dt>{words.task}</dt>
        <dd>
          {tasks[project.task]}
          <small>{taskTexts[project.task]}</small>
          <small>{words.taskHint}</small>
        </dd>
        <dt>{words.made}</dt>
        <dd>{whenText(project.created)}</dd>
        <dt>{words.holds}</dt>
        <dd>{holds}</dd>
      </dl>
    </section>
  );
}

function Rename({ project }: { project: Project }) {
  const here = useHere();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(project.name);
  const rename = useMutation({
    mutationFn: (change: ProjectChange) => patch<Project>(projectPath(here), change),
    meta: { quiet: true },
    onSuccess: async (renamed) => {
      toast({ text: words.renamed(renamed.name) });
      void client.invalidateQueries({ queryKey: keys.projects(here.organisation) });
      void client.invalidateQueries({ queryKey: keys.jobs(here.organisation) });
      await navigate({ to: "/p/$project/settings", params: { project: renamed.name } });
      client.removeQueries({ queryKey: keys.project(here) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ name: name.trim() });
  };
  return (
    <section className={classes.part}>
      <form className={classes.line} onSubmit={submit}>
        <TextInput
          label={words.name}
          maxLength={64}
          required
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={rename.isPending}
          disabled={name.trim() === "" || name.trim() === project.name}
        >
          {words.rename}
        </Button>
      </form>
      <Text c="dimmed" fz="sm" mt={8}>
        {words.renameHint}
      </Text>
      {rename.isError ? <ProblemNote problem={asProblem(rename.error)} /> : null}
    </section>
  );
}

function Remove({ project }: { project: Project }) {
  const here = useHere();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => del(projectPath(here)),
    meta: { quiet: true },
    onSuccess: async () => {
      toast({ text: words.removed(project.name) });
      await navigate({ to: "/" });
      client.removeQueries({ queryKey: keys.project(here) });
      void client.invalidateQueries({ queryKey: keys.projects(here.organisation) });
      void client.invalidateQueries({ queryKey: keys.jobs(here.organisation) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === project.name) remove.mutate();
  };
  return (
    <section className={classes.part}>
      <Title order={2} fz="md">
        {words.remove}
      </Title>
      <Text mt={6}>{words.removeText(plural(project.images, "image"))}</Text>
      <Text c="dimmed" fz="sm" mt={4} mb="md">
        {words.removeKeep}
      </Text>
      <form className={classes.line} onSubmit={submit}>
        <TextInput
          label={words.typeName(project.name)}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)}
        />
        <Button
          type="submit"
          color="red.8"
          loading={remove.isPending}
          disabled={typed !== project.name}
        >
          {words.removeDo}
        </Button>
      </form>
      {remove.isError ? <ProblemNote problem={asProblem(remove.error)} /> : null}
    </section>
  );
}
