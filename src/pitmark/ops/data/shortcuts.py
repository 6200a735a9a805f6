"""Look for backgrounds, sizes, files and metadata that give the class away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import ImageClass, shape_box
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.data.likeness import images_as_split
from pitmark.ops.data.looks import keep_look
from pitmark.ops.images.pixels import pixel_loader
from pitmark.quality.feasibility.surroundings import FRAME_SHARE, surroundings
from pitmark.quality.shortcuts import Shortcut, find_shortcuts
from pitmark.store.db import ProjectStore

GOOD = "OK"
_MOST_VALUES = 30
_MOST_REACHING = 0.2
_FEWEST_KNOWN = 0.5


def project_shortcuts(project: ProjectStore, *, report: Reporter = silent) -> list[Shortcut]:
    """Figures that are no defect and yet tell the class of an image.

    Args:
        project: The project.
        report: Told of the progress.

    Returns:
        Shortcuts, then hints; see `quality.shortcuts`.
    """
    images = [i for i in images_as_split(project) if i.shapes is not None]
    if not images:
        return []
    load = pixel_loader(project)
    rows = []
    for position, item in enumerate(images, start=1):
        rows.append(surroundings(load(item.image.sha256)))
        report(Progress("shortcuts", position, len(images)))
    families = {name: np.stack([r[name] for r in rows]) for name in rows[0]}
    families["file"] = _one_hot([_file_kind(i) for i in images])
    families |= _metadata(images)
    found = find_shortcuts(
        families,
        _classes(project, images),
        [i.image.group_key for i in images],
        local=_defects_are_local(images),
    )
    certain = [s.why for s in found if s.verdict == "shortcut"]
    keep_look(project, "shortcuts", len(images), {"found": certain})
    return found


def _classes(project: ProjectStore, images: Sequence[LabeledImage]) -> list[str]:
    """The class of whole images; where there are only places, OK or the first defect."""
    book = project.book.current()
    out = []
    for item in images:
        shapes = item.shapes or ()
        whole = [s.label for s in shapes if isinstance(s, ImageClass)]
        marked = sorted(s.label for s in shapes if book.is_defect((s,)))
        if project.task == "classification" and whole:
            out.append(whole[0])
        elif project.task == "anomaly":
            out.append("NG" if book.is_defect(shapes) else GOOD)
        else:
            out.append(marked[0] if marked else GOOD)
    return out


def _defects_are_local(images: Sequence[LabeledImage]) -> bool:
    """Whether marked places are known and hardly any reaches the frame of its picture."""
    reaching, known = [], 0
    for item in images:
        width, height = item.image.size_wh
        deep, wide = FRAME_SHARE * height, FRAME_SHARE * width
        for shape in item.shapes or ():
            box = shape_box(shape)
            if box is None:
                continue
            known += 1
            x1, y1, x2, y2 = box
            reaching.append(x1 < wide or y1 < deep or x2 > width - wide or y2 > height - deep)
    with_defect = sum(bool(i.shapes) for i in images)
    enough = known >= max(1, _FEWEST_KNOWN * with_defect)
    return enough and float(np.mean(reaching)) < _MOST_REACHING


def _file_kind(item: LabeledImage) -> str:
    ending = item.image.name.rpartition(".")[2].lower()
    return f"{'jpg' if ending == 'jpeg' else ending} {item.image.mode}"


def _one_hot(values: Sequence[str]) -> NDArray[np.float64]:
    distinct = sorted(set(values))
    return np.array([[v == d for d in distinct] for v in values], dtype=np.float64)


def _metadata(images: Sequence[LabeledImage]) -> dict[str, NDArray[np.float64]]:
    """Columns with few values or of numbers, one family each; the split is no property."""
    out = {}
    for column in sorted({c for i in images for c in i.image.metadata} - {"split"}):
        values = [i.image.metadata.get(column, "") for i in images]
        texts = [str(v) for v in values]
        numbers = [v for v in values if isinstance(v, int | float)]
        if 1 < len(set(texts)) <= _MOST_VALUES:
            out[f"metadata {column}"] = _one_hot(texts)
        elif len(numbers) == len(values) and len(set(texts)) > 1:
            out[f"metadata {column}"] = np.array(numbers, dtype=np.float64)[:, None]
    return out
