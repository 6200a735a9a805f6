/** Saving asks for the reason in one line, and says what will be different. */

import { Button, Popover, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { book as words } from "@/words/book";
import classes from "./SaveBook.module.css";

interface SaveBookProps {
  changes: readonly string[];
  canSave: boolean;
  saving: boolean;
  /** Already known, such as for a restored revision. */
  suggested: string;
  save: (reason: string) => Promise<boolean>;
}

const MOST_SHOWN = 8;

export function SaveBook({ changes, canSave, saving, suggested, save }: SaveBookProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const reason = typed ?? suggested;
  return (
    <Popover opened={open} onChange={setOpen} width={380} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button disabled={!canSave} onClick={() => setOpen(!open)}>
          {words.save}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void save(reason.trim()).then(() => {
              setOpen(false);
              setTyped(null);
            });
          }}
        >
          <Text fw={600}>{words.changes(changes.length)}</Text>
          <ul className={classes.changes}>
            {changes.slice(0, MOST_SHOWN).map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <TextInput
            label={words.reason}
            placeholder={words.reasonPlaceholder}
            value={reason}
            maxLength={300}
            required
            data-autofocus
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            type="submit"
            mt="sm"
            fullWidth
            loading={saving}
            disabled={reason.trim() === ""}
          >
            {words.save}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
