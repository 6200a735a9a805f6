/** The label book: classes left, the chosen one in the middle, pictures to choose right. */

import { Button, NumberInput, Skeleton, Switch } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem } from "@/api/client";
import { may } from "@/api/here";
import type { LabelBook } from "@/api/types";
import { useHere } from "@/app/here";
import { Empty } from "@/ui/Empty";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { toast } from "@/ui/toast";
import { book as words } from "@/words/book";
import { BookClasses } from "./BookClasses";
import classes from "./BookPage.module.css";
import { ClassEditor } from "./ClassEditor";
import { ConflictNote } from "./ConflictNote";
import { emptyClass, movedClass, withClass, withoutClass, withPicture } from "./draft";
import { History } from "./History";
import { Picker } from "./Picker";
import { SaveBook } from "./SaveBook";
import { type BookWork, useBook } from "./useBook";

const route = getRouteApi("/app/p/$project/book");

export default function BookPage() {
  const here = useHere();
  const search = route.useSearch();
  const work = useBook(here);
  const [history, setHistory] = useState(false);
  const [suggested, setSuggested] = useState("");
  const off = !may(here.role, "admin");
  const { draft } = work;

  const save = async (reason: string, book?: LabelBook) => {
    const revision = await work.save(reason, book);
    if (revision === null) return false;
    setSuggested("");
    toast({ text: words.saved(revision) });
    return true;
  };
  if (work.error && !draft) {
    return (
      <div className={classes.body}>
        <ProblemNote problem={asProblem(work.error)} onRetry={work.retry} />
      </div>
    );
  }
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <PageHead title={words.title} text={off ? words.readOnly : words.text}>
          {work.changes.length > 0 ? (
            <Button variant="subtle" color="gray" onClick={work.discard}>
              {words.discard}
            </Button>
          ) : null}
          <Button variant="default" aria-pressed={history} onClick={() => setHistory(!history)}>
            {history ? words.hideHistory : words.history}
          </Button>
          {off ? null : (
            <SaveBook
              changes={work.changes}
              canSave={work.canSave}
              saving={work.saving}
              suggested={suggested}
              save={save}
            />
          )}
        </PageHead>
        {work.problem ? <ProblemNote problem={work.problem} /> : null}
      </div>
      {history ? (
        <div className={classes.body}>
          <History
            off={off}
            restore={(old) => {
              work.edit((now) => ({ ...old, revision: now.revision }));
              setSuggested(words.restoreReason(old.revision));
              setHistory(false);
            }}
          />
        </div>
      ) : (
        <Classes work={work} off={off} wanted={search.class} />
      )}
      {work.conflict ? (
        <ConflictNote
          conflict={work.conflict}
          saving={work.saving}
          save={(book) => void save(work.conflict?.reason ?? suggested, book)}
          drop={work.dropConflict}
        />
      ) : null}
    </div>
  );
}

interface ClassesProps {
  work: BookWork;
  off: boolean;
  wanted: string | undefined;
}

function Classes({ work, off, wanted }: ClassesProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [picking, setPicking] = useState(false);
  const { draft, saved, edit } = work;
  if (!draft || !saved) return <Skeleton className={classes.body} h={320} />;
  const found = draft.classes.findIndex((c) => c.name === wanted);
  const place = Math.min(chosen ?? Math.max(found, 0), draft.classes.length - 1);
  const entry = draft.classes[place];
  const add = () => {
    edit((book) => ({ ...book, classes: [...book.classes, emptyClass("")] }));
    setChosen(draft.classes.length);
  };
  if (!entry) {
    return (
      <Empty title={words.empty} text={words.emptyText}>
        {off ? null : <Button onClick={add}>{words.addClass}</Button>}
      </Empty>
    );
  }
  return (
    <div className={classes.columns} data-picking={picking || undefined}>
      <div className={classes.left}>
        <BookClasses
          book={draft}
          place={place}
          off={off}
          choose={setChosen}
          move={(from, to) => {
            edit((book) => movedClass(book, from, to));
            setChosen(to);
          }}
          add={add}
        />
        <Whole book={draft} off={off} edit={edit} />
      </div>
      <div className={classes.middle}>
        <ClassEditor
          key={place}
          book={draft}
          place={place}
          known={saved.classes.some((c) => c.name === entry.name)}
          off={off}
          change={(next) => edit((book) => withClass(book, place, next))}
          remove={() => {
            edit((book) => withoutClass(book, place));
            setChosen(Math.max(0, place - 1));
          }}
          pick={() => setPicking(true)}
        />
      </div>
      {picking ? (
        <Picker
          entry={entry}
          add={(side, sha256) =>
            edit((book) => withClass(book, place, withPicture(entry, side, sha256)))
          }
          close={() => setPicking(false)}
        />
      ) : null}
    </div>
  );
}

interface WholeProps {
  book: LabelBook;
  off: boolean;
  edit: BookWork["edit"];
}

/** What is true of all images of the project. */
function Whole({ book, off, edit }: WholeProps) {
  return (
    <section className={classes.whole} aria-label={words.whole}>
      <h2>{words.whole}</h2>
      <NumberInput
        label={words.scale}
        description={words.scaleHint}
        rightSection={<span className={classes.unit}>{words.scaleUnit}</span>}
        rightSectionWidth={76}
        min={0}
        decimalScale={6}
        hideControls
        disabled={off}
        value={book.mm_per_px ?? ""}
        onChange={(value) =>
          edit((now) => ({
            ...now,
            mm_per_px: typeof value === "number" && value > 0 ? value : null,
          }))
        }
      />
      <Switch
        label={words.flips}
        checked={book.flips}
        disabled={off}
        onChange={(event) => {
          const flips = event.currentTarget.checked;
          edit((now) => ({ ...now, flips }));
        }}
      />
      <Switch
        label={words.turns}
        description={words.flipsHint}
        checked={book.turns}
        disabled={off}
        onChange={(event) => {
          const turns = event.currentTarget.checked;
          edit((now) => ({ ...now, turns }));
        }}
      />
    </section>
  );
}
