/** What can be done with the images that are selected. */
import { Button, CloseButton, Popover, Select, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { post } from "@/api/client";
import { type Here, may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { SelectionChange, SelectionChanged } from "@/api/types";
import { useHere } from "@/app/here";
import { type Selection, type SelectionStep, selectedCount } from "@/features/images/selection";
import { countText } from "@/ui/figures";
import { toast } from "@/ui/toast";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface SelectionBarProps {
  here: Here;
  selection: Selection;
  filter: string | undefined;
  total: number;
  step: (step: SelectionStep) => void;
}

type Change = Omit<SelectionChange, "selection">;

export function SelectionBar({ here, selection, filter, total, step }: SelectionBarProps) {
  const client = useQueryClient();
  const task = useQuery(projectQuery(here)).data?.task;
  const change = useMutation({
    mutationFn: (wanted: Change) =>
      post<SelectionChanged>(projectPath(here, "/images/change"), {
        ...wanted,
        selection: selection.all ? { filter: filter ?? "" } : { sha256: [...selection.shas] },
      } satisfies SelectionChange),
    onSuccess: ({ changed, problems }) => {
      const told = [words.changed(countText(changed), changed === 1), ...problems.slice(0, 2)];
      toast({ text: told.join(" "), tone: problems.length > 0 ? "bad" : "plain" });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(here) }),
  });
  const count = selectedCount(selection, total);
  const wholeImages = task === "classification" || task === "anomaly";
  return (
    <section
      className={classes.selection}
      aria-label={words.selected(countText(count), count === 1)}
    >
      <strong role="status">{words.selected(countText(count), count === 1)}</strong>
      {wholeImages && may(here.role, "labeler") ? (
        <ClassChange onChange={change.mutate} busy={change.isPending} />
      ) : null}
      {may(here.role, "admin") ? (
        <>
          <GroupChange onChange={change.mutate} busy={change.isPending} />
          <MetaChange onChange={change.mutate} busy={change.isPending} />
        </>
      ) : null}
      {selection.all ? null : (
        <Button variant="subtle" onClick={() => step({ kind: "all" })}>
          {words.selectAll}
        </Button>
      )}
      <CloseButton aria-label={words.selectNone} onClick={() => step({ kind: "none" })} />
    </section>
  );
}

interface ChangeProps {
  onChange: (change: Change) => void;
  busy: boolean;
}

function ClassChange({ onChange, busy }: ChangeProps) {
  return (
    <Asked title={words.setClass} busy={busy}>
      {(close) => <ClassForm onDone={close} onChange={onChange} />}
    </Asked>
  );
}

function ClassForm({
  onChange,
  onDone,
}: Pick<ChangeProps, "onChange"> & { onDone: () => void }) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const [label, setLabel] = useState<string | null>(null);
  return (
    <Form
      ready={label !== null}
      onApply={() => {
        if (label !== null) onChange({ label });
        onDone();
      }}
    >
      <Select
        label={words.setClass}
        searchable
        data-autofocus
        data={book?.classes.map((c) => c.name) ?? []}
        value={label}
        comboboxProps={{ withinPortal: false }}
        onChange={setLabel}
      />
    </Form>
  );
}

function GroupChange({ onChange, busy }: ChangeProps) {
  const [group, setGroup] = useState("");
  return (
    <Asked title={words.setGroup} busy={busy}>
      {(close) => (
        <Form
          ready={group.trim() !== ""}
          onApply={() => {
            onChange({ group: group.trim() });
            close();
          }}
        >
          <TextInput
            label={words.group}
            data-autofocus
            value={group}
            onChange={(e) => setGroup(e.currentTarget.value)}
          />
          <Text fz="sm" c="dimmed" mt={6}>
            {words.groupHint}
          </Text>
        </Form>
      )}
    </Asked>
  );
}

function MetaChange({ onChange, busy }: ChangeProps) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <Asked title={words.setMeta} busy={busy}>
      {(close) => (
        <Form
          ready={key.trim() !== ""}
          onApply={() => {
            onChange({ metadata: { [key.trim()]: metadataValue(value) } });
            close();
          }}
        >
          <TextInput
            label={words.key}
            data-autofocus
            value={key}
            onChange={(e) => setKey(e.currentTarget.value)}
          />
          <TextInput
            label={words.value}
            mt="sm"
            value={value}
            onChange={(e) => setValue(e.currentTarget.value)}
          />
        </Form>
      )}
    </Asked>
  );
}

interface AskedProps {
  title: string;
  busy: boolean;
  children: (close: () => void) => ReactNode;
}

function Asked({ title, busy, children }: AskedProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="top" width={300} trapFocus>
      <Popover.Target>
        <Button variant="default" loading={busy} onClick={() => setOpen(!open)}>
          {title}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>{children(() => setOpen(false))}</Popover.Dropdown>
    </Popover>
  );
}

interface FormProps {
  ready: boolean;
  onApply: () => void;
  children: ReactNode;
}

function Form({ ready, onApply, children }: FormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onApply();
  };
  return (
    <form onSubmit={submit}>
      {children}
      <Button type="submit" mt="md" fullWidth disabled={!ready}>
        {words.apply}
      </Button>
    </form>
  );
}

/** Numbers and yes or no as such, anything else as a text. */
export function metadataValue(text: string): string | number | boolean {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : plain;
}
