/** Every revision of the label book: who, when, why, and what was different. */

import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { BookRevision, LabelBook } from "@/api/types";
import { useHere } from "@/app/here";
import { whenText } from "@/ui/figures";
import { QueryProblem } from "@/ui/QueryProblem";
import { book as words } from "@/words/book";
import { changesBetween } from "./draft";
import classes from "./History.module.css";
import { historyQuery } from "./useBook";

interface HistoryProps {
  off: boolean;
  restore: (book: LabelBook) => void;
}

export function History({ off, restore }: HistoryProps) {
  const query = useQuery(historyQuery(useHere()));
  if (query.error) {
    return <QueryProblem query={query} />;
  }
  if (!query.data) return <Skeleton h={240} />;
  const list = [...query.data].sort((a, b) => b.book.revision - a.book.revision);
  return (
    <ol className={classes.list}>
      {list.map((revision, n) => (
        <Row
          key={revision.book.revision}
          revision={revision}
          before={list[n + 1] ?? null}
          current={n === 0}
          off={off}
          restore={restore}
        />
      ))}
    </ol>
  );
}

interface RowProps {
  revision: BookRevision;
  before: BookRevision | null;
  current: boolean;
  off: boolean;
  restore: (book: LabelBook) => void;
}

function Row({ revision, before, current, off, restore }: RowProps) {
  const { book, author, reason, at } = revision;
  const changes = before ? changesBetween(before.book, book) : [words.first];
  return (
    <li className={classes.row}>
      <div className={classes.words}>
        <p className={classes.head}>
          <b>{words.revision(book.revision)}</b>
          {current ? <span className={classes.current}>{words.current}</span> : null}
          <span className={classes.when}>
            {words.by(author)}, {whenText(at)}
          </span>
        </p>
        {reason ? <p className={classes.reason}>{reason}</p> : null}
        <p className={classes.changes}>{changes.join(" · ")}</p>
      </div>
      {current || off ? null : (
        <Button variant="default" onClick={() => restore(book)}>
          {words.restore}
        </Button>
      )}
    </li>
  );
}
