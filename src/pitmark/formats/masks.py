"""Mask images: every pixel of the mask says what the pixel of the image shows.

    images/001.jpg   masks/001.png      or      MT_Crack/Imgs/001.jpg  MT_Crack/Imgs/001.png
    classes.txt                         or      001.png  001_mask.png

0 is background. With classes.txt a value is the number of a line (from 1, or from 0 where
the first line is "background"). Without it a mask of two values marks the class that its
folder is named after, or "defect".

Holds: the pixels of each class, splits. Not: objects of one class apart, overlaps.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, shape_mask
from pitmark.core.records import LabeledImage
from pitmark.core.rle import encode_mask
from pitmark.formats.containers import container_of
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.folder_words import class_folder, without_common_prefix
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.images import (
    COLOR_OFFSET,
    MAX_MASK_VALUES,
    decode_mask_image,
    holds_palette,
)
from pitmark.formats.listing import (
    DEFECT,
    Evidence,
    Format,
    Listing,
    Strength,
    WriteJob,
    counted,
    is_good,
)
from pitmark.formats.mask_pairs import find_pairs
from pitmark.formats.palette import mask_png
from pitmark.formats.scan import Folder, stem_of

_NAME_FILES = ("classes.txt", "labels.txt", "class_names.txt")
_BACKGROUND = frozenset({"background", "_background_", "bg", "none"})
_LEAST_SHARE = 0.1
_Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Mask:
    """One mask: the run lengths of each value, and of all above half of the range.

    `shades` says that the values can only be read in the second way; it is None where
    they can only be read in the first (palettes, colors).
    """

    size_wh: SizeWh
    values: dict[int, _Counts]
    bright: _Counts
    shades: bool | None


def evidence(folder: Folder) -> Evidence | None:
    """Image files that belong together in pairs.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    pairs = find_pairs(folder)
    images = len(folder.images) - len(pairs.mask_names)
    if not pairs.masks or len(pairs.masks) < _LEAST_SHARE * images:
        return None
    image, mask = next(iter(pairs.masks.items()))
    found = f"{len(pairs.masks)} of {images} images have a mask, such as {image} and {mask}"
    if pairs.rivals:
        return Evidence(
            Strength.FALLBACK,
            f"{found}, but {' and '.join(pairs.rivals)} hold as many files and might be meant",
        )
    return Evidence(Strength.STRUCTURE, found)


