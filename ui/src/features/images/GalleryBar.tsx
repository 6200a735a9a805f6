/** The filter in words, how many it leaves, their order and size. */
import {
  ActionIcon,
  Button,
  CloseButton,
  SegmentedControl,
  Select,
  TextInput,
} from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo, useEffect, useState } from "react";
import { asProblem } from "@/api/client";
import { mayStart } from "@/api/jobs";
import { useHere } from "@/app/here";
import type { GridSize } from "@/features/images/Grid";
import type { GalleryQuestion } from "@/features/images/useGallery";
import { countText, sentence } from "@/ui/figures";
import { DownIcon, DownloadIcon, FilterIcon, MapIcon, PlusIcon } from "@/ui/icons";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface GalleryBarProps {
  question: GalleryQuestion;
  total: number | undefined;
  sortable: readonly string[] | undefined;
  size: GridSize;
  map: boolean;
  problem: Error | null;
  onSize: (size: GridSize) => void;
  onSet: (part: {
    filter?: string | undefined;
    sort?: string | undefined;
    descending?: boolean | undefined;
    map?: boolean | undefined;
  }) => void;
}

const SIZES: readonly { value: GridSize; label: string }[] = [
  { value: "s", label: "S" },
  { value: "m", label: "M" },
  { value: "l", label: "L" },
];

/** Drawn anew only for what it shows: the list scrolls beside it. */
export const GalleryBar = memo(function GalleryBar(props: GalleryBarProps) {
  const { question, total, sortable, size, map, problem, onSize, onSet } = props;
  const here = useHere();
  const told = problem ? asProblem(problem) : null;
  return (
    <>
      <div className={classes.bar}>
        <FilterBox
          filter={question.filter}
          total={total}
          onFilter={(filter) => onSet({ filter })}
        />
        <Select
          w={136}
          aria-label={words.sort}
          placeholder={words.sortNone}
          clearable
          value={question.sort ?? null}
          data={(sortable ?? []).map((s) => ({ value: s, label: s.replace(/^meta\./, "") }))}
          onChange={(sort) => onSet({ sort: sort ?? undefined })}
        />
        <ActionIcon
          size={34}
          variant="default"
          aria-label={question.descending ? words.down : words.up}
          title={question.descending ? words.down : words.up}
          onClick={() => onSet({ descending: question.descending ? undefined : true })}
        >
          <span
            style={{
              display: "grid",
              transform: question.descending ? undefined : "rotate(180deg)",
            }}
          >
            <DownIcon size={16} />
          </span>
        </ActionIcon>
        <SegmentedControl
          aria-label={words.size}
          value={size}
          data={[...SIZES]}
          onChange={(value) => onSize(value as GridSize)}
        />
        <Button
          variant={map ? "light" : "default"}
          leftSection={<MapIcon size={16} />}
          aria-pressed={map}
          onClick={() => onSet({ map: map ? undefined : true })}
        >
          {words.map}
        </Button>
        <ActionIcon
          size={34}
          variant="default"
          aria-label={words.export}
          title={words.exportHint}
          renderRoot={(root) => (
            <Link to="/p/$project/export" params={{ project: here.project }} {...root} />
          )}
        >
          <DownloadIcon size={16} />
        </ActionIcon>
        {mayStart(here, "import") ? (
          <Button
            leftSection={<PlusIcon size={16} />}
            renderRoot={(root) => (
              <Link
                to="/p/$project/images"
                params={{ project: here.project }}
                search={{ add: true }}
                {...root}
              />
            )}
          >
            {words.add}
          </Button>
        ) : null}
      </div>
      {told ? (
        <div className={classes.problem} role="alert">
          {sentence(told.message)} {told.hint}
        </div>
      ) : null}
    </>
  );
});

interface FilterBoxProps {
  filter: string | undefined;
  total: number | undefined;
  onFilter: (filter: string | undefined) => void;
}

function FilterBox({ filter, total, onFilter }: FilterBoxProps) {
  const [text, setText] = useState(filter ?? "");
  useEffect(() => setText(filter ?? ""), [filter]);
  const found = total === undefined ? "" : words.count(countText(total), total === 1);
  return (
    <form
      className={classes.filter}
      onSubmit={(event) => {
        event.preventDefault();
        onFilter(text.trim() || undefined);
      }}
    >
      <TextInput
        aria-label={words.searchLabel}
        placeholder={words.search}
        leftSection={<FilterIcon size={16} />}
        spellCheck={false}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
        onBlur={() => text.trim() !== (filter ?? "") && onFilter(text.trim() || undefined)}
        rightSectionWidth={`calc(${found.length}ch + ${text ? 48 : 16}px)`}
        rightSectionProps={{ className: classes.count }}
        rightSection={
          <>
            <span role="status">{found}</span>
            {text ? (
              <CloseButton
                size="sm"
                aria-label={words.clear}
                onClick={() => {
                  setText("");
                  onFilter(undefined);
                }}
              />
            ) : null}
          </>
        }
      />
    </form>
  );
}
