/** One image after the other in the editor: its picture, its labels, and saving them. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { asProblem } from "@/api/client";
import type { Here } from "@/api/here";
import { keys } from "@/api/keys";
import type { ImageCard, Labels, Problem, Shape } from "@/api/types";
import { ShapeDocument } from "@/canvas/document";
import type { Editor } from "@/canvas/editor";
import type { Size } from "@/canvas/geometry";
import type { Picture } from "@/canvas/paint/picture";
import type { PictureCache } from "@/canvas/paint/pictureCache";
import { usePictures } from "@/canvas/paint/usePictures";
import type { CanvasShape } from "@/canvas/shapes/shape";
import { fromWire, toWire } from "@/canvas/shapes/wire";
import { toast } from "@/ui/toast";
import { annotate as words } from "@/words/annotate";
import { labelsQuery, suggestionsQuery } from "./queries";
import { onTaken } from "./saving/ours";
import type { Entry, Outbox } from "./saving/outbox";

const MOST_DOCUMENTS = 30;
const SAVING_KINDS: readonly string[] = ["commit", "undo", "redo"];

export interface Work {
  picture: Picture | null;
  /** The image whose labels are in the editor. */
  opened: string | null;
  labels: Labels | null;
  /** Whether anything was said about the image, by anybody. */
  said: boolean;
  problem: Problem | null;
  /** Save what is shown as it is: "nothing to mark" is a word too. */
  say: () => void;
}

interface WorkOptions {
  here: Here;
  editor: Editor;
  outbox: Outbox;
  card: ImageCard | null;
  /** Images that are likely to come next. */
  ahead: readonly ImageCard[];
  mayLabel: boolean;
}

export function useWork({ here, editor, outbox, card, ahead, mayLabel }: WorkOptions): Work {
  const client = useQueryClient();
  const pictures = usePictures(here);
  const picture = usePicture(pictures, card, ahead);
  const [opened, setOpened] = useState<string | null>(null);
  const [labels, setLabels] = useState<Labels | null>(null);
  const [said, setSaid] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const documents = useRef(new Map<string, ShapeDocument>());
  const current = useRef<string | null>(null);
  /** Documents that began before one had said anything, and whether others had. */
  const unsaid = useRef(new WeakMap<ShapeDocument, boolean>());

  const put = useCallback(
    (shapes: Shape[] | null) => {
      const sha256 = current.current;
      if (sha256 === null) return;
      setSaid(shapes !== null || (unsaid.current.get(editor.document) ?? false));
      outbox
        .put(here, sha256, shapes)
        .catch(() => toast({ text: words.saving.notKept, tone: "bad" }));
    },
    [editor, outbox, here],
  );
  const save = useCallback(
    () => put(editor.document.shapes().map(toWire) as Shape[]),
    [editor, put],
  );
  const say = useCallback(() => {
    // What was said before anything was drawn is no undoing's to take back.
    if (!editor.document.canUndo) unsaid.current.delete(editor.document);
    save();
  }, [editor, save]);

  useEffect(
    () =>
      editor.listenChange(({ kind }) => {
        if (!SAVING_KINDS.includes(kind)) return;
        // Back where one had said nothing: shapes, or none, would be a word of one's own.
        if (kind === "undo" && !editor.document.canUndo && unsaid.current.has(editor.document))
          put(null);
        else save();
      }),
    [editor, put, save],
  );

  useEffect(() => onTaken((entry, taken) => noteTaken(client, entry, taken)), [client]);

  const sha256 = card?.sha256 ?? null;
  const [width, height] = [card?.width ?? 0, card?.height ?? 0];
  const size = useMemo<Size | null>(
    () => (width > 0 ? [width, height] : null),
    [width, height],
  );
  useEffect(() => {
    if (sha256 === null || size === null) return;
    let left = false;
    editor.settle();
    outbox.flush();
    current.current = null;
    editor.readOnly = true;
    editor.open(size, []);
    setOpened(null);
    setProblem(null);
    const open = async () => {
      await outbox.start().catch(() => undefined);
      const told = await client.ensureQueryData(labelsQuery(here, sha256));
      if (left) return;
      const pending = outbox.pending(here, sha256);
      const begun = beginningOf(told, pending);
      const document = documentFor(documents.current, sha256, size, begun.shapes.map(fromWire));
      if (!begun.mine) unsaid.current.set(document, begun.said);
      editor.openDocument(document);
      editor.readOnly = !mayLabel;
      current.current = sha256;
      setOpened(sha256);
      setLabels(told);
      setSaid(begun.said);
      const proposed = await client
        .ensureQueryData(suggestionsQuery(here, sha256))
        .catch(() => null);
      if (left || proposed === null) return;
      editor.suggest(
        proposed.items.map((item, n) => ({
          id: `${proposed.run} ${n}`,
          shape: fromWire(item.shape),
          score: item.score,
        })),
      );
    };
    open().catch((error) => {
      if (!left) setProblem(asProblem(error));
    });
    return () => {
      left = true;
      editor.settle();
      current.current = null;
    };
  }, [client, editor, here, mayLabel, outbox, sha256, size]);

  useEffect(() => {
    for (const next of ahead) {
      void client.prefetchQuery(labelsQuery(here, next.sha256));
      void client.prefetchQuery(suggestionsQuery(here, next.sha256));
    }
  }, [client, here, ahead]);

  return { picture, opened, labels, said, problem, say };
}

