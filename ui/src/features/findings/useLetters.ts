/** Single letters that decide; they differ from those of the canvas. */

import { useEffect } from "react";
import { isTyping } from "@/canvas/keymap";

export function useLetters(letters: Record<string, (() => void) | undefined>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.target instanceof Element && event.target.closest("[role=dialog]")) return;
      const act = letters[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      // A finger that rests on a key must not decide about the findings after this one.
      if (!event.repeat) act();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  });
}
