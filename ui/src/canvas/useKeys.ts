/** Keys of a page with a canvas: listens on the window, and leaves alone what is typed. */

import { useEffect, useRef } from "react";
import { type Command, commandOf, isTyping, repeats } from "./keymap";

// There arrows, Enter and Space have a meaning of their own.
const OWN_KEYS = "[role=dialog], [role=menu], [role=listbox], [role=slider], [role=radiogroup]";
const OWN_ENTER = "button, a[href], [role=tab], summary";

function isTaken(event: KeyboardEvent, command: Command): boolean {
  if (event.defaultPrevented || isTyping(event.target)) return true;
  if (!(event.target instanceof Element)) return false;
  if (event.target.closest(OWN_KEYS)) return true;
  return command === "finish" && event.target.closest(OWN_ENTER) !== null;
}

/** Give every command of the key map to `handle`; true means that it was used. */
export function useKeys(handle: (command: Command, event: KeyboardEvent) => boolean): void {
  const latest = useRef(handle);
  useEffect(() => {
    latest.current = handle;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const command = commandOf(event);
      if (command === null || isTaken(event, command)) return;
      if (event.repeat && !repeats(command)) return event.preventDefault();
      if (latest.current(command, event)) event.preventDefault();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
