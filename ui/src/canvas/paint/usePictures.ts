/** The pictures of a project, for as long as a page shows them. */
import { useEffect, useMemo } from "react";
import { type Here, pictureUrl, tileUrl } from "@/api/here";
import { PictureCache } from "./pictureCache";

/** `most` are kept in memory at once. */
export function usePictures(here: Here, most?: number): PictureCache {
  const pictures = useMemo(
    () =>
      new PictureCache(
        (sha256) => ({
          whole: (side) => pictureUrl(here, sha256, side),
          tile: (level, x, y) => tileUrl(here, sha256, level, x, y),
        }),
        most,
      ),
    [here, most],
  );
  useEffect(() => () => pictures.close(), [pictures]);
  return pictures;
}
