"""Images of a project as cards: the picture on its dark stage, and what is known below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import PitmarkError
from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import Box, Shape, shape_box
from pitmark.core.predictions import Prediction
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.formats.images import decode_image
from pitmark.ops.images.palette import Rgb, class_color, class_stripes, ink_on
from pitmark.ops.images.pictures import around, data_uri, picture
from pitmark.ops.pages.chart_frame import attribute
from pitmark.store.db import ProjectStore

# A part smaller than this share of the image is shown larger, with its surroundings.
_SEEN_SHARE = 0.35
_MOST_FACTS = 8
_SAME_PLACE = 0.25


class Drawer:
    """Draws the images of one project, all with the same class colors.

    Args:
        store: The project.
        max_side: Longer side of each picture in pixels.
    """

    def __init__(self, store: ProjectStore, *, max_side: int = 480) -> None:
        self._store, self._max_side = store, max_side
        self.classes = store.book.current().names
        self._latest: tuple[str, NDArray[np.generic]] | None = None

    def shot(
        self,
        record: ImageRecord,
        shapes: Sequence[Shape] = (),
        *,
        prediction: Prediction | None = None,
        classes: Sequence[str] | None = None,
        focus: Shape | None = None,
    ) -> str:
        """One picture, or why there is none.

        Args:
            record: The image.
            shapes: To draw on it.
            prediction: To draw dashed.
            classes: Those of the prediction; the label book's if left out.
            focus: Show this shape large where it is small in the image.

        Returns:
            HTML.
        """
        names = tuple(self.classes if classes is None else classes)
        try:
            jpeg = picture(
                self._pixels(record),
                shapes=shapes,
                prediction=prediction,
                classes=names,
                max_side=self._max_side,
                focus_xyxy=self._part(focus, record.size_wh),
            )
        except PitmarkError as exc:
            return f'<div class="pm-shot"><span>{escape(exc.message)}</span></div>'
        told = ", ".join(sorted({s.label for s in shapes})) or "no labels"
        return (
            f'<div class="pm-shot"><img src="{data_uri(jpeg)}" loading="lazy"'
            f' alt="{attribute(f"{record.name}: {told}")}"></div>'
        )

    def _pixels(self, record: ImageRecord) -> NDArray[np.generic]:
        """The pixels of an image, which is often drawn twice in a row."""
        if self._latest is None or self._latest[0] != record.sha256:
            data = self._store.blobs.read(record.sha256)
            self._latest = (record.sha256, decode_image(data, name=record.name).pixels)
        return self._latest[1]

    def _part(self, focus: Shape | None, size_wh: tuple[int, int]) -> Box | None:
        box = None if focus is None else shape_box(focus)
        if box is None:
            return None
        part = around(box, size_wh)
        small = part[2] - part[0] < _SEEN_SHARE * size_wh[0]
        return part if small or part[3] - part[1] < _SEEN_SHARE * size_wh[1] else None


def odd_one(answers: Sequence[Sequence[Shape]]) -> Shape | None:
    """The shape that the fewest others drew too: what a picture of a difference shows.

    Args:
        answers: What each of several people said about one image.

    Returns:
        The shape; None where nobody drew anything.
    """
    drawn = [[(s, box) for s in said if (box := shape_box(s))] for said in answers]
    best, fewest = None, len(answers) + 1
    for shape, box in (pair for said in drawn for pair in said):
        alike = sum(
            any(
                o.label == shape.label and iou_matrix([b], [box])[0, 0] >= _SAME_PLACE
                for o, b in said
            )
            for said in drawn
        )
        if alike < fewest:
            best, fewest = shape, alike
    return best


def stage(shots: Iterable[tuple[str, str]]) -> str:
    """Pictures side by side on a dark ground.

    Args:
        shots: Picture as HTML, and a caption that may be empty.

    Returns:
        HTML.
    """
    figures = (
        f"<figure>{shot}{f'<figcaption>{escape(words)}</figcaption>' if words else ''}</figure>"
        for shot, words in shots
    )
    return f'<div class="pm-stage">{"".join(figures)}</div>'


def card(pictures: str, words: str) -> str:
    """A card of a grid.

    Args:
        pictures: From `stage`.
        words: HTML that stands below.

    Returns:
        HTML.
    """
    return f'<article class="pm-card">{pictures}<div class="pm-text">{words}</div></article>'


def chips(labels: Iterable[str], classes: Sequence[str], *, said: bool = False) -> str:
    """Class names in their colors.

    Args:
        labels: Names, each shown once with its count.
        classes: In the order of their colors.
        said: By a model, which is drawn hollow.

    Returns:
        HTML; empty for no label.
    """
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    extra = [*classes, *sorted(set(counts) - set(classes))]
    out = []
    for label in sorted(counts, key=extra.index):
        words = escape(label) + (f" &times;{counts[label]}" if counts[label] > 1 else "")
        look = _look(extra.index(label), said=said)
        out.append(
            f'<span class="pm-chip{" pm-said" if said else ""}" style="{look}">{words}</span>'
        )
    return f'<div class="pm-chips">{"".join(out)}</div>' if out else ""


def facts(metadata: Mapping[str, MetadataValue]) -> str:
    """Metadata in one small line.

    Args:
        metadata: Of an image.

    Returns:
        HTML; empty for none.
    """
    pairs = [
        f"{escape(str(k))} {escape(str(v))}" for k, v in list(metadata.items())[:_MOST_FACTS]
    ]
    return f'<p class="pm-small">{" &middot; ".join(pairs)}</p>' if pairs else ""


def _look(index: int, *, said: bool) -> str:
    color, pattern = class_color(index), class_stripes(index)
    if said:
        return f"border-color: {_css(color)}"
    ink = ink_on(color)
    ground = _css(color)
    if pattern:
        wide = 6 + 4 * pattern
        ground = (
            f"repeating-linear-gradient(135deg, {_css(color)} 0 {wide}px,"
            f" #fff {wide}px {wide + 2}px)"
        )
    return f"background: {ground}; color: {_css(ink)}"


def _css(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
