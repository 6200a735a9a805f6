/** The classes in their order, which can be changed by dragging or by keys. */

import { Button } from "@mantine/core";
import { useState } from "react";
import type { LabelBook } from "@/api/types";
import { classColor, swatch } from "@/ui/classColors";
import { PlusIcon } from "@/ui/icons";
import { Key } from "@/ui/Key";
import { book as words } from "@/words/book";
import classes from "./BookClasses.module.css";

interface BookClassesProps {
  book: LabelBook;
  place: number;
  off: boolean;
  choose: (place: number) => void;
  move: (from: number, to: number) => void;
  add: () => void;
}

export function BookClasses({ book, place, off, choose, move, add }: BookClassesProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  return (
    <nav className={classes.panel} aria-label={words.classes}>
      <ol className={classes.list}>
        {book.classes.map((entry, n) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: new classes share the empty name
            key={n}
            data-over={
              over === n && dragged !== null && dragged !== n ? edge(dragged, n) : undefined
            }
            draggable={!off}
            onDragStart={() => setDragged(n)}
            onDragEnd={() => {
              setDragged(null);
              setOver(null);
            }}
            onDragOver={(event) => {
              if (dragged === null) return;
              event.preventDefault();
              setOver(n);
            }}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null && dragged !== n) move(dragged, n);
            }}
          >
            <button
              type="button"
              className={classes.class}
              aria-current={n === place ? "true" : undefined}
              title={off ? undefined : words.dragHint}
              onClick={() => choose(n)}
              onKeyDown={(event) => {
                const by = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
                if (by === undefined || off || !book.classes[n + by]) return;
                event.preventDefault();
                move(n, n + by);
              }}
            >
              <span
                className={classes.swatch}
                style={{ background: swatch(classColor(n)) }}
                aria-hidden="true"
              />
              <span className={classes.name}>{entry.name || words.newClass}</span>
              {n < 9 ? <Key>{String(n + 1)}</Key> : null}
            </button>
          </li>
        ))}
      </ol>
      {off ? null : (
        <Button
          variant="default"
          leftSection={<PlusIcon size={16} />}
          className={classes.add}
          onClick={add}
        >
          {words.addClass}
        </Button>
      )}
    </nav>
  );
}

function edge(from: number, to: number): string {
  return from < to ? "below" : "above";
}
