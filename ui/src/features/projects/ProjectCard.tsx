/** A project with a look at its newest images. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { ImagePage, Project } from "@/api/types";
import { TaskPicture } from "@/features/projects/TaskPicture";
import { countText } from "@/ui/figures";
import { tasks } from "@/words/frame";
import { projects as words } from "@/words/projects";
import classes from "./ProjectsPage.module.css";

const SHOWN = 3;

interface ProjectCardProps {
  organisation: string;
  project: Project;
}

export function ProjectCard({ organisation, project }: ProjectCardProps) {
  const here = { organisation, project: project.name };
  const cover = useQuery({
    queryKey: keys.part(here, "cover"),
    queryFn: ({ signal }) =>
      get<ImagePage>(projectPath(here, "/images"), { offset: 0, limit: SHOWN }, signal),
    enabled: project.images >= SHOWN,
    staleTime: 5 * 60_000,
  });
  return (
    <Link to="/p/$project/next" params={{ project: project.name }} className={classes.card}>
      {project.images >= SHOWN ? (
        <span className={classes.cover}>
          {cover.data?.items.map((image, i) => (
            <img
              key={image.sha256}
              src={pictureUrl(here, image.sha256, i === 0 ? 384 : 192)}
              alt=""
              loading="lazy"
            />
          ))}
        </span>
      ) : (
        <span className={classes.drawn}>
          <TaskPicture task={project.task} />
        </span>
      )}
      <span className={classes.words}>
        <span className={classes.name}>
          {project.name}
          <span className={classes.task}>{tasks[project.task]}</span>
        </span>
        <span className={classes.facts}>
          <span>
            {project.images === 0
              ? words.noImages
              : words.labeled(countText(project.labeled), countText(project.images))}
          </span>
          {project.open_findings > 0 ? (
            <span>
              {words.findings(countText(project.open_findings), project.open_findings === 1)}
            </span>
          ) : null}
        </span>
      </span>
    </Link>
  );
}