/** What an image begins with, whether anybody has said anything about it, and whether one has. */
function beginningOf(
  told: Labels,
  pending: Entry | null,
): { shapes: readonly Shape[]; said: boolean; mine: boolean } {
  if (pending) {
    const said = pending.shapes !== null;
    return { shapes: pending.shapes ?? [], said, mine: said };
  }
  const mine = told.mine !== null;
  return { shapes: newestWord(told), said: mine || told.consensus !== null, mine };
}

/** What to begin with: one's own labels, unless a reviewer has settled the image since. */
export function newestWord(labels: Labels): readonly Shape[] {
  const { consensus, mine, history } = labels;
  const review = history.filter((one) => one.review).at(-1);
  const settled = review !== undefined && (mine === null || review.at >= mine.at);
  return (settled ? consensus : (mine?.shapes ?? consensus)) ?? [];
}

/** The document of an image as it was left, if nobody changed its labels since. */
function documentFor(
  kept: Map<string, ShapeDocument>,
  sha256: string,
  size: Size,
  shapes: readonly CanvasShape[],
): ShapeDocument {
  const before = kept.get(sha256);
  const text = JSON.stringify(shapes.map(toWire));
  if (before && JSON.stringify(before.shapes().map(toWire)) === text) return before;
  const fresh = new ShapeDocument(size);
  fresh.load(shapes);
  kept.set(sha256, fresh);
  const oldest = kept.keys().next().value;
  if (kept.size > MOST_DOCUMENTS && oldest !== undefined) kept.delete(oldest);
  return fresh;
}

function noteTaken(
  client: QueryClient,
  entry: { organisation: string; project: string; sha256: string },
  labels: Labels,
): void {
  client.setQueryData(labelsQuery(entry, entry.sha256).queryKey, labels);
  // Other pages ask anew when they are opened; the film strip keeps its order.
  for (const part of ["image", "self", "facets", "advice"]) {
    void client.invalidateQueries({ queryKey: keys.part(entry, part), refetchType: "none" });
  }
}

function usePicture(
  pictures: PictureCache,
  card: ImageCard | null,
  ahead: readonly ImageCard[],
): Picture | null {
  const [shown, setShown] = useState<{ sha256: string; picture: Picture } | null>(null);
  const sha256 = card?.sha256 ?? null;
  const [width, height] = [card?.width ?? 0, card?.height ?? 0];
  useEffect(() => {
    if (sha256 === null) return;
    let left = false;
    pictures.get(sha256, [width, height]).then(
      (picture) => {
        if (!left) setShown({ sha256, picture });
      },
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [pictures, sha256, width, height]);
  useEffect(() => {
    if (shown === null) return;
    // Only once the picture that is looked at is there.
    for (const next of ahead)
      void pictures.get(next.sha256, [next.width, next.height]).catch(() => undefined);
  }, [pictures, shown, ahead]);
  return shown !== null && shown.sha256 === sha256 ? shown.picture : null;
}
