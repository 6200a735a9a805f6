/** Something new on the line: correct, train, release, swap, one button per step. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { address } from "@/api/client";
import { projectPath } from "@/api/here";
import { projectQuery } from "@/api/queries";
import type { Device } from "@/api/types";
import { useHere } from "@/app/here";
import { driftOf } from "@/features/line/drift";
import { line as words } from "@/words/line";
import classes from "./LinePage.module.css";

interface AlarmStepsProps {
  device: Device;
  newest: number | undefined;
}

const PAGES = ["findings", "train", "release"] as const;

export function AlarmSteps({ device, newest }: AlarmStepsProps) {
  const here = useHere();
  const waiting = useQuery(projectQuery(here)).data?.open_findings ?? 0;
  const behind = newest !== undefined && device.release !== null && device.release < newest;
  // What is left to do comes first: a newer release only has to be taken.
  const now = behind ? 3 : waiting > 0 ? 0 : 1;
  return (
    <section className={classes.alarm} aria-label={words.alarm(device.name)}>
      <h2 className={classes.alarmTitle}>{words.alarm(device.name)}</h2>
      <p className={classes.alarmText}>{driftOf(device)?.sentence}</p>
      <ol className={classes.steps}>
        {words.steps.map((step, i) => {
          const page = PAGES[i];
          return (
            <li key={step} data-now={i === now || undefined}>
              <span className={classes.stepName}>
                {i + 1}. {step}
              </span>
              <span className={classes.stepText}>{words.stepTexts[i]}</span>
              {page ? (
                <Button
                  variant={i === now ? "filled" : "default"}
                  renderRoot={(root) => (
                    <Link
                      to={`/p/$project/${page}`}
                      params={{ project: here.project }}
                      {...root}
                    />
                  )}
                >
                  {words.stepDo[i]}
                </Button>
              ) : (
                <Button
                  component="a"
                  variant={i === now ? "filled" : "default"}
                  disabled={newest === undefined}
                  href={address(projectPath(here, `/releases/${newest}/bundle`))}
                  download
                >
                  {words.stepDo[i]}
                </Button>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
