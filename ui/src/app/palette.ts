/** What the command palette offers beside pages and projects: actions of the page shown. */
import { useEffect, useSyncExternalStore } from "react";

export interface Command {
  id: string;
  label: string;
  run: () => void;
}

const listeners = new Set<() => void>();
let commands: readonly Command[] = [];
let open = false;

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function openPalette(): void {
  open = true;
  tell();
}

export function closePalette(): void {
  open = false;
  tell();
}

export function usePaletteOpen(): boolean {
  return useSyncExternalStore(subscribe, () => open);
}

export function useOffered(): readonly Command[] {
  return useSyncExternalStore(subscribe, () => commands);
}

/** Offer actions as long as the page is shown. Keep the list stable with useMemo. */
export function useCommands(offered: readonly Command[]): void {
  useEffect(() => {
    commands = [...commands, ...offered];
    tell();
    return () => {
      commands = commands.filter((c) => !offered.includes(c));
      tell();
    };
  }, [offered]);
}
