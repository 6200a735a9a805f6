/** One class: definition, pictures of what it is and is not, rules, switches. */

import { Button, Switch, Textarea, TextInput } from "@mantine/core";
import { type DragEvent, useState } from "react";
import { pictureUrl } from "@/api/here";
import type { BookClass, LabelBook } from "@/api/types";
import { useHere } from "@/app/here";
import { CloseIcon, ImagesIcon } from "@/ui/icons";
import { Sure } from "@/ui/Sure";
import { book as words } from "@/words/book";
import classes from "./ClassEditor.module.css";
import { nameFault, type Side, withoutPicture, withPicture } from "./draft";
import { PICTURE_TYPE } from "./Picker";
import { RuleEditor } from "./RuleEditor";

interface ClassEditorProps {
  book: LabelBook;
  place: number;
  /** The class is in the saved book: its name is on labels. */
  known: boolean;
  off: boolean;
  change: (entry: BookClass) => void;
  remove: () => void;
  pick: () => void;
}

export function ClassEditor(props: ClassEditorProps) {
  const { book, place, known, off, change, remove, pick } = props;
  const entry = book.classes[place];
  if (!entry) return null;
  const set = (part: Partial<BookClass>) => change({ ...entry, ...part });
  return (
    <section className={classes.editor} aria-label={entry.name || words.newClass}>
      {known ? (
        <h2 className={classes.name} title={words.nameFixed}>
          {entry.name}
        </h2>
      ) : (
        <TextInput
          label={words.name}
          value={entry.name}
          autoFocus
          disabled={off}
          error={nameFault(book, place)}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
      )}
      <div className={classes.switches}>
        <Switch
          label={words.good}
          description={words.goodHint}
          checked={entry.good}
          disabled={off}
          onChange={(event) =>
            set({
              good: event.currentTarget.checked,
              must_catch: entry.must_catch && !event.currentTarget.checked,
            })
          }
        />
        <Switch
          label={words.mustCatch}
          description={words.mustCatchHint}
          checked={entry.must_catch}
          disabled={off || entry.good}
          onChange={(event) => set({ must_catch: event.currentTarget.checked })}
        />
      </div>
      <Textarea
        label={words.definition}
        placeholder={words.definitionHint}
        autosize
        minRows={3}
        maxRows={10}
        disabled={off}
        value={entry.definition}
        onChange={(event) => set({ definition: event.currentTarget.value })}
      />
      <div className={classes.sides}>
        <PictureSide entry={entry} side="examples" off={off} change={change} />
        <PictureSide entry={entry} side="counter_examples" off={off} change={change} />
      </div>
      {off ? null : (
        <Button
          variant="default"
          className={classes.pick}
          leftSection={<ImagesIcon size={17} />}
          onClick={pick}
        >
          {words.addPictures}
        </Button>
      )}
      {entry.good ? null : (
        <div>
          <h3 className={classes.title}>{words.rules}</h3>
          <p className={classes.hint}>{words.rulesHint}</p>
          <RuleEditor
            rules={entry.rules}
            scaled={book.mm_per_px !== null}
            off={off}
            change={(rules) => set({ rules })}
          />
        </div>
      )}
      {off ? null : (
        <div className={classes.end}>
          <Sure sentence={words.removeSure(entry.name)} onSure={remove}>
            {words.removeClass}
          </Sure>
        </div>
      )}
    </section>
  );
}

interface PictureSideProps {
  entry: BookClass;
  side: Side;
  off: boolean;
  change: (entry: BookClass) => void;
}

function PictureSide({ entry, side, off, change }: PictureSideProps) {
  const here = useHere();
  const [over, setOver] = useState(false);
  const title = side === "examples" ? words.examples : words.counterExamples;
  const accepts = (event: DragEvent) => !off && event.dataTransfer.types.includes(PICTURE_TYPE);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has buttons that do the same
    <div
      className={classes.side}
      data-side={side}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!accepts(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const sha256 = event.dataTransfer.getData(PICTURE_TYPE);
        if (!sha256 || off) return;
        event.preventDefault();
        change(withPicture(entry, side, sha256));
      }}
    >
      <h3 className={classes.title}>{title}</h3>
      <div className={classes.pictures}>
        {entry[side].map((sha256, n) => (
          <figure
            key={sha256}
            className={classes.picture}
            draggable={!off}
            onDragStart={(event) => event.dataTransfer.setData(PICTURE_TYPE, sha256)}
          >
            <img
              src={pictureUrl(here, sha256, 192)}
              alt={`${title}, ${n + 1}`}
              loading="lazy"
            />
            {off ? null : (
              <button
                type="button"
                aria-label={`${words.removePicture}: ${title}, ${n + 1}`}
                title={words.removePicture}
                onClick={() => change(withoutPicture(entry, sha256))}
              >
                <CloseIcon size={13} />
              </button>
            )}
          </figure>
        ))}
        {entry[side].length === 0 ? <p className={classes.drop}>{words.dropHere}</p> : null}
      </div>
    </div>
  );
}
