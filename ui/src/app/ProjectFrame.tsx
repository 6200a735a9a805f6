/** A project: the rail on the left, the page beside it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { ApiProblem, asProblem } from "@/api/client";
import { projectQuery } from "@/api/queries";
import { HereProvider, useAccount } from "@/app/here";
import { Rail } from "@/app/Rail";
import { Empty } from "@/ui/Empty";
import { ProblemNote } from "@/ui/ProblemNote";
import { frame } from "@/words/frame";
import classes from "./ProjectFrame.module.css";

const route = getRouteApi("/app/p/$project");
const NONE: readonly string[] = [];

export function ProjectFrame() {
  const { project: name } = route.useParams();
  const { membership } = useAccount();
  const { organisation, role: general } = membership;
  const project = useQuery(projectQuery({ organisation, project: name }));
  const role = project.data?.role ?? general;
  const starts = project.data?.may_start ?? NONE;
  const here = useMemo(
    () => ({ organisation, project: name, role, starts }),
    [organisation, name, role, starts],
  );
  if (project.isError && project.data === undefined) {
    return <Missing error={project.error} retry={() => void project.refetch()} />;
  }
  return (
    <HereProvider here={here}>
      <div className={classes.split}>
        <Rail project={project.data} />
        <main id="page" className={classes.page} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </HereProvider>
  );
}

function Missing({ error, retry }: { error: Error; retry: () => void }) {
  const navigate = useNavigate();
  const problem = asProblem(error);
  if (error instanceof ApiProblem && error.status === 404) {
    return (
      <main id="page" tabIndex={-1}>
        <Empty title={problem.message} text={problem.hint}>
          <Button onClick={() => void navigate({ to: "/" })}>{frame.allProjects}</Button>
        </Empty>
      </main>
    );
  }
  return (
    <main id="page" className={classes.problem} tabIndex={-1}>
      <ProblemNote problem={problem} onRetry={retry} />
    </main>
  );
}
