/** The pages of a project, in the order in which the work goes round. */
import { Link } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { Project } from "@/api/types";
import { useAccount, useHere } from "@/app/here";
import { countText } from "@/ui/figures";
import {
  AgreementIcon,
  BookIcon,
  DevicesIcon,
  FindingsIcon,
  ImagesIcon,
  LineIcon,
  NextIcon,
  ReleaseIcon,
  ReportIcon,
  TrainIcon,
} from "@/ui/icons";
import { frame } from "@/words/frame";
import classes from "./Rail.module.css";

export const PAGES = [
  ["next", NextIcon],
  ["images", ImagesIcon],
  ["book", BookIcon],
  ["agreement", AgreementIcon],
  ["findings", FindingsIcon],
  ["train", TrainIcon],
  ["report", ReportIcon],
  ["release", ReleaseIcon],
  ["line", LineIcon],
  ["devices", DevicesIcon],
] as const satisfies readonly (readonly [keyof typeof frame.rail, ComponentType])[];

/** A gap before these: the data, the model, the line. */
const GAPS: readonly string[] = ["images", "train", "release"];

export function Rail({ project }: { project: Project | undefined }) {
  const here = useHere();
  const { membership } = useAccount();
  const waiting = project?.open_findings ?? 0;
  return (
    <nav className={classes.rail} aria-label={frame.railLabel} key={membership.organisation}>
      {PAGES.map(([page, Icon]) => (
        <Link
          key={page}
          to={`/p/$project/${page}`}
          params={{ project: here.project }}
          className={classes.item}
          data-gap={GAPS.includes(page) || undefined}
          activeProps={{ "data-here": true }}
        >
          <span className={classes.icon}>
            <Icon size={21} />
            {page === "findings" && waiting > 0 ? (
              <span className={classes.count}>
                {waiting > 999 ? "999+" : countText(waiting)}
              </span>
            ) : null}
          </span>
          <span>{frame.rail[page]}</span>
        </Link>
      ))}
    </nav>
  );
}
