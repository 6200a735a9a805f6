/** The classes with their keys, and what is marked in this image. */

import { Button, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { BookClass } from "@/api/types";
import { useHere } from "@/app/here";
import { showItem } from "@/canvas/commands";
import type { Item } from "@/canvas/document";
import type { Editor } from "@/canvas/editor";
import type { Command } from "@/canvas/keymap";
import { styleOf } from "@/canvas/palette";
import { useEditor } from "@/canvas/Stage";
import { swatch } from "@/ui/classColors";
import { CloseIcon } from "@/ui/icons";
import { Key } from "@/ui/Key";
import { annotate as words } from "@/words/annotate";
import classes from "./ClassList.module.css";

interface ClassListProps {
  editor: Editor;
  book: readonly BookClass[];
  /** The class is that of the whole image. */
  ofImage: boolean;
  /** Shapes are drawn in images of this task. */
  marks: boolean;
  mayLabel: boolean;
  said: boolean;
  goesOn: boolean;
  onGoesOn: (goesOn: boolean) => void;
  press: (command: Command) => void;
}

export function ClassList(props: ClassListProps) {
  const { editor, book, ofImage, marks, mayLabel, said } = props;
  useEditor(editor);
  const counts = new Map<string, number>();
  for (const shape of editor.document.shapes()) {
    counts.set(shape.label, (counts.get(shape.label) ?? 0) + 1);
  }
  const proposed = new Map(
    editor.suggestions
      .filter((one) => one.shape.kind === "class")
      .map((one) => [one.shape.label, one.score]),
  );
  const chosen = ofImage ? editor.imageClass : editor.activeClass;
  return (
    <aside className={classes.panel} aria-label={words.classes}>
      {book.length === 0 ? <NoClasses /> : null}
      <div className={classes.list} data-large={ofImage || undefined}>
        {book.map((entry, place) => (
          <ClassButton
            key={entry.name}
            editor={editor}
            name={entry.name}
            place={place}
            large={ofImage}
            chosen={entry.name === chosen}
            off={!mayLabel}
            note={noteOf(
              proposed.get(entry.name),
              ofImage ? undefined : counts.get(entry.name),
            )}
            run={() => props.press(`class:${place}`)}
          />
        ))}
      </div>
      <div className={classes.actions}>
        {ofImage ? null : (
          <Button
            variant="default"
            className={classes.action}
            justify="space-between"
            disabled={!mayLabel}
            rightSection={<Key>N</Key>}
            aria-pressed={said && editor.document.count === 0}
            onClick={() => props.press("nothing")}
          >
            {words.nothing}
          </Button>
        )}
        {book.some((entry) => entry.good) ? (
          <Button
            variant="default"
            className={classes.action}
            justify="space-between"
            disabled={!mayLabel}
            rightSection={<Key>G</Key>}
            onClick={() => props.press("good")}
          >
            {words.good}
          </Button>
        ) : null}
        {editor.suggestions.length > 0 && mayLabel ? (
          <Button
            className={classes.action}
            justify="space-between"
            rightSection={<Key>A</Key>}
            onClick={() => editor.accept(editor.suggestions)}
          >
            {words.acceptAll(editor.suggestions.length)}
          </Button>
        ) : null}
        <Switch
          size="sm"
          label={words.goOn}
          checked={props.goesOn}
          onChange={(event) => props.onGoesOn(event.currentTarget.checked)}
        />
      </div>
      {marks ? <ShapeList editor={editor} mayLabel={mayLabel} /> : null}
    </aside>
  );
}

function noteOf(proposed: number | undefined, count: number | undefined): string {
  if (proposed !== undefined) return words.suggestedPercent(Math.round(100 * proposed));
  return count === undefined ? "" : String(count);
}

function NoClasses() {
  const { project } = useHere();
  return (
    <div className={classes.empty}>
      <p>{words.noClasses}</p>
      <Link to="/p/$project/book" params={{ project }}>
        {words.toBook}
      </Link>
    </div>
  );
}

interface ClassButtonProps {
  editor: Editor;
  name: string;
  place: number;
  large: boolean;
  chosen: boolean;
  off: boolean;
  note: string;
  run: () => void;
}

function ClassButton({ editor, name, place, large, chosen, off, note, run }: ClassButtonProps) {
  return (
    <button
      type="button"
      className={classes.class}
      data-large={large || undefined}
      aria-pressed={chosen}
      disabled={off && large}
      onClick={run}
    >
      <span
        className={classes.swatch}
        style={{ background: swatch(styleOf(editor.styles, name)) }}
        aria-hidden="true"
      />
      <span className={classes.name}>{name}</span>
      <span className={classes.note}>{note}</span>
      {place < 9 ? <Key>{String(place + 1)}</Key> : null}
    </button>
  );
}

/** Every shape as a row, so that all of them can be reached without a pointer. */
function ShapeList({ editor, mayLabel }: { editor: Editor; mayLabel: boolean }) {
  const items = editor.document.all().filter((item) => item.shape.kind !== "class");
  const [shown, more] = [items.slice(0, 200), items.length - 200];
  return (
    <section className={classes.shapes} aria-label={words.shapes}>
      <h2 className={classes.title}>
        {words.shapes}
        <span className={classes.note}>{items.length || ""}</span>
      </h2>
      {items.length === 0 ? <p className={classes.quiet}>{words.noShapes}</p> : null}
      <ul className={classes.rows}>
        {shown.map((item) => (
          <ShapeRow key={item.id} editor={editor} item={item} mayLabel={mayLabel} />
        ))}
      </ul>
      {more > 0 ? <p className={classes.quiet}>+ {more}</p> : null}
    </section>
  );
}

function ShapeRow({
  editor,
  item,
  mayLabel,
}: {
  editor: Editor;
  item: Item;
  mayLabel: boolean;
}) {
  const { label, kind } = item.shape;
  return (
    <li className={classes.row} data-selected={editor.selection.has(item.id) || undefined}>
      <button
        type="button"
        className={classes.pick}
        aria-pressed={editor.selection.has(item.id)}
        onClick={() => editor.select([item.id])}
        onDoubleClick={() => showItem(editor, item.id)}
        onMouseEnter={() => editor.hover(item.id)}
        onMouseLeave={() => editor.hover(null)}
      >
        <span
          className={classes.dot}
          data-kind={kind}
          style={{ background: swatch(styleOf(editor.styles, label)) }}
          aria-hidden="true"
        />
        <span className={classes.name}>{label}</span>
      </button>
      {mayLabel ? (
        <button
          type="button"
          className={classes.remove}
          aria-label={words.removeShape(label)}
          title={words.removeShape(label)}
          onClick={() => {
            editor.select([item.id]);
            editor.deleteSelected();
          }}
        >
          <CloseIcon size={14} />
        </button>
      ) : null}
    </li>
  );
}
