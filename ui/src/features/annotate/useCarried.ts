/** Shapes on their way to the next image. */

import { useEffect, useRef } from "react";
import type { ChangeKind } from "@/canvas/document";
import type { Editor } from "@/canvas/editor";
import type { CanvasShape } from "@/canvas/shapes/shape";
import { toast } from "@/ui/toast";
import { annotate as words } from "@/words/annotate";
import { frame } from "@/words/frame";

const KEPT: readonly ChangeKind[] = ["live", "cancel"];

export function useCarried(editor: Editor, opened: string | null): { take: () => void } {
  const shapes = useRef<readonly CanvasShape[]>([]);
  const from = useRef<string | null>(null);
  useEffect(() => {
    if (opened === null || shapes.current.length === 0 || from.current === opened) return;
    const asked = shapes.current.length;
    const count = editor.paste(shapes.current);
    shapes.current = [];
    if (count > 0) return offerUndo(editor, words.copied(count, asked));
    toast({ text: words.noneFits(asked), tone: "bad" });
  }, [editor, opened]);
  return {
    take: () => {
      const chosen = editor.selectedItems.map((item) => item.shape);
      shapes.current = chosen.length > 0 ? chosen : editor.document.shapes();
      from.current = opened;
    },
  };
}

/** A note with undo, for as long as the last change is the copy; gives what ends it. */
function offerUndo(editor: Editor, text: string): () => void {
  const away = toast({ text, action: { label: frame.undo, run: () => editor.undo() } });
  const deaf = editor.document.listen((change) => {
    if (!KEPT.includes(change.kind)) end();
  });
  const end = () => {
    deaf();
    away();
  };
  return end;
}
