"""Collects what a reader finds, and sieves out labels that cannot be.

A box or polygon without area, outside its image or with NaN is dropped and named as a
problem; one that reaches beyond the rim is clipped and counted in a note. The image stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pitmark.core.errors import PitmarkError
from pitmark.core.geometry import Point, polygon_area
from pitmark.core.labels import BoxShape, MaskShape, PolygonShape, Shape
from pitmark.core.records import MetadataValue, Split
from pitmark.formats.listing import ImportedImage, Listing, Problem, classes_of, is_good
from pitmark.formats.scan import Folder, split_of

SizeWh = tuple[int, int]
# Rounding in label files may put a corner this far outside without deserving a note.
_RIM_PX = 0.51


class Gathering:
    """The listing of one folder while it is being read.

    Args:
        folder: The folder.
        format_name: Name of the format.
    """

    def __init__(self, folder: Folder, format_name: str) -> None:
        self.folder = folder
        self._format = format_name
        self._images: dict[str, ImportedImage] = {}
        self._failed: set[str] = set()
        self._problems: list[Problem] = []
        self._counts: dict[str, tuple[int, str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._images or name in self._failed

    def problem(self, name: str, reason: str) -> None:
        """Report something that is left out.

        Args:
            name: The file it stands in.
            reason: Why.
        """
        self._problems.append(Problem(name, reason))

    def fail(self, name: str, reason: str) -> None:
        """Leave out an image, because it or its label file cannot be read.

        Args:
            name: The image.
            reason: Why.
        """
        self._failed.add(name)
        self._images.pop(name, None)
        self.problem(name, reason)

    def note(self, text: str, name: str) -> None:
        """Count something worth knowing.

        Args:
            text: What; equal texts are counted together.
            name: Where; the first one is shown.
        """
        count, first = self._counts.get(text, (0, name))
        self._counts[text] = (count + 1, first)

    def size(self, name: str) -> SizeWh | None:
        """Width and height of an image; where its header is broken it is left out.

        Args:
            name: The image.

        Returns:
            (width, height) in pixels, or None.
        """
        try:
            return self.folder.size(name)
        except PitmarkError as exc:
            self.fail(name, exc.message)
        except OSError as exc:
            self.fail(name, f"cannot be opened: {exc.strerror}")
        return None

    def fits(self, name: str, declared_wh: SizeWh, size_wh: SizeWh) -> bool:
        """Whether labels were drawn on an image of this size; otherwise a problem.

        Args:
            name: The image.
            declared_wh: What the label file says, with zeros where it says nothing.
            size_wh: What the image has.

        Returns:
            True when the labels can be trusted.
        """
        if min(declared_wh) <= 0 or declared_wh == size_wh:
            return True
        turned = declared_wh == size_wh[::-1]
        why = ", probably drawn before the EXIF rotation" if turned else ""
        self.problem(
            name,
            f"its labels are for {declared_wh[0]}x{declared_wh[1]} pixels, the image has"
            f" {size_wh[0]}x{size_wh[1]}{why}; imported without labels",
        )
        return False

    def label(self, name: str, raw: object) -> str | None:
        """A class name, or None and a problem where it is empty.

        Args:
            name: The file it stands in.
            raw: What was read.

        Returns:
            The name without surrounding blanks.
        """
        text = str(raw).strip() if isinstance(raw, (str, int)) else ""
        if text and text.isprintable():
            return text
        self.problem(name, f"a label has no usable class name: {raw!r}"[:200])
        return None

    def box(
        self, name: str, label: str, xyxy: Sequence[float], size_wh: SizeWh
    ) -> BoxShape | None:
        """A box that lies inside its image, or None and a problem.

        Args:
            name: The image.
            label: Class.
            xyxy: As read, in pixels.
            size_wh: Of the image.

        Returns:
            The box, clipped.
        """
        shown = ", ".join(f"{v:g}" for v in xyxy)
        if not all(math.isfinite(v) for v in xyxy):
            self.problem(name, f"box of {label!r} ({shown}) is not made of numbers")
            return None
        x1, y1, x2, y2 = xyxy
        if x2 <= x1 or y2 <= y1:
            self.problem(name, f"box of {label!r} ({shown}) has no area")
            return None
        width, height = size_wh
        cut = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
        if cut[2] <= cut[0] or cut[3] <= cut[1]:
            self.problem(
                name, f"box of {label!r} ({shown}) lies outside the image of {width}x{height}"
            )
            return None
        if max(abs(a - b) for a, b in zip(cut, xyxy, strict=True)) > _RIM_PX:
            self.note("boxes reached beyond their image and were clipped", name)
        return BoxShape(label, cut)

    def polygon(
        self, name: str, label: str, rings: Iterable[Sequence[Point]], size_wh: SizeWh
    ) -> PolygonShape | None:
        """A polygon that lies inside its image, or None and a problem.

        Args:
            name: The image.
            label: Class.
            rings: Corners as read, in pixels.
            size_wh: Of the image.

        Returns:
            The polygon, clipped.
        """
        kept: list[tuple[Point, ...]] = []
        for ring in rings:
            if not all(math.isfinite(v) for point in ring for v in point):
                self.problem(name, f"outline of {label!r} is not made of numbers")
                return None
            if polygon_area(ring) <= 0:
                self.problem(name, f"outline of {label!r} with {len(ring)} corners has no area")
                continue
            cut, distance = clip_ring(ring, size_wh)
            if polygon_area(cut) <= 0:
                self.problem(name, f"outline of {label!r} lies outside the image")
                continue
            if distance > _RIM_PX:
                self.note("outlines reached beyond their image and were clipped", name)
            kept.append(tuple(cut))
        return PolygonShape(label, tuple(kept)) if kept else None

    def mask(
        self, name: str, label: str, counts: Sequence[int], size_wh: SizeWh
    ) -> MaskShape | None:
        """A mask that covers its image and marks something, or None and a problem.

        Args:
            name: The image.
            label: Class.
            counts: Run lengths as read.
            size_wh: Of the image.

        Returns:
            The mask.
        """
        width, height = size_wh
        if any(c < 0 for c in counts) or sum(counts) != width * height:
            self.problem(
                name, f"mask of {label!r} does not cover the image of {width}x{height} pixels"
            )
            return None
        if not any(counts[1::2]):
            self.problem(name, f"mask of {label!r} marks no pixel")
            return None
        return MaskShape(label, size_wh, tuple(counts))

    def add(
        self,
        name: str,
        shapes: Iterable[Shape | None] | None,
        *,
        split: Split | None = None,
        metadata: dict[str, MetadataValue] | None = None,
    ) -> ImportedImage:
        """Keep an image.

        Args:
            name: The image.
            shapes: Its shapes, without those that were dropped (None); None for unlabeled.
            split: Its split; by default the one its folders are named after.
            metadata: What else is known.

        Returns:
            The image as kept.
        """
        found = None if shapes is None else tuple(s for s in shapes if s is not None)
        image = ImportedImage(
            path=self.folder.path(name),
            name=name,
            shapes=found,
            metadata=metadata or {},
            split=split or split_of(name),
        )
        self._images[name] = image
        return image

    def add_rest(self, names: Iterable[str], why: str) -> None:
        """Keep the images that no label file speaks of, as unlabeled.

        Args:
            names: All images.
            why: The note, such as "images have no label file: unlabeled".
        """
        for name in names:
            if name not in self:
                self.add(name, None)
                self.note(why, name)

    def listing(self, classes: Sequence[str] = ()) -> Listing:
        """Everything gathered.

        Args:
            classes: The order of the format; further classes follow, sorted.

        Returns:
            The listing.
        """
        images = list(self._images.values())
        found = classes_of(i.shapes for i in images)
        names = (*classes, *(c for c in found if c not in classes))
        return Listing(
            format=self._format,
            images=images,
            classes=tuple(dict.fromkeys(names)),
            problems=self._problems,
            notes=[f"{n} {text} (first: {name})" for text, (n, name) in self._counts.items()],
            good_class=next((c for c in names if is_good(c)), None),
        )


def clip_ring(ring: Sequence[Point], size_wh: SizeWh) -> tuple[list[Point], float]:
    """A polygon cut to the image.

    Source: I. Sutherland and G. Hodgman, "Reentrant polygon clipping", 1974.

    Args:
        ring: Corners (x, y) in pixels.
        size_wh: Of the image.

    Returns:
        The corners inside (none when it lies outside), and how far it reached out in
        pixels.
    """
    points = [(float(x), float(y)) for x, y in ring]
    distance = 0.0
    for axis in (0, 1):
        for limit, sign in ((0.0, 1.0), (float(size_wh[axis]), -1.0)):
            inside = [sign * (p[axis] - limit) for p in points]
            if not inside or min(inside) >= 0:
                continue
            distance = max(distance, -min(inside))
            points = _cut(points, inside, axis, limit)
    return points, distance


def _cut(points: list[Point], inside: list[float], axis: int, limit: float) -> list[Point]:
    kept: list[Point] = []
    for i, point in enumerate(points):
        before, here, there = points[i - 1], inside[i], inside[i - 1]
        if (here >= 0) != (there >= 0):
            share = there / (there - here)
            other = before[1 - axis] + share * (point[1 - axis] - before[1 - axis])
            kept.append((limit, other) if axis == 0 else (other, limit))
        if here >= 0:
            kept.append(point)
    return kept
