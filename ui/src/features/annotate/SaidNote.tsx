/** Beside the name of the image: what was said about it, and by whom. */

import { annotate as words } from "@/words/annotate";
import classes from "./AnnotatePage.module.css";
import type { Work } from "./useWork";

interface SaidNoteProps {
  work: Work;
  me: string;
  mayLabel: boolean;
  waiting: boolean;
}

export function SaidNote({ work, me, mayLabel, waiting }: SaidNoteProps) {
  if (!mayLabel) return <span className={classes.said}>{words.viewer}</span>;
  if (waiting) return <span className={classes.said}>{words.state.waiting}</span>;
  if (work.opened === null) return null;
  if (!work.said) {
    return (
      <span className={classes.said} data-open>
        {words.state.unlabeled}
      </span>
    );
  }
  const last = work.labels?.history.at(-1);
  const other = work.labels?.mine == null && last && last.labeler !== me ? last.labeler : null;
  return (
    <span className={classes.said}>
      {other ? words.state.labeledBy(other) : words.state.labeled}
    </span>
  );
}