def read(folder: Folder) -> Listing:
    """Images with the regions of their masks.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "masks")
    pairs = find_pairs(folder)
    for orphan in pairs.orphans:
        found.problem(orphan, "is a mask without an image")
    masks = pairs.mask_names
    images = [n for n in folder.images if n not in masks]
    read_masks: dict[str, _Mask] = {}
    for name in images:
        mask_file = pairs.masks.get(name)
        if mask_file is None:
            _add_without_mask(found, name)
            continue
        size_wh = found.size(name)
        mask = _read_mask(found, name, mask_file, size_wh) if size_wh else None
        if mask is not None:
            read_masks[name] = mask
    _settle_shades(found, read_masks)
    naming = _Naming(found, read_masks)
    for name in list(read_masks):
        mask = read_masks.pop(name)
        folder_class = naming.folder_class(name)
        if not mask.values and folder_class and not is_good(folder_class):
            found.note("masks mark nothing in a folder of defects", name)
        shapes = [
            found.mask(name, label, counts, mask.size_wh)
            for value, counts in mask.values.items()
            if (label := naming.label(name, value)) is not None
        ]
        found.add(name, shapes)
    return found.listing(naming.classes)


def _add_without_mask(found: Gathering, name: str) -> None:
    word = re.split(r"[-_ .\d]+", stem_of(name))[0]
    if is_good(class_folder(name) or "") or is_good(word):
        found.note("images without a mask are good by their name", name)
        found.add(name, [])
    else:
        found.note("images have no mask: unlabeled", name)
        found.add(name, None)


def _read_mask(found: Gathering, name: str, mask_file: str, size_wh: SizeWh) -> _Mask | None:
    try:
        data = found.folder.path(mask_file).read_bytes()
        values = decode_mask_image(data, mask_file)
    except PitmarkError as exc:
        found.fail(name, exc.message)
        return None
    except OSError as exc:
        found.fail(name, f"{mask_file} cannot be opened: {exc.strerror}")
        return None
    if not found.fits(name, (values.shape[1], values.shape[0]), size_wh):
        found.add(name, None)
        return None
    used = np.unique(values)
    bright = encode_mask(values > (127 if used[-1] <= 255 else 32767))
    if used.size > MAX_MASK_VALUES or container_of(data[:16]) == "JPEG":
        return _Mask(size_wh, {}, bright, shades=True)
    regions = {int(v): encode_mask(values == v) for v in used if v != 0}
    exact = used[-1] >= COLOR_OFFSET or holds_palette(data, mask_file)
    return _Mask(size_wh, regions, bright, shades=None if exact else False)


def _settle_shades(found: Gathering, masks: dict[str, _Mask]) -> None:
    """Gray masks of one folder are read alike: as numbers, or all as shades of one class."""
    gray = {v for m in masks.values() if m.shades is not None for v in m.values}
    if len(gray) <= MAX_MASK_VALUES and not any(m.shades for m in masks.values()):
        return
    for name, mask in masks.items():
        if mask.shades is None:
            continue
        values = {255: mask.bright} if any(mask.bright[1::2]) else {}
        if mask.shades or mask.values.keys() - {255}:
            found.note("masks hold shades and were cut at half of their range", name)
        masks[name] = _Mask(mask.size_wh, values, mask.bright, shades=True)


class _Naming:
    """What the values of all masks of a folder mean."""

    def __init__(self, found: Gathering, masks: Mapping[str, _Mask]) -> None:
        self._found = found
        self._names = _read_names(found)
        values = {v for m in masks.values() for v in m.values}
        numbers = {v for v in values if v < COLOR_OFFSET}
        alone = all(len(m.values) <= 1 for m in masks.values())
        one_color = len(values - numbers) <= 1
        self._binary = len(values) <= 1 or (alone and one_color and numbers <= {1, 255})
        folders = {c for n in found.folder.images if (c := class_folder(n)) is not None}
        self._folder_names = without_common_prefix(folders) if len(folders) > 1 else {}

    @property
    def classes(self) -> list[str]:
        """Names in the order of their numbers."""
        return [self._names[v] for v in sorted(self._names)]

    def folder_class(self, name: str) -> str:
        """The class that the folder of an image is named after, or empty."""
        return self._folder_names.get(class_folder(name) or "", "")

    def label(self, name: str, value: int) -> str | None:
        """The class of a value in the mask of an image."""
        if value in self._names:
            return self._names[value]
        if self._binary and len(self._names) <= 1:
            return next(iter(self._names.values()), "") or self.folder_class(name) or DEFECT
        if not self._names:
            color = value - COLOR_OFFSET
            return f"class_{value}" if color < 0 else f"class_{color:06x}"
        self._found.problem(
            name, f"value {value} of its mask has no name in the list of classes"
        )
        return None


def _read_names(found: Gathering) -> dict[int, str]:
    for name in found.folder.names:
        if posixpath.basename(name) in _NAME_FILES:
            try:
                lines = [line.strip() for line in found.folder.text(name).splitlines()]
            except PitmarkError as exc:
                found.problem(name, exc.message)
                continue
            first = 0 if lines and lines[0].casefold() in _BACKGROUND else 1
            numbered = enumerate(lines, start=first)
            return {v: line for v, line in numbered if line and v > 0}
    return {}


def write(job: WriteJob) -> list[str]:
    """Write images/split/image, masks/split/mask and classes.txt.

    Args:
        job: What to write.

    Returns:
        What was lost.

    Raises:
        InvalidInputError: More than 255 classes.
    """
    if len(job.classes) > 255:
        raise InvalidInputError(f"a mask image holds 255 classes, found {len(job.classes)}")
    lost: Counter[str] = Counter()
    numbers = {label: number for number, label in enumerate(job.classes, start=1)}
    for item, stem in stems(job.images):
        put_image(job, item, f"images/{item.split}", stem)
        if item.shapes is not None:
            data = mask_png(_paint(item, numbers, lost))
            put(job.out / f"masks/{item.split}/{stem}.png", data)
    put(job.out / "classes.txt", "\n".join(["background", *job.classes, ""]))
    return counted(lost)


def _paint(
    item: LabeledImage, numbers: Mapping[str, int], lost: Counter[str]
) -> NDArray[np.uint8]:
    size_wh = item.image.size_wh
    values = np.zeros(size_wh[::-1], dtype=np.uint8)
    seen: set[str] = set()
    for shape in item.shapes or ():
        if isinstance(shape, ImageClass):
            lose(lost, "classes of whole images were left out", [shape])
            continue
        if isinstance(shape, (BoxShape, PolygonShape)):
            lose(lost, "boxes and outlines became pixels", [shape])
        mask = shape_mask(shape, size_wh)
        lost["shapes were partly painted over by later ones"] += bool((values[mask] > 0).any())
        lost["objects of one class were joined"] += shape.label in seen
        seen.add(shape.label)
        values[mask] = numbers[shape.label]
    return values


FORMAT = Format("masks", "mask images", evidence, read, write)
