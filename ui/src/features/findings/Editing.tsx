/** Editing the labels of a finding in place, beginning with what is suggested. */

import { Button } from "@mantine/core";
import type { Task } from "@/api/types";
import { runCommand } from "@/canvas/commands";
import type { Editor, ToolName } from "@/canvas/editor";
import { type Command, numbersOf } from "@/canvas/keymap";
import type { ClassStyle } from "@/canvas/palette";
import { useKeys } from "@/canvas/useKeys";
import { ClassChip } from "@/ui/ClassChip";
import { Key } from "@/ui/Key";
import { findings as words } from "@/words/findings";
import classes from "./Editing.module.css";

export const TOOLS: Record<Task, readonly ToolName[]> = {
  classification: [],
  detection: ["select", "box"],
  segmentation: ["select", "polygon", "brush", "eraser"],
  anomaly: ["select", "polygon", "brush", "eraser"],
};

interface EditKeys {
  editor: Editor;
  styles: readonly ClassStyle[];
  task: Task;
  editing: boolean;
  save: () => void;
  cancel: () => void;
}

/** The keys of the canvas while labels are edited. */
export function useEditKeys({ editor, styles, task, editing, save, cancel }: EditKeys): void {
  const chooseClass = (command: Command): boolean => {
    const name = styles[numbersOf(command)[0]]?.name;
    if (name === undefined) return false;
    if (task === "classification") editor.setImageClass(name);
    else editor.chooseClass(name);
    return true;
  };
  useKeys((command, event) => {
    if (!editing) return false;
    if (event.key === "Enter" && event.ctrlKey) save();
    else if (command === "escape" && !editor.tool.draft && editor.selection.size === 0)
      cancel();
    else if (command.startsWith("class:")) return chooseClass(command);
    else return runCommand(editor, command);
    return true;
  });
}

interface EditPanelProps {
  editor: Editor;
  styles: readonly ClassStyle[];
  ofImage: boolean;
  save: () => void;
  cancel: () => void;
}

export function EditPanel({ editor, styles, ofImage, save, cancel }: EditPanelProps) {
  return (
    <div className={classes.edit}>
      <h2>{words.edit.title}</h2>
      <p className={classes.quiet}>{words.edit.hint}</p>
      <div className={classes.classes}>
        {styles.map((style, n) => (
          <button
            key={style.name}
            type="button"
            onClick={() =>
              ofImage ? editor.setImageClass(style.name) : editor.chooseClass(style.name)
            }
          >
            <ClassChip name={style.name} color={style} />
            {n < 9 ? <Key>{String(n + 1)}</Key> : null}
          </button>
        ))}
      </div>
      <Button size="md" justify="space-between" rightSection={<Key>Ctrl ↵</Key>} onClick={save}>
        {words.edit.save}
      </Button>
      <Button
        variant="default"
        justify="space-between"
        rightSection={<Key>Esc</Key>}
        onClick={cancel}
      >
        {words.edit.cancel}
      </Button>
    </div>
  );
}
