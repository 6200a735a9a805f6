/** Images on which two runs part: what each of them said, on the same window. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { pictureUrl } from "@/api/here";
import { labelBookQuery } from "@/api/queries";
import type { ChangedImage } from "@/api/types";
import { useHere } from "@/app/here";
import { type ClassStyle, classStyles } from "@/canvas/palette";
import { focusOf, Shot, windowAround } from "@/canvas/Shot";
import { fromWire } from "@/canvas/shapes/wire";
import { countText } from "@/ui/figures";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface ChangedImagesProps {
  changed: readonly ChangedImage[];
  /** How many there are in all. */
  totals: { worse: number; better: number };
  /** When the two runs were trained, the older word first. */
  names: readonly [string, string];
  onMore: (() => void) | null;
}

const WIDTH_PX = 240;
const RATIO = 4 / 3;

export function ChangedImages({ changed, totals, names, onMore }: ChangedImagesProps) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  if (changed.length === 0) return null;
  const parts = [
    { head: words.worse(countText(totals.worse)), some: changed.filter((c) => !c.better) },
    { head: words.better(countText(totals.better)), some: changed.filter((c) => c.better) },
  ];
  return (
    <>
      <p className={classes.dim}>{words.compareText}</p>
      {parts.map(({ head, some }) =>
        some.length === 0 ? null : (
          <section key={head}>
            <h3 className={classes.changedHead}>{head}</h3>
            <div className={classes.changed}>
              {some.map((one) => (
                <Pair key={one.sha256} one={one} names={names} styles={styles} />
              ))}
            </div>
          </section>
        ),
      )}
      {onMore ? (
        <Button mt="sm" variant="default" onClick={onMore}>
          {words.more}
        </Button>
      ) : null}
    </>
  );
}

interface PairProps {
  one: ChangedImage;
  names: readonly [string, string];
  styles: readonly ClassStyle[];
}

function Pair({ one, names, styles }: PairProps) {
  const here = useHere();
  const labels = one.labels.map(fromWire);
  const said = one.said.map((s) => s.shapes.map(fromWire));
  // One window for both, or they could not be compared.
  const box = focusOf([...labels, ...said.flat()]);
  const size = [one.width, one.height] as const;
  // A close-up that would show more than the image is none.
  const [x1, y1, x2, y2] = windowAround(box, size, RATIO);
  const focus = x2 - x1 < size[0] && y2 - y1 < size[1] ? box : null;
  return (
    <Link
      className={classes.pair}
      to="/p/$project/annotate/$sha"
      params={{ project: here.project, sha: one.sha256 }}
    >
      <span className={classes.pairName}>{words.truthOf(one.name, one.truth)}</span>
      {one.said.map((word, n) => {
        const text = words.verdictOf(word.verdict, word.score.toFixed(2));
        return (
          <figure key={n === 0 ? "before" : "now"}>
            <Shot
              url={(side) => pictureUrl(here, one.sha256, side)}
              size={size}
              label={`${names[n]}: ${text}`}
              styles={styles}
              shapes={labels}
              dashed={said[n] ?? []}
              focus={focus}
              ratio={RATIO}
              width={WIDTH_PX}
            />
            <figcaption>
              {names[n]}: {text}
            </figcaption>
          </figure>
        );
      })}
    </Link>
  );
}
