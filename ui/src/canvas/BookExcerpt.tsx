/** What the label book says about the class in hand, with the selected shape held against it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { pictureUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { BookClass, LabelBook, Rule } from "@/api/types";
import { useHere } from "@/app/here";
import { swatch } from "@/ui/classColors";
import { canvasWords } from "@/words/canvas";
import { ruleText, valueText } from "@/words/rules";
import classes from "./BookExcerpt.module.css";
import type { Editor } from "./editor";
import { allows, measured, mmPerPx } from "./measures";
import { styleOf } from "./palette";
import { useEditor } from "./Stage";

const words = canvasWords.book;
const MOST_PICTURES = 6;

interface BookExcerptProps {
  editor: Editor;
  book: LabelBook | undefined;
  /** The image whose metadata say how large a pixel is; null does not ask about it. */
  sha256: string | null;
}

export function BookExcerpt({ editor, book, sha256 }: BookExcerptProps) {
  useEditor(editor, true);
  const { project } = useHere();
  const name = editor.onlySelected?.shape.label ?? editor.imageClass ?? editor.activeClass;
  const entry = book?.classes.find((c) => c.name === name);
  return (
    <aside className={classes.panel} aria-label={words.title}>
      {entry && book ? (
        <Entry editor={editor} entry={entry} book={book} sha256={sha256} />
      ) : (
        <p className={classes.quiet}>{words.none}</p>
      )}
      <Link
        className={classes.open}
        to="/p/$project/book"
        params={{ project }}
        search={{ class: entry?.name }}
      >
        {words.open}
      </Link>
    </aside>
  );
}

interface EntryProps {
  editor: Editor;
  entry: BookClass;
  book: LabelBook;
  sha256: string | null;
}

function Entry({ editor, entry, book, sha256 }: EntryProps) {
  const here = useHere();
  const detail = useQuery({ ...imageQuery(here, sha256 ?? ""), enabled: sha256 !== null });
  const scale = mmPerPx(
    detail.data?.card.sha256 === sha256 ? detail.data.metadata : {},
    book.mm_per_px ?? null,
  );
  const style = styleOf(editor.styles, entry.name);
  return (
    <>
      <h2 className={classes.name}>
        <span
          className={classes.swatch}
          style={{ background: swatch(style) }}
          aria-hidden="true"
        />
        {entry.name}
      </h2>
      {entry.must_catch ? <p className={classes.must}>{words.mustCatch}</p> : null}
      {entry.good ? <p className={classes.good}>{words.goodClass}</p> : null}
      <p className={entry.definition ? classes.definition : classes.quiet}>
        {entry.definition || words.none}
      </p>
      {entry.rules?.length ? (
        <section aria-label={words.rules}>
          <h3 className={classes.title}>{words.rules}</h3>
          <ul className={classes.rules}>
            {entry.rules.map((rule) => (
              <RuleRow key={ruleText(rule)} editor={editor} rule={rule} scale={scale} />
            ))}
          </ul>
        </section>
      ) : null}
      <Pictures title={words.examples} name={entry.name} list={entry.examples ?? []} />
      <Pictures
        title={words.counterExamples}
        name={`${words.counterExamples}: ${entry.name}`}
        list={entry.counter_examples ?? []}
        counter
      />
    </>
  );
}

function RuleRow({
  editor,
  rule,
  scale,
}: {
  editor: Editor;
  rule: Rule;
  scale: number | null;
}) {
  const shape = editor.onlySelected?.shape;
  const value = shape ? measured(shape, rule, scale) : null;
  const kept = value === null ? null : allows(rule, value);
  return (
    <li className={classes.rule} data-kept={kept ?? undefined}>
      <span>{ruleText(rule)}</span>
      <span className={classes.measure}>
        {value === null ? (
          <span className={classes.quiet}>
            {rule.unit === "mm" && scale === null ? words.noScale : words.selectToMeasure}
          </span>
        ) : (
          <>
            {words.measures(valueText(value, rule))}
            <b>{kept ? words.kept : words.broken}</b>
          </>
        )}
      </span>
    </li>
  );
}

interface PicturesProps {
  title: string;
  name: string;
  list: readonly string[];
  counter?: boolean;
}

function Pictures({ title, name, list, counter = false }: PicturesProps) {
  const here = useHere();
  if (list.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className={classes.title}>{title}</h3>
      <div className={classes.pictures}>
        {list.slice(0, MOST_PICTURES).map((sha256, n) => (
          <img
            key={sha256}
            className={classes.picture}
            data-counter={counter || undefined}
            src={pictureUrl(here, sha256, 192)}
            alt={words.picture(name, n + 1)}
            loading="lazy"
          />
        ))}
      </div>
    </section>
  );
}
