/** Keys that say something about an image wait for it, in the order in which they came. */

import { useCallback, useEffect, useRef, useState } from "react";
import { letGoOfKeys, takeEarlyKeys } from "@/app/earlyKeys";
import { type Command, commandOf, isTyping } from "@/canvas/keymap";

interface WaitingKeys {
  /** Do it, now or when the image is there; false where nobody uses the command. */
  press: (command: Command, repeated?: boolean) => boolean;
  /** So many wait. */
  count: number;
}

interface WaitingOptions {
  /** Whether a command can be done at this moment. */
  acts: (command: Command) => boolean;
  act: (command: Command) => boolean;
  /** The image cannot be opened: what waits for it is given up. */
  hopeless: boolean;
}

const NEVER_WAITS = /^(tool:|brush:|zoom:|fit$|actual-size$|hide-shapes$|help$)/;

export function useWaitingKeys({ acts, act, hopeless }: WaitingOptions): WaitingKeys {
  const waiting = useRef<readonly Command[]>([]);
  const [count, setCount] = useState(0);
  const keep = useCallback((commands: readonly Command[]) => {
    waiting.current = commands;
    setCount(commands.length);
  }, []);

  const press = (command: Command, repeated = false): boolean => {
    const behind = waiting.current.length > 0;
    if (behind && command === "escape") keep([]);
    else if (NEVER_WAITS.test(command) || (!behind && acts(command))) return act(command);
    // A key that is held down goes as fast as the images come, and stops with the finger.
    else if (!repeated && !hopeless) keep([...waiting.current, command]);
    return true;
  };

  // One at a time: what comes after it may be about another image.
  useEffect(() => {
    const [first, ...rest] = waiting.current;
    if (first === undefined) return;
    if (hopeless) keep([]);
    else if (acts(first)) {
      keep(rest);
      act(first);
    }
  });

  useEffect(() => {
    const commands = takeEarlyKeys()
      .filter((event) => !isTyping(event.target))
      .map(commandOf)
      .filter((command) => command !== null);
    keep([...waiting.current, ...commands]);
    return letGoOfKeys;
  }, [keep]);

  return { press, count };
}
