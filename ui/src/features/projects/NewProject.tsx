/** A new project: its name, and the task chosen by pictures. */
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, post } from "@/api/client";
import { organisationPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { NewProject as Asked, Project, Task } from "@/api/types";
import { useAccount } from "@/app/here";
import { TaskPicture } from "@/features/projects/TaskPicture";
import { ProblemNote } from "@/ui/ProblemNote";
import { frame, tasks } from "@/words/frame";
import { taskTexts, projects as words } from "@/words/projects";
import classes from "./ProjectsPage.module.css";

const TASKS: readonly Task[] = ["detection", "classification", "segmentation", "anomaly"];

export default function NewProject({ onClose }: { onClose: () => void }) {
  const { organisation } = useAccount().membership;
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form, setForm] = useState<{ name: string; task: Task }>({
    name: "",
    task: "detection",
  });
  const create = useMutation({
    mutationFn: (asked: Asked) =>
      post<Project>(organisationPath(organisation, "/projects"), asked),
    meta: { quiet: true },
    onSuccess: (project) => {
      void client.invalidateQueries({ queryKey: keys.projects(organisation) });
      void navigate({ to: "/p/$project/images", params: { project: project.name } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: form.name.trim(), task: form.task });
  };
  return (
    <Modal opened onClose={onClose} title={words.newTitle} size={580} yOffset="4vh">
      <form onSubmit={submit}>
        <TextInput
          label={words.name}
          placeholder={words.namePlaceholder}
          required
          maxLength={64}
          data-autofocus
          value={form.name}
          onChange={(e) => setForm({ ...form, name: e.currentTarget.value })}
        />
        <fieldset className={classes.tasks}>
          <legend className={classes.legend}>{words.question}</legend>
          {TASKS.map((task) => (
            <label key={task} className={classes.taskChoice}>
              <input
                type="radio"
                name="task"
                className="pm-hidden"
                checked={form.task === task}
                onChange={() => setForm({ ...form, task })}
              />
              <TaskPicture task={task} />
              <span className={classes.taskWords}>
                <strong>{tasks[task]}</strong>
                <span>{taskTexts[task]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {create.isError ? <ProblemNote problem={asProblem(create.error)} /> : null}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {frame.cancel}
          </Button>
          <Button type="submit" loading={create.isPending} disabled={form.name.trim() === ""}>
            {words.create}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
