/** Pictures to choose from, dragged to a side or put there by their buttons. */

import { Button, CloseButton, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "@/api/client";
import { pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { BookClass, ImageCard, ImagePage } from "@/api/types";
import { useHere } from "@/app/here";
import { book } from "@/words/book";
import type { Side } from "./draft";
import classes from "./Picker.module.css";

const words = book.picker;
const PAGE = 60;
/** What a dragged picture carries. */
export const PICTURE_TYPE = "application/x-pitmark-image";

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function filterOf(name: string, all: boolean, search: string): string | undefined {
  const terms: string[] = [];
  if (!all && name !== "") terms.push(`class = ${quoted(name)}`);
  if (search !== "") terms.push(`name has ${quoted(search)}`);
  return terms.length > 0 ? terms.join(" and ") : undefined;
}

interface PickerProps {
  entry: BookClass;
  add: (side: Side, sha256: string) => void;
  close: () => void;
}

export function Picker({ entry, add, close }: PickerProps) {
  const here = useHere();
  const [all, setAll] = useState(false);
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const filter = filterOf(entry.name, all, search);
  const list = useInfiniteQuery({
    queryKey: keys.part(here, "images", "picker", filter),
    queryFn: ({ pageParam, signal }) =>
      get<ImagePage>(
        projectPath(here, "/images"),
        { filter, offset: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (page: ImagePage) => {
      const next = page.offset + page.items.length;
      return next < page.total && page.items.length > 0 ? next : undefined;
    },
  });
  const cards = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <aside className={classes.panel} aria-label={words.title}>
      <div className={classes.head}>
        <h2>{words.title}</h2>
        <CloseButton aria-label={words.close} onClick={close} />
      </div>
      <SegmentedControl
        fullWidth
        size="xs"
        value={all ? "all" : "class"}
        onChange={(value) => setAll(value === "all")}
        data={[
          { value: "class", label: words.onlyClass(entry.name) },
          { value: "all", label: words.all },
        ]}
      />
      <TextInput
        size="xs"
        placeholder={words.search}
        aria-label={words.search}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <p className={classes.hint}>{words.hint}</p>
      <div className={classes.grid}>
        {cards.map((card) => (
          <Choice key={card.sha256} card={card} entry={entry} add={add} />
        ))}
        {list.isSuccess && cards.length === 0 ? <p>{words.none}</p> : null}
        {list.hasNextPage ? (
          <Button
            variant="default"
            className={classes.more}
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {words.more}
          </Button>
        ) : null}
      </div>
    </aside>
  );
}

interface ChoiceProps {
  card: ImageCard;
  entry: BookClass;
  add: (side: Side, sha256: string) => void;
}

function Choice({ card, entry, add }: ChoiceProps) {
  const here = useHere();
  const side = entry.examples.includes(card.sha256)
    ? "examples"
    : entry.counter_examples.includes(card.sha256)
      ? "counter_examples"
      : null;
  return (
    <figure
      className={classes.choice}
      data-side={side ?? undefined}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(PICTURE_TYPE, card.sha256);
        event.dataTransfer.effectAllowed = "copy";
      }}
    >
      <img src={pictureUrl(here, card.sha256, 192)} alt={card.name} loading="lazy" />
      <figcaption className={classes.buttons}>
        <button
          type="button"
          aria-pressed={side === "examples"}
          aria-label={`${words.example}: ${card.name}`}
          onClick={() => add("examples", card.sha256)}
        >
          {words.example}
        </button>
        <button
          type="button"
          aria-pressed={side === "counter_examples"}
          aria-label={`${words.counter}: ${card.name}`}
          onClick={() => add("counter_examples", card.sha256)}
        >
          {words.counter}
        </button>
      </figcaption>
    </figure>
  );
}
