/** The picture and the shapes of a finding in an editor that only shows, or edits. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Here } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { Finding, Shape } from "@/api/types";
import type { Editor } from "@/canvas/editor";
import type { Box, Size } from "@/canvas/geometry";
import type { Picture } from "@/canvas/paint/picture";
import type { PictureCache } from "@/canvas/paint/pictureCache";
import { focusOf } from "@/canvas/Shot";
import { fromWire } from "@/canvas/shapes/wire";
import { changeOf } from "./change";

export type Layers = "labeled" | "both" | "predicted";

interface SceneOptions {
  here: Here;
  editor: Editor;
  pictures: PictureCache;
  finding: Finding | null;
  next: readonly Finding[];
  layers: Layers;
  prediction: readonly Shape[];
  editing: boolean;
}

/** Small things are brought closer, but not so close that their surroundings are lost. */
const SHARE = 0.25;
const CLOSER_FROM = 2;
const LEAST_WINDOW = 0.3;

export function useScene(options: SceneOptions): Picture | null {
  const { here, editor, pictures, finding, next, layers, prediction, editing } = options;
  const client = useQueryClient();
  const card = useQuery({
    ...imageQuery(here, finding?.sha256 ?? ""),
    enabled: finding !== null,
  }).data?.card;
  const size = useMemo<Size | null>(
    () => (card && card.sha256 === finding?.sha256 ? [card.width, card.height] : null),
    [card, finding?.sha256],
  );
  const [shown, setShown] = useState<{ sha256: string; picture: Picture } | null>(null);
  const sha256 = finding?.sha256 ?? null;

  useEffect(() => {
    if (sha256 === null || size === null) return;
    let left = false;
    pictures.get(sha256, size).then(
      (picture) => !left && setShown({ sha256, picture }),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [pictures, sha256, size]);

  useEffect(() => {
    if (finding === null || size === null) return;
    if (editing) openForEditing(editor, finding, size);
    else openToLook(editor, finding, size, dashedOf(finding, layers, prediction));
  }, [editor, finding, size, layers, prediction, editing]);

  const ahead = next.map((one) => one.sha256).join(" ");
  useEffect(() => {
    if (shown === null || ahead === "") return;
    // Decoded before it is shown; its size is known once its image was asked for.
    for (const sha of ahead.split(" ")) {
      client
        .ensureQueryData(imageQuery(here, sha))
        .then((detail) => pictures.get(sha, [detail.card.width, detail.card.height]))
        .catch(() => undefined);
    }
  }, [client, here, pictures, shown, ahead]);

  return shown !== null && shown.sha256 === sha256 ? shown.picture : null;
}

function openForEditing(editor: Editor, finding: Finding, size: Size): void {
  editor.readOnly = false;
  editor.open(size, (finding.suggestion ?? finding.labels ?? []).map(fromWire));
}

function dashedOf(
  finding: Finding,
  layers: Layers,
  prediction: readonly Shape[],
): readonly Shape[] {
  if (layers === "predicted") return prediction;
  const labels = finding.labels ?? [];
  return layers === "both" ? changeOf(labels, finding.suggestion ?? labels).added : [];
}

function openToLook(
  editor: Editor,
  finding: Finding,
  size: Size,
  dashed: readonly Shape[],
): void {
  const labels = finding.labels ?? [];
  editor.readOnly = true;
  editor.open(size, labels.map(fromWire));
  const proposals = dashed.map((shape, n) => ({
    id: `dashed ${n}`,
    shape: fromWire(shape),
    score: 1,
  }));
  editor.suggest(proposals, true);
  const index = finding.shape_index;
  const asked = index === null ? [] : labels.slice(index, index + 1);
  // What is in question stands out; ids of items are places counted from one.
  editor.select(index === null ? [] : [index + 1]);
  const change = changeOf(labels, finding.suggestion ?? labels);
  const focus = focusOf([...asked, ...change.removed, ...change.added].map(fromWire));
  if (focus !== null) bringCloser(editor, focus, size);
}

function bringCloser(editor: Editor, focus: Box, size: Size): void {
  const [w, h] = [focus[2] - focus[0], focus[3] - focus[1]];
  if (Math.min(size[0] / w, size[1] / h) <= CLOSER_FROM / SHARE) return;
  const least = SHARE * LEAST_WINDOW * Math.min(...size);
  const half = Math.max(w, h, least) / 2;
  const [cx, cy] = [(focus[0] + focus[2]) / 2, (focus[1] + focus[3]) / 2];
  editor.show([cx - half, cy - half, cx + half, cy + half], SHARE);
}
