import { Button, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Document } from "@/api/types";
import type { LocalFile } from "@/intake/upload";
import { bytesText, plural } from "@/ui/figures";
import { intake as words } from "@/words/intake";
import classes from "./intake.module.css";

interface IntakeOptionsProps {
  files: readonly LocalFile[];
  onOther: () => void;
  onGo: (options: Document) => void;
}

interface Form {
  labeler: string;
  pattern: string;
  groupBy: string;
  table: string;
}

export function IntakeOptions({ files, onOther, onGo }: IntakeOptionsProps) {
  const [form, setForm] = useState<Form>({ labeler: "", pattern: "", groupBy: "", table: "" });
  const tables = files.filter((f) => /\.csv$/i.test(f.path)).map((f) => f.path);
  const bytes = files.reduce((sum, f) => sum + f.file.size, 0);
  const set = (part: Partial<Form>) => setForm({ ...form, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onGo(optionsOf(form));
  };
  return (
    <form className={classes.panel} onSubmit={submit}>
      <p className={classes.dropTitle}>{nameOf(files)}</p>
      <p className={classes.dropText}>
        {plural(files.length, "file")}, {bytesText(bytes)}
      </p>
      <details className={classes.fold}>
        <summary>{words.options}</summary>
        <Stack gap="md" mt="md">
          <TextInput
            label={words.labeler}
            description={words.labelerHint}
            placeholder="import"
            value={form.labeler}
            onChange={(e) => set({ labeler: e.currentTarget.value })}
          />
          <TextInput
            label={words.pattern}
            description={words.patternHint}
            value={form.pattern}
            onChange={(e) => set({ pattern: e.currentTarget.value })}
          />
          <TextInput
            label={words.groupBy}
            description={words.groupByHint}
            value={form.groupBy}
            onChange={(e) => set({ groupBy: e.currentTarget.value })}
          />
          {tables.length > 0 ? (
            <Select
              label={words.metadata}
              value={form.table}
              data={[{ value: "", label: words.noTable }, ...tables]}
              onChange={(table) => set({ table: table ?? "" })}
            />
          ) : null}
        </Stack>
      </details>
      <div className={classes.buttons}>
        <Button variant="default" onClick={onOther}>
          {words.other}
        </Button>
        <Button type="submit" data-autofocus>
          {words.go}
        </Button>
      </div>
    </form>
  );
}

/** The options of the import job; what was left empty is left to the server. */
export function optionsOf(form: Form): Document {
  const groups = form.groupBy
    .split(",")
    .map((g) => g.trim())
    .filter(Boolean);
  return {
    ...(form.labeler.trim() ? { labeler: form.labeler.trim() } : {}),
    ...(form.pattern.trim() ? { pattern: form.pattern.trim() } : {}),
    ...(groups.length > 0 ? { group_by: groups } : {}),
    ...(form.table ? { metadata_csv: form.table } : {}),
  };
}

function nameOf(files: readonly LocalFile[]): string {
  const tops = [...new Set(files.map((f) => f.path.split("/")[0]))];
  return tops.length === 1 ? (tops[0] ?? "") : words.chosen;
}
