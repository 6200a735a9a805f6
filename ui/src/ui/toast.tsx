/** Short notes at the lower edge: what was done, with a way to undo it. Never for errors of a form. */
import { CloseButton } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { frame } from "@/words/frame";
import classes from "./toast.module.css";

export interface Toast {
  text: string;
  tone?: "plain" | "bad";
  /** Such as undo; the note goes away when it is pressed. */
  action?: { label: string; run: () => void };
}

interface Shown extends Toast {
  id: number;
}

const SHOWN_MS = 8000;
const listeners = new Set<() => void>();
let shown: readonly Shown[] = [];
let nextId = 1;

/** Show a note; gives what takes it away again before its time. */
export function toast(note: Toast): () => void {
  const id = nextId++;
  show([...shown.slice(-2), { ...note, id }]);
  const away = () => dismiss(id);
  window.setTimeout(away, SHOWN_MS);
  return away;
}

function dismiss(id: number): void {
  if (shown.some((t) => t.id === id)) show(shown.filter((t) => t.id !== id));
}

function show(notes: readonly Shown[]): void {
  shown = notes;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The notes; once on the page. */
export function Toasts() {
  const notes = useSyncExternalStore(subscribe, () => shown);
  return (
    <div className={classes.stack} role="status" aria-live="polite">
      {notes.map((note) => (
        <div key={note.id} className={classes.note} data-tone={note.tone ?? "plain"}>
          <span>{note.text}</span>
          {note.action ? (
            <button
              type="button"
              className={classes.action}
              onClick={() => {
                note.action?.run();
                dismiss(note.id);
              }}
            >
              {note.action.label}
            </button>
          ) : null}
          <CloseButton
            size="sm"
            c="inherit"
            variant="transparent"
            aria-label={frame.close}
            onClick={() => dismiss(note.id)}
          />
        </div>
      ))}
    </div>
  );
}
