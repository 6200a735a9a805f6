/** All keys at a glance. */

import { Modal } from "@mantine/core";
import { Key } from "@/ui/Key";
import { canvasWords } from "@/words/canvas";
import classes from "./KeySheet.module.css";

const { rows, groups, click, wheel, space } = canvasWords.keys;

type Row = readonly [what: string, ...caps: string[]];

const GROUPS: readonly (readonly [string, readonly Row[]])[] = [
  [
    groups.labels,
    [
      [rows.class, "1", "–", "9"],
      [rows.accept, "A"],
      [rows.nothing, "N"],
      [rows.good, "G"],
    ],
  ],
  [
    groups.tools,
    [
      [rows.select, "V"],
      [rows.box, "B"],
      [rows.polygon, "P"],
      [rows.brush, "R"],
      [rows.eraser, "E"],
      [rows.size, "[", "]"],
      [rows.finish, "Enter"],
      [rows.stepBack, "⌫"],
      [rows.escape, "Esc"],
    ],
  ],
  [
    groups.shapes,
    [
      [rows.undo, "Z"],
      [rows.redo, "Shift", "Z"],
      [rows.delete, "Del"],
      [rows.copy, "Ctrl", "C", "V"],
      [rows.all, "Ctrl", "A"],
      [rows.nudge, "Alt", "←→↑↓"],
      [rows.stretch, "Ctrl", "Alt", "←→↑↓"],
      [rows.corner, "Alt", click],
      [rows.insert, "Ins"],
    ],
  ],
  [
    groups.view,
    [
      [rows.space, space],
      [rows.wheel, wheel, "+", "−"],
      [rows.fit, "F", "0"],
      [rows.hide, "H"],
    ],
  ],
  [
    groups.go,
    [
      [rows.arrows, "←", "→"],
      [rows.next, "Ctrl", "D"],
      [rows.help, "?"],
    ],
  ],
];

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal opened={open} onClose={onClose} title={canvasWords.keys.title} size={760}>
      <div className={classes.sheet}>
        {GROUPS.map(([title, list]) => (
          <section key={title} className={classes.group}>
            <h3 className={classes.title}>{title}</h3>
            <dl className={classes.rows}>
              {list.map(([what, ...caps]) => (
                <div key={what} className={classes.row}>
                  <dt>{what}</dt>
                  <dd>
                    <span className="pm-hidden">{caps.join(" ")}</span>
                    {caps.map((cap) => (
                      <Key key={cap}>{cap}</Key>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
