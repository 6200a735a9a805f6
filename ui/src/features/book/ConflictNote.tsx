/** Two people saved at once: both versions, put together, and a choice where they collide. */

import { Button, Group, Modal, Radio, Text } from "@mantine/core";
import { useState } from "react";
import type { BookClass, LabelBook } from "@/api/types";
import { book } from "@/words/book";
import { ruleText } from "@/words/rules";
import classes from "./ConflictNote.module.css";
import { changesBetween } from "./draft";
import type { Conflict } from "./useBook";

const words = book.conflict;

interface ConflictNoteProps {
  conflict: Conflict;
  saving: boolean;
  save: (book: LabelBook) => void;
  drop: () => void;
}

export function ConflictNote({ conflict, saving, save, drop }: ConflictNoteProps) {
  const { base, mine, theirs, merged } = conflict;
  const [theirWay, setTheirWay] = useState<ReadonlySet<string>>(new Set());
  const choose = (name: string, their: boolean) => {
    const next = new Set(theirWay);
    if (their) next.add(name);
    else next.delete(name);
    setTheirWay(next);
  };
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      size={760}
      title={words.title}
    >
      <Text>{words.text(theirs.author, theirs.book.revision, theirs.reason)}</Text>
      <div className={classes.sides}>
        <Changes title={words.mine} list={changesBetween(base, mine)} />
        <Changes title={words.theirs} list={changesBetween(base, theirs.book)} />
      </div>
      <Text fw={600}>{merged.collisions.length === 0 ? words.none : words.both}</Text>
      {merged.collisions.map((name) => (
        <Radio.Group
          key={name}
          label={name}
          className={classes.class}
          value={theirWay.has(name) ? "theirs" : "mine"}
          onChange={(value) => choose(name, value === "theirs")}
        >
          <div className={classes.sides}>
            <Version title={words.mine} value="mine" entry={find(mine, name)} />
            <Version title={words.theirs} value="theirs" entry={find(theirs.book, name)} />
          </div>
        </Radio.Group>
      ))}
      <Group mt="lg">
        <Button
          loading={saving}
          onClick={() => save(resolved(merged.book, theirs.book, theirWay))}
        >
          {words.saveBoth}
        </Button>
        <Button variant="default" onClick={drop}>
          {words.takeTheirs}
        </Button>
      </Group>
    </Modal>
  );
}

function find(book: LabelBook, name: string): BookClass | undefined {
  return book.classes.find((c) => c.name === name);
}

function resolved(
  merged: LabelBook,
  theirs: LabelBook,
  theirWay: ReadonlySet<string>,
): LabelBook {
  const kept = merged.classes.flatMap((c) =>
    theirWay.has(c.name) ? (find(theirs, c.name) ?? []) : c,
  );
  const back = [...theirWay].filter((name) => !find(merged, name));
  return { ...merged, classes: [...kept, ...back.flatMap((name) => find(theirs, name) ?? [])] };
}

function Changes({ title, list }: { title: string; list: readonly string[] }) {
  return (
    <div className={classes.side}>
      <h3>{title}</h3>
      <ul>
        {list.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

interface VersionProps {
  title: string;
  value: string;
  entry: BookClass | undefined;
}

function Version({ title, value, entry }: VersionProps) {
  return (
    <div className={classes.side}>
      <Radio value={value} label={title} />
      {entry ? (
        <>
          <p>{entry.definition}</p>
          <p>{entry.rules.map(ruleText).join("; ")}</p>
        </>
      ) : (
        <p>{words.gone}</p>
      )}
    </div>
  );
}
