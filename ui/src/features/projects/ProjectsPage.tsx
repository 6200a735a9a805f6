/** All projects of the organisation, each with a look at its images. */
import { Button, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { may } from "@/api/here";
import { projectsQuery } from "@/api/queries";
import { useAccount } from "@/app/here";
import { useCommands } from "@/app/palette";
import { ProjectCard } from "@/features/projects/ProjectCard";
import { TaskPicture } from "@/features/projects/TaskPicture";
import { Empty } from "@/ui/Empty";
import { PlusIcon } from "@/ui/icons";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { projects as words } from "@/words/projects";
import classes from "./ProjectsPage.module.css";

const NewProject = lazy(async () => {
  const [loaded] = await Promise.all([
    import("@/features/projects/NewProject"),
    import("@/ui/more"),
  ]);
  return loaded;
});
const SKELETONS = ["a", "b", "c"];

export default function ProjectsPage() {
  const { membership } = useAccount();
  const projects = useQuery(projectsQuery(membership.organisation));
  const [making, setMaking] = useState(false);
  const leads = may(membership.role, "admin");
  useCommands(
    useMemo(
      () => (leads ? [{ id: "new", label: words.add, run: () => setMaking(true) }] : []),
      [leads],
    ),
  );
  // Until the list is known nothing offers a new project: without projects the offer stands
  // elsewhere, and a click on one that is just going away would be lost.
  const list = projects.data;
  return (
    <main id="page" tabIndex={-1} className={classes.scroll}>
      <Page>
        {list?.length === 0 ? null : (
          <PageHead title={words.title}>
            {leads && list ? (
              <Button leftSection={<PlusIcon size={17} />} onClick={() => setMaking(true)}>
                {words.add}
              </Button>
            ) : null}
          </PageHead>
        )}
        {projects.isError && list === undefined ? <QueryProblem query={projects} /> : null}
        <div className={classes.grid}>
          {list === undefined && !projects.isError
            ? SKELETONS.map((key) => <Skeleton key={key} height={238} radius="lg" />)
            : null}
          {list?.map((project) => (
            <ProjectCard
              key={project.name}
              organisation={membership.organisation}
              project={project}
            />
          ))}
        </div>
        {list?.length === 0 ? <First leads={leads} onMake={() => setMaking(true)} /> : null}
      </Page>
      {making ? (
        <Suspense fallback={null}>
          <NewProject onClose={() => setMaking(false)} />
        </Suspense>
      ) : null}
    </main>
  );
}

function First({ leads, onMake }: { leads: boolean; onMake: () => void }) {
  const picture = (
    <div className={classes.firstPicture}>
      <TaskPicture task="detection" />
    </div>
  );
  return (
    <>
      <title>{words.title}</title>
      <Empty
        title={words.none}
        text={leads ? words.noneText : words.noneViewer}
        picture={picture}
      >
        {leads ? (
          <>
            <Button mt="xs" leftSection={<PlusIcon size={17} />} onClick={onMake}>
              {words.add}
            </Button>
            <Text fz="sm" c="dimmed" mt="md">
              {words.noneSample}
            </Text>
          </>
        ) : null}
      </Empty>
    </>
  );
}
