/** The tools above the stage, with their keys; view and light at the right end. */

import { Button, Popover, Slider, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Key } from "@/ui/Key";
import { canvasWords as words } from "@/words/canvas";
import type { Editor, ToolName } from "./editor";
import { useEditor, useView } from "./Stage";
import classes from "./ToolBar.module.css";
import { ToolIcon } from "./toolIcons";

const KEYS: Record<ToolName, string> = {
  select: "V",
  box: "B",
  polygon: "P",
  brush: "R",
  eraser: "E",
};

interface ToolBarProps {
  editor: Editor;
  tools: readonly ToolName[];
  /** At the right end: the state of saving, the key sheet. */
  children?: ReactNode;
}

export function ToolBar({ editor, tools, children }: ToolBarProps) {
  useEditor(editor);
  const paints = editor.toolName === "brush" || editor.toolName === "eraser";
  return (
    <div
      className={classes.bar}
      role="toolbar"
      aria-label={words.toolsLabel}
      data-many={tools.length > 2 || undefined}
    >
      {tools.map((name) => (
        <button
          key={name}
          type="button"
          className={classes.tool}
          aria-pressed={editor.toolName === name}
          aria-label={words.tools[name]}
          title={`${words.tools[name]}: ${words.toolHints[name]}`}
          disabled={editor.readOnly && name !== "select"}
          onClick={() => editor.takeTool(name)}
        >
          <ToolIcon name={name} />
          <span className={classes.name}>{words.tools[name]}</span>
          <Key>{KEYS[name]}</Key>
        </button>
      ))}
      {paints ? <BrushSize editor={editor} /> : null}
      <span className={classes.gap} />
      <IconTool
        icon="undo"
        label={words.undo}
        cap="Z"
        off={!editor.document.canUndo && !editor.tool.draft}
        run={() => editor.undo()}
      />
      <IconTool
        icon="redo"
        label={words.redo}
        off={!editor.document.canRedo}
        run={() => editor.redo()}
      />
      <span className={classes.line} />
      <IconTool
        icon="eye"
        label={editor.hidden ? words.show : words.hide}
        cap="H"
        on={editor.hidden}
        run={() => editor.setHidden(!editor.hidden)}
      />
      <Light editor={editor} />
      <IconTool icon="fit" label={words.fitHint} cap="F" run={() => editor.fit()} />
      <Zoom editor={editor} />
      {children}
    </div>
  );
}

function Zoom({ editor }: { editor: Editor }) {
  const { scale } = useView(editor);
  return <span className={classes.zoom}>{words.zoomText(Math.round(scale * 100))}</span>;
}

interface IconToolProps {
  icon: "undo" | "redo" | "fit" | "eye";
  label: string;
  cap?: string;
  off?: boolean;
  on?: boolean;
  run: () => void;
}

function IconTool({ icon, label, cap, off = false, on, run }: IconToolProps) {
  return (
    <button
      type="button"
      className={classes.tool}
      aria-label={label}
      aria-pressed={on}
      title={cap ? `${label} (${cap})` : label}
      disabled={off}
      onClick={run}
    >
      <ToolIcon name={icon} />
    </button>
  );
}

function BrushSize({ editor }: { editor: Editor }) {
  return (
    <div className={classes.size}>
      <Key>{"["}</Key>
      <Slider
        w={96}
        size="sm"
        label={null}
        thumbLabel={words.brushSize}
        // Even steps of the eye are even factors.
        min={0}
        max={9}
        step={0.05}
        value={Math.log2(editor.brushPx)}
        onChange={(value) => editor.setBrush(2 ** value)}
      />
      <Key>{"]"}</Key>
      <span className={classes.px}>{words.brushSizeText(editor.brushPx)}</span>
    </div>
  );
}

function Light({ editor }: { editor: Editor }) {
  const { tone } = editor;
  const changed = tone.brightness !== 1 || tone.contrast !== 1;
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <button
          type="button"
          className={classes.tool}
          aria-label={words.lightHint}
          title={words.lightHint}
          data-on={changed || undefined}
        >
          <ToolIcon name="light" />
        </button>
      </Popover.Target>
      <Popover.Dropdown w={260} role="dialog" aria-label={words.light}>
        {(["brightness", "contrast"] as const).map((name) => (
          <div key={name} className={classes.slider}>
            <Text fz="sm">{words[name]}</Text>
            <Slider
              size="sm"
              min={0.3}
              max={3}
              step={0.05}
              label={(value) => value.toFixed(2)}
              thumbLabel={words[name]}
              value={tone[name]}
              onChange={(value) => editor.setTone({ ...tone, [name]: value })}
            />
          </div>
        ))}
        <Button
          variant="default"
          mt="xs"
          disabled={!changed}
          onClick={() => editor.setTone({ brightness: 1, contrast: 1 })}
        >
          {words.reset}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
