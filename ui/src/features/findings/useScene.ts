/** The picture and the shapes of a finding in an editor that only shows, or edits. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type Here, pictureUrl, tileUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { Finding, Shape } from "@/api/types";
import type { Editor } from "@/canvas/editor";
import type { Size } from "@/canvas/geometry";
import type { Picture } from "@/canvas/paint/picture";
import { PictureCache } from "@/canvas/paint/pictureCache";
import { focusOf } from "@/canvas/Shot";
import { fromWire } from "@/canvas/shapes/wire";
import { changeOf } from "./change";

export type Layers = "labeled" | "both" | "predicted";

export function usePictures(here: Here): PictureCache {
  const pictures = useMemo(
    () =>
      new PictureCache((sha256) => ({
        whole: (side) => pictureUrl(here, sha256, side),
        tile: (level, x, y) => tileUrl(here, sha256, level, x, y),
      })),
    [here],
  );
  useEffect(() => () => pictures.close(), [pictures]);
  return pictures;
}

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
    const labels = finding.labels ?? [];
    const change = changeOf(labels, finding.suggestion ?? labels);
    if (editing) {
      editor.readOnly = false;
      editor.open(size, (finding.suggestion ?? labels).map(fromWire));
      return;
    }
    editor.readOnly = true;
    editor.open(size, labels.map(fromWire));
    const dashed = layers === "predicted" ? prediction : layers === "both" ? change.added : [];
    editor.suggest(
      dashed.map((shape, n) => ({ id: `${layers} ${n}`, shape: fromWire(shape), score: 1 })),
      true,
    );
    const asked =
      finding.shape_index === null ? [] : labels.slice(finding.shape_index).slice(0, 1);
    // What is in question stands out; ids of items are places counted from one.
    editor.select(finding.shape_index === null ? [] : [finding.shape_index + 1]);
    const focus = focusOf([...asked, ...change.removed, ...change.added].map(fromWire));
    if (focus === null) return;
    const fits = Math.min(size[0] / (focus[2] - focus[0]), size[1] / (focus[3] - focus[1]));
    if (fits <= CLOSER_FROM / SHARE) return;
    const least = (SHARE * LEAST_WINDOW * Math.min(...size)) / 2;
    const [cx, cy] = [(focus[0] + focus[2]) / 2, (focus[1] + focus[3]) / 2];
    const half = Math.max(focus[2] - focus[0], focus[3] - focus[1], 2 * least) / 2;
    editor.show([cx - half, cy - half, cx + half, cy + half], SHARE);
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
