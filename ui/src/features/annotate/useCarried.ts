/** Shapes on their way to the next image. */

import { useEffect, useRef } from "react";
import type { Editor } from "@/canvas/editor";
import type { CanvasShape } from "@/canvas/shapes/shape";
import { toast } from "@/ui/toast";
import { annotate as words } from "@/words/annotate";
import { frame } from "@/words/frame";

export function useCarried(editor: Editor, opened: string | null): { take: () => void } {
  const shapes = useRef<readonly CanvasShape[]>([]);
  const from = useRef<string | null>(null);
  useEffect(() => {
    if (opened === null || shapes.current.length === 0 || from.current === opened) return;
    const asked = shapes.current.length;
    const count = editor.paste(shapes.current);
    shapes.current = [];
    const { document } = editor;
    const undo = () => editor.document === document && editor.undo();
    if (count === 0) toast({ text: words.noneFits(asked), tone: "bad" });
    else
      toast({
        text: words.copied(count, asked),
        action: { label: frame.undo, run: undo },
      });
  }, [editor, opened]);
  return {
    take: () => {
      const chosen = editor.selectedItems.map((item) => item.shape);
      shapes.current = chosen.length > 0 ? chosen : editor.document.shapes();
      from.current = opened;
    },
  };
}
