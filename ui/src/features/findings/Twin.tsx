/** Two images beside each other: neither of them can be judged alone. */

import { Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { pictureUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { BookClass, Finding, Shape } from "@/api/types";
import { useHere } from "@/app/here";
import { ShapesOverlay } from "@/canvas/ShapesOverlay";
import { colorsOf } from "@/ui/classColors";
import { findings as words } from "@/words/findings";
import { frame } from "@/words/frame";
import classes from "./FindingsPage.module.css";

/** The kinds of findings that are about two images. */
export const OF_TWO: readonly string[] = ["duplicate", "leak", "contradiction"];

/** What image it is; of two, also what each is used for and labeled as. */
export function Caption({ finding, ofTwo }: { finding: Finding; ofTwo: boolean }) {
  const { image_name: name, split, labels } = finding;
  return (
    <div className={classes.caption}>
      {ofTwo ? words.twin(name, split, namesOf(labels ?? [])) : name}
    </div>
  );
}

/** Says that the picture is on its way. */
export function Waiting({ on }: { on: boolean }) {
  if (!on) return null;
  return (
    <div className={classes.loading}>
      <Loader color="gray" aria-label={frame.loading} />
    </div>
  );
}

/** The other one of two images that may be the same, beside the first. */
export function Twin({ sha256, colors }: { sha256: string; colors: readonly BookClass[] }) {
  const here = useHere();
  const detail = useQuery(imageQuery(here, sha256)).data;
  const colorOf = useMemo(() => colorsOf(colors), [colors]);
  if (detail === undefined) return <figure className={`${classes.twin} pm-stage`} />;
  const { name, width, height, split } = detail.card;
  const said = detail.labels.consensus ?? [];
  return (
    <figure className={`${classes.twin} pm-stage`}>
      <div className={classes.twinPicture}>
        <img src={pictureUrl(here, sha256, 1536)} alt={name} />
        <ShapesOverlay shapes={said} width={width} height={height} colors={colorOf} />
      </div>
      <figcaption className={classes.caption}>
        {words.twin(name, split, namesOf(said))}
      </figcaption>
    </figure>
  );
}

function namesOf(shapes: readonly Shape[]): string[] {
  return [...new Set(shapes.map((shape) => shape.label))];
}
