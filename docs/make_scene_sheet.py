"""Paint docs/images/painted-scenes.jpg, what networks are pretrained on."""

from pathlib import Path

import numpy as np
from PIL import Image

from pitmark.synth.painted_scenes import SCENE_KINDS, paint_scene

ROWS, COLUMNS, SIDE_PX = 7, 5, 128
EDGE = (255, 90, 60)


def sheet() -> Image.Image:
    """Scenes in rows: both photographs, defects outlined in the second of each pair."""
    rows = []
    for row in range(ROWS):
        tiles = []
        for column in range(COLUMNS):
            scene = paint_scene(2, row * COLUMNS + column, SIDE_PX)
            for shot in scene.shots:
                tiles.append(_outlined(shot.image_hwc, shot.kinds_hw))
        rows.append(np.hstack(tiles))
    return Image.fromarray(np.vstack(rows))


def _outlined(image_hwc: np.ndarray, kinds_hw: np.ndarray) -> np.ndarray:
    found = np.pad(kinds_hw, 1)
    same = [np.roll(found, s, a)[1:-1, 1:-1] == kinds_hw for s in (1, -1) for a in (0, 1)]
    rim = ~np.logical_and.reduce(same) & (kinds_hw == 0)
    out = image_hwc.copy()
    out[rim] = EDGE
    return out


if __name__ == "__main__":
    target = Path(__file__).parent / "images" / "painted-scenes.jpg"
    sheet().save(target, quality=82)
    print(f"{len(SCENE_KINDS)} kinds: {', '.join(SCENE_KINDS)}")  # noqa: T201
