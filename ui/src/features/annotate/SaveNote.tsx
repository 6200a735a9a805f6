/** Where the labels are: with the server, on the way, or kept on this computer. */

import { Button, Group, Popover, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { annotate } from "@/words/annotate";
import classes from "./SaveNote.module.css";
import type { Outbox, SavingState } from "./saving/outbox";

const words = annotate.saving;

function textOf(state: SavingState): string {
  switch (state.kind) {
    case "saved":
      return words.saved;
    case "saving":
      return words.saving;
    case "offline":
      return words.offline(state.count);
    case "signed-out":
      return words.signedOut(state.count);
    case "refused":
      return words.refused;
  }
}

/** Opens an image of a project, which need not be the one on the page. */
type Open = (sha256: string, project: string) => void;

export function SaveNote({ outbox, open }: { outbox: Outbox; open: Open }) {
  const state = useSyncExternalStore(outbox.listen, () => outbox.state);
  const note = (
    <span className={classes.note} data-kind={state.kind} role="status" title={textOf(state)}>
      <span className={classes.lamp} aria-hidden="true" />
      {textOf(state)}
    </span>
  );
  if (state.kind !== "refused") return note;
  return (
    <Popover width={340} position="bottom-end" defaultOpened>
      <Popover.Target>
        <button type="button" className={classes.button}>
          {note}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text fw={600}>{words.refusedTitle}</Text>
        <Text fz="sm" mt={4}>
          {words.refusedIn(state.project)}
        </Text>
        <Text fz="sm" mt={4}>
          {state.problem.message} {state.problem.hint}
        </Text>
        <Group mt="sm">
          <Button onClick={() => open(state.sha256, state.project)}>{words.again}</Button>
          <Button
            variant="default"
            onClick={() => void outbox.forget(state.project, state.sha256)}
          >
            {words.drop}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
