/** Which key does what on the pages with a canvas. One table, shown by the key sheet too. */

export type Command =
  | "undo"
  | "redo"
  | "delete"
  | "copy"
  | "paste"
  | "select-all"
  | "copy-to-next"
  | "escape"
  | "finish"
  | "step-back"
  | "tool:select"
  | "tool:box"
  | "tool:polygon"
  | "tool:brush"
  | "tool:eraser"
  | "brush:smaller"
  | "brush:larger"
  | "fit"
  | "zoom:in"
  | "zoom:out"
  | "actual-size"
  | "accept-all"
  | "nothing"
  | "good"
  | "previous"
  | "next"
  | "hide-shapes"
  | "insert-box"
  | "help"
  | `class:${number}`
  | `nudge:${number}:${number}`
  | `stretch:${number}:${number}`;

export interface Key {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  readonly shiftKey?: boolean;
  readonly altKey?: boolean;
}

const WITH_CTRL: Readonly<Record<string, Command>> = {
  z: "undo",
  y: "redo",
  c: "copy",
  v: "paste",
  a: "select-all",
  d: "copy-to-next",
};

const PLAIN: Readonly<Record<string, Command>> = {
  z: "undo",
  v: "tool:select",
  b: "tool:box",
  p: "tool:polygon",
  r: "tool:brush",
  e: "tool:eraser",
  f: "fit",
  "0": "fit",
  "=": "zoom:in",
  "+": "zoom:in",
  "-": "zoom:out",
  a: "accept-all",
  n: "nothing",
  g: "good",
  h: "hide-shapes",
  "[": "brush:smaller",
  "]": "brush:larger",
  // Where brackets need AltGr.
  ",": "brush:smaller",
  ".": "brush:larger",
  "?": "help",
  arrowleft: "previous",
  arrowright: "next",
  delete: "delete",
  backspace: "step-back",
  escape: "escape",
  enter: "finish",
  insert: "insert-box",
};

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  arrowleft: [-1, 0],
  arrowright: [1, 0],
  arrowup: [0, -1],
  arrowdown: [0, 1],
};

const SAID_ONCE: ReadonlySet<string> = new Set([
  "nothing",
  "good",
  "class",
  "accept-all",
  "copy-to-next",
  "insert-box",
  "paste",
]);

const FAR = 10;

/** The command of a key, or null. */
export function commandOf(key: Key): Command | null {
  const name = key.key.toLowerCase();
  const ctrl = key.ctrlKey === true || key.metaKey === true;
  const shift = key.shiftKey === true;
  const arrow = ARROWS[name];
  if (arrow && key.altKey === true) return byArrow(arrow, ctrl, shift);
  if (name === "z" && shift) return "redo";
  if (ctrl) return key.altKey === true ? null : (WITH_CTRL[name] ?? null);
  // AltGr gives brackets on many keyboards; other keys with Alt belong to the browser.
  if (key.altKey === true && name !== "[" && name !== "]") return null;
  return classOf(name, shift ? "" : (key.code ?? "")) ?? PLAIN[name] ?? null;
}

/**
 * Whether a command of a key that is held down counts again and again. What says something
 * about an image does not: a finger that rests on a key must not label the images after it.
 */
export function repeats(command: Command): boolean {
  return !SAID_ONCE.has(command.split(":")[0] ?? "");
}

/** Whether a command says something about the image; suggestions are accepted once seen. */
export function saysSomething(command: Command): boolean {
  return command !== "accept-all" && !repeats(command);
}

function byArrow([x, y]: readonly [number, number], ctrl: boolean, far: boolean): Command {
  const by = far ? FAR : 1;
  const [dx, dy] = [x * by || 0, y * by || 0];
  return ctrl ? `stretch:${dx}:${dy}` : `nudge:${dx}:${dy}`;
}

/** Digits by their place on the keyboard too: on some the row gives other signs. */
function classOf(name: string, code: string): Command | null {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1] ?? /^[1-9]$/.exec(name)?.[0];
  return digit === undefined ? null : `class:${Number(digit) - 1}`;
}

/** The two numbers at the end of commands such as "nudge:1:0". */
export function numbersOf(command: string): readonly [number, number] {
  const [, a, b] = command.split(":");
  return [Number(a ?? 0), Number(b ?? 0)];
}

/** Whether a key typed there is text and no command. */
export function isTyping(target: EventTarget | null): boolean {
  if (typeof HTMLElement === "undefined" || !(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "range", "button", "submit"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
