/** The commands of the key map that concern the canvas alone. */

import type { Editor, ToolName } from "./editor";
import { type Command, numbersOf } from "./keymap";
import { boundsOf, dragOf, isPlaced, movedBy } from "./shapes/kinds";

const ZOOM_STEP = 1.4;

const ACTIONS: Partial<Record<Command, (editor: Editor) => void>> = {
  undo: (editor) => editor.undo(),
  redo: (editor) => editor.redo(),
  delete: deleteChosen,
  copy: (editor) => void editor.copy(),
  paste: (editor) => void editor.paste(),
  "select-all": (editor) => editor.select(editor.document.all().map((item) => item.id)),
  finish: (editor) => void editor.tool.finish(),
  fit: (editor) => editor.fit(),
  "zoom:in": (editor) => editor.zoom(ZOOM_STEP),
  "zoom:out": (editor) => editor.zoom(1 / ZOOM_STEP),
  "actual-size": (editor) => editor.zoom(1 / editor.view.scale),
  "brush:smaller": (editor) => editor.growBrush(false),
  "brush:larger": (editor) => editor.growBrush(true),
  "accept-all": (editor) => editor.accept(editor.suggestions),
  "hide-shapes": (editor) => editor.setHidden(!editor.hidden),
  "insert-box": insertBox,
};

/** Do what a command says; false where it is none of the canvas. */
export function runCommand(editor: Editor, command: Command): boolean {
  const action = ACTIONS[command];
  if (action) action(editor);
  else if (command === "step-back") {
    if (!editor.tool.stepBack()) deleteChosen(editor);
  } else if (command === "escape") letGo(editor);
  else if (command.startsWith("tool:")) editor.takeTool(command.slice(5) as ToolName);
  else if (command.startsWith("nudge:")) nudge(editor, ...numbersOf(command));
  else if (command.startsWith("stretch:")) stretch(editor, ...numbersOf(command));
  else return false;
  return true;
}

function deleteChosen(editor: Editor): void {
  if (editor.selection.size > 0) {
    editor.deleteSelected();
    return;
  }
  const at = editor.pointer;
  const under = at && editor.suggestionAt(at, 4 / editor.view.scale);
  if (under) editor.dismiss(under);
}

/** First what is being drawn, then the selection, then the tool. */
function letGo(editor: Editor): void {
  if (editor.tool.cancel()) return;
  if (editor.selection.size > 0) editor.select([]);
  else editor.takeTool("select");
}

function nudge(editor: Editor, dx: number, dy: number): void {
  const items = editor.selectedItems;
  if (items.length === 0) return;
  editor.change("move", (doc) => {
    for (const { id, shape } of items) doc.update(id, movedBy(shape, dx, dy, doc.size));
  });
}

/** Move the right and the lower edge of the selected box. */
function stretch(editor: Editor, dx: number, dy: number): void {
  const item = editor.onlySelected;
  if (item?.shape.kind !== "box") return;
  const { shape } = item;
  const [, , x2, y2] = shape.xyxy;
  editor.change("reshape", (doc) => {
    doc.update(item.id, dragOf(shape, "se", [x2 + dx, y2 + dy], doc.size));
  });
}

/** A box in the middle of what is seen, to be moved and stretched by keys. */
function insertBox(editor: Editor): void {
  if (!editor.mayDraw()) return;
  const { view, stage, size } = editor;
  const center = [(stage[0] / 2 - view.x) / view.scale, (stage[1] / 2 - view.y) / view.scale];
  const half = Math.max(2, Math.min(stage[0], stage[1]) / view.scale / 10);
  const shape = {
    kind: "box",
    label: editor.drawingClass,
    xyxy: [0, 0, Math.min(2 * half, size[0]), Math.min(2 * half, size[1])].map(Math.round),
  } as const;
  const [, , w = 1, h = 1] = shape.xyxy;
  const box = { ...shape, xyxy: [0, 0, w, h] as const };
  const [x = 0, y = 0] = center;
  editor.draw("insert box", movedBy(box, Math.round(x - half), Math.round(y - half), size));
}

/** The part of the image that some items cover, to bring it into view. */
export function showItem(editor: Editor, id: number): void {
  const item = editor.document.get(id);
  const box = item && isPlaced(item.shape) ? boundsOf(item.shape) : null;
  if (box) editor.show(box, 0.35);
}
