/** One image on which people part: the same picture for each of them, with what they said. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { imageQuery } from "@/api/queries";
import type { StudyWord } from "@/api/types";
import { useHere } from "@/app/here";
import type { ClassStyle } from "@/canvas/palette";
import { focusOf, Shot } from "@/canvas/Shot";
import { fromWire } from "@/canvas/shapes/wire";
import { agreement as words } from "@/words/agreement";
import { closeUp, partedShapes } from "./differ";
import classes from "./ReportView.module.css";
import { columnsOf, type Report } from "./report";

interface PartedImageProps {
  study: string;
  one: Report["parted"][number];
  styles: readonly ClassStyle[];
  /** Show the surroundings of what was marked instead of the whole image. */
  close: boolean;
}

const WIDTH_PX = 300;
const RATIO = 4 / 3;

export function PartedImage({ study, one, styles, close }: PartedImageProps) {
  const here = useHere();
  const card = useQuery(imageQuery(here, one.sha256)).data?.card;
  const said = useQuery({
    queryKey: keys.part(here, "study-said", study, one.sha256),
    queryFn: ({ signal }) =>
      get<StudyWord[]>(
        projectPath(here, `/studies/${study}/answers/${one.sha256}`),
        undefined,
        signal,
      ),
    staleTime: 10 * 60_000,
  });
  const columns = columnsOf(said.data ?? [], one.said);
  const parted = partedShapes(columns.map((column) => column.shapes.map(fromWire)));
  // One window for all, or the pictures could not be compared.
  const box = close ? focusOf(parted.flatMap((p) => p.apart)) : null;
  const focus = card ? closeUp(box, [card.width, card.height]) : null;
  return (
    <article className={classes.image}>
      <h3>
        <Link
          to="/p/$project/annotate/$sha"
          params={{ project: here.project, sha: one.sha256 }}
          title={words.openImage}
        >
          {one.image}
        </Link>
      </h3>
      <div className={classes.answers}>
        {columns.map(({ who, text }, n) => (
          <figure key={who}>
            {card ? (
              <Shot
                url={(side) => pictureUrl(here, one.sha256, side)}
                size={[card.width, card.height]}
                label={`${who}: ${text}`}
                styles={styles}
                shapes={parted[n]?.apart ?? []}
                dashed={parted[n]?.agreed ?? []}
                focus={focus}
                ratio={RATIO}
                width={WIDTH_PX}
              />
            ) : (
              <div className={classes.wait} />
            )}
            <figcaption>
              <b>{who}</b>
              <span>{text}</span>
            </figcaption>
          </figure>
        ))}
      </div>
    </article>
  );
}
