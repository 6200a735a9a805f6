/** How the review stands: the running precision with its interval, and whether to go on. */

import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useHere } from "@/app/here";
import { betweenText, percent } from "@/ui/figures";
import { findings as words } from "@/words/findings";
import classes from "./ReviewHead.module.css";
import { type FindingsWork, reviewQuery } from "./useFindings";

interface ReviewHeadProps {
  work: FindingsWork;
  kind: string | undefined;
  choose: (kind: string | undefined) => void;
}

export function ReviewHead({ work, kind, choose }: ReviewHeadProps) {
  const review = useQuery(reviewQuery(useHere())).data;
  const recent = review?.recent;
  const kinds = Object.entries(work.counts).filter(([, states]) => (states.open ?? 0) > 0);
  const settled = review
    ? Object.entries(review.findings).reduce(
        (n, [state, c]) => n + (state === "open" ? 0 : c),
        0,
      )
    : 0;
  const all = settled + (review?.findings.open ?? 0);
  return (
    <header className={classes.head}>
      <title>{words.title}</title>
      <div className={classes.figures}>
        <h1>{words.title}</h1>
        <span>{work.loading ? "" : words.left(work.left)}</span>
        {recent && recent.total > 0 ? (
          <span>
            <b>{words.recentText(recent.count, recent.total)}</b>{" "}
            <span className={classes.quiet}>
              ({percent(recent.count / recent.total)} %, {betweenText(recent)})
            </span>
          </span>
        ) : (
          <span className={classes.quiet}>{all > 0 ? words.noRecent : ""}</span>
        )}
        <span className={classes.quiet}>
          {words.visit(work.tally.decided, work.tally.faults)}
        </span>
        <span className={classes.gap} />
        <Select
          size="xs"
          w={220}
          aria-label={words.kinds}
          value={kind ?? ""}
          data={[
            { value: "", label: words.allKinds },
            ...kinds.map(([name, states]) => ({
              value: name,
              label: words.kindCount(kindName(name), states.open ?? 0),
            })),
          ]}
          onChange={(value) => choose(value || undefined)}
        />
      </div>
      <div className={classes.track} aria-hidden="true">
        <span style={{ width: `${all ? (100 * settled) / all : 0}%` }} />
      </div>
      {review && all > 0 ? (
        <p className={classes.advice} data-stop={review.stop || undefined}>
          {review.sentence}
        </p>
      ) : null}
    </header>
  );
}

function kindName(kind: string): string {
  const text = kind.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
