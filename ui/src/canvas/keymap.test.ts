import { expect, test } from "vitest";
import { type Command, commandOf, type Key, numbersOf, repeats } from "./keymap";

const cases: readonly (readonly [string, Key, string | null])[] = [
  ["1 takes the first class", { key: "1", code: "Digit1" }, "class:0"],
  ["9 takes the ninth class", { key: "9", code: "Digit9" }, "class:8"],
  ["the number pad does so too", { key: "4", code: "Numpad4" }, "class:3"],
  ["the digit row of a French keyboard too", { key: "&", code: "Digit1" }, "class:0"],
  ["0 fits the picture", { key: "0", code: "Digit0" }, "fit"],
  ["F fits the picture", { key: "f" }, "fit"],
  ["B draws boxes", { key: "b" }, "tool:box"],
  ["P draws polygons", { key: "p" }, "tool:polygon"],
  ["R is the brush", { key: "r" }, "tool:brush"],
  ["E is the eraser", { key: "E" }, "tool:eraser"],
  ["[ makes the brush smaller", { key: "[" }, "brush:smaller"],
  [
    "AltGr+8 is [ on a German keyboard",
    { key: "[", ctrlKey: false, altKey: true },
    "brush:smaller",
  ],
  ["A accepts all suggestions", { key: "a" }, "accept-all"],
  ["Ctrl+A selects all", { key: "a", ctrlKey: true }, "select-all"],
  ["N says that there is nothing", { key: "n" }, "nothing"],
  ["G says that the part is good", { key: "g" }, "good"],
  ["Z takes back", { key: "z" }, "undo"],
  ["Ctrl+Z takes back", { key: "z", ctrlKey: true }, "undo"],
  ["Cmd+Z takes back", { key: "z", metaKey: true }, "undo"],
  ["Shift+Z does again", { key: "Z", shiftKey: true }, "redo"],
  ["Ctrl+Shift+Z does again", { key: "Z", shiftKey: true, ctrlKey: true }, "redo"],
  ["an arrow goes to the next image", { key: "ArrowRight" }, "next"],
  ["an arrow with Alt moves by a pixel", { key: "ArrowUp", altKey: true }, "nudge:0:-1"],
  ["with Shift by ten", { key: "ArrowLeft", altKey: true, shiftKey: true }, "nudge:-10:0"],
  ["with Ctrl it stretches", { key: "ArrowDown", altKey: true, ctrlKey: true }, "stretch:0:1"],
  ["Ctrl+D copies to the next image", { key: "d", ctrlKey: true }, "copy-to-next"],
  ["? shows the keys", { key: "?", shiftKey: true, code: "Slash" }, "help"],
  ["Ctrl+K belongs to the frame", { key: "k", ctrlKey: true }, null],
  ["Ctrl+R belongs to the browser", { key: "r", ctrlKey: true }, null],
  ["Alt+F belongs to the browser", { key: "f", altKey: true }, null],
];

test.each(cases)("%s", (_name, key, command) => {
  expect(commandOf(key)).toBe(command);
});

test("a command with numbers gives them back", () => {
  expect(numbersOf("nudge:-10:0")).toEqual([-10, 0]);
});

test("a key that is held down moves on and on, but says something once only", () => {
  const held = (key: Key) => repeats(commandOf(key) as Command);
  for (const key of ["n", "g", "3", "a", "Insert"]) expect(held({ key })).toBe(false);
  for (const key of ["z", "[", "+", "ArrowRight"]) expect(held({ key })).toBe(true);
  expect(held({ key: "d", ctrlKey: true })).toBe(false);
  expect(held({ key: "ArrowUp", altKey: true })).toBe(true);
});
