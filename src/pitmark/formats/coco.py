"""COCO JSON: boxes, polygons and masks of many images in one file.

    annotations/instances_train.json        annotations.json
    images/train/001.jpg                    images/001.jpg

Holds: boxes, polygons, masks, splits (one file each). Not: classes of whole images.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.geometry import Point, polygon_box, polygon_mask
from pitmark.core.labels import (
    ImageClass,
    MaskShape,
    PolygonShape,
    Shape,
    mask_shape,
    shape_area_px,
    shape_box,
)
from pitmark.core.records import SPLITS, LabeledImage, Split
from pitmark.core.rle import counts_to_text, text_to_counts
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.json_file import holds_all, load_object, number, objects, pixels_count
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.scan import Folder, split_of, split_word, stem_of

_KEYS = (b'"images"', b'"annotations"', b'"categories"')
_MOST_FILES = 20
_MOST_RINGS = 1000
# More continued digits than a pixel count can need; such text would only burn time.
_ENDLESS = re.compile(r"[P-o]{13}")


def evidence(folder: Folder) -> Evidence | None:
    """JSON files with images, annotations and categories.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    found = _label_files(folder)
    if not found:
        return None
    return Evidence(Strength.LABEL_FILES, f"COCO keys in {', '.join(found[:3])}")


def read(folder: Folder) -> Listing:
    """Images and annotations of all COCO files in a folder.

    Args:
        folder: The folder.

    Returns:
        The listing.

    Raises:
        InvalidInputError: No file could be read.
    """
    found = Gathering(folder, "coco")
    names = _label_files(folder)
    classes: dict[str, None] = {}
    broken = []
    for name in names:
        try:
            data = load_object(folder, name)
        except PitmarkError as exc:
            broken.append(exc.message)
            found.problem(name, exc.message)
            continue
        classes |= dict.fromkeys(_CocoFile(found, name, data).read())
    if len(broken) == len(names):
        why = "; ".join(broken) or "no JSON file has images, annotations and categories"
        raise InvalidInputError(f"no COCO file could be read: {why}")
    found.add_rest(folder.images, "images are in no COCO file: unlabeled")
    return found.listing(list(classes))


class _CocoFile:
    """One COCO file on its way into the listing."""

    def __init__(self, found: Gathering, name: str, data: dict[str, Any]) -> None:
        self._found = found
        self._name = name
        self._split = _split_of_file(name)
        self._images = objects(data.get("images"))
        self._annotations: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in objects(data.get("annotations")):
            self._annotations[_key(annotation.get("image_id"))].append(annotation)
        self._categories: dict[Any, str] = {}
        for category in objects(data.get("categories")):
            label = found.label(name, category.get("name"))
            if label is not None:
                self._categories[_key(category.get("id"))] = label

    def read(self) -> list[str]:
        """Adds every image; gives the class names in order of their ids."""
        known = {_key(i.get("id")) for i in self._images}
        for orphan in self._annotations.keys() - known:
            count = len(self._annotations[orphan])
            self._found.problem(
                self._name, f"{count} annotations belong to image id {orphan}, not listed"
            )
        seen: dict[str, list[Shape | None]] = {}
        for image in self._images:
            self._read_image(image, seen)
        ordered = sorted(self._categories.items(), key=lambda kv: (str(type(kv[0])), kv[0]))
        return [label for _, label in ordered]

    def _read_image(self, image: dict[str, Any], seen: dict[str, list[Shape | None]]) -> None:
        found = self._found
        reference = str(image.get("file_name", ""))
        name = found.folder.find_image(reference, beside=self._name)
        if name is None:
            found.problem(reference or self._name, f"named in {self._name}, but not there")
            return
        if name in found and name not in seen:
            found.note("images are in several COCO files: labels of the first taken", name)
            return
        size_wh = found.size(name)
        if size_wh is None:
            return
        declared = pixels_count(image.get("width")), pixels_count(image.get("height"))
        if not found.fits(name, declared, size_wh):
            found.add(name, None, split=self._split or split_of(name))
            return
        shapes = seen.setdefault(name, [])
        for annotation in self._annotations.get(_key(image.get("id")), []):
            shapes.append(self._shape(name, annotation, size_wh))
        found.add(name, shapes, split=self._split)

    def _shape(self, name: str, annotation: dict[str, Any], size_wh: SizeWh) -> Shape | None:
        found = self._found
        label = self._categories.get(_key(annotation.get("category_id")))
        if label is None:
            unknown = annotation.get("category_id")
            found.problem(name, f"annotation of unknown category {unknown!r}"[:200])
            return None
        if annotation.get("iscrowd"):
            found.note("annotations are crowds and were taken as one object", name)
        outline = annotation.get("segmentation")
        if isinstance(outline, dict):
            return self._mask(name, label, outline, size_wh)
        rings = [_points(r) for r in outline] if isinstance(outline, list) else []
        rings = [r for r in rings if r]
        if len(rings) > _MOST_RINGS:
            found.problem(name, f"outline of {label!r} has {len(rings)} parts")
            return None
        if rings:
            shape = found.polygon(name, label, rings, size_wh)
            return _joined(shape, size_wh) if shape else None
        box = annotation.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            found.problem(name, f"annotation of {label!r} has neither outline nor box")
            return None
        x, y, width, height = (number(v) for v in box)
        return found.box(name, label, (x, y, x + width, y + height), size_wh)

    def _mask(
        self, name: str, label: str, rle: dict[str, Any], size_wh: SizeWh
    ) -> MaskShape | None:
        counts, size = rle.get("counts"), rle.get("size")
        if size is not None and size != [size_wh[1], size_wh[0]]:
            self._found.problem(
                name, f"mask of {label!r} is of size {size!r}, not of the image"
            )
            return None
        try:
            if isinstance(counts, str) and not _ENDLESS.search(counts):
                return self._found.mask(name, label, text_to_counts(counts), size_wh)
        except PitmarkError as exc:
            self._found.problem(name, f"mask of {label!r}: {exc.message}")
            return None
        if isinstance(counts, list) and all(type(c) is int for c in counts):
            return self._found.mask(name, label, counts, size_wh)
        self._found.problem(name, f"mask of {label!r} has no readable run lengths")
        return None


def write(job: WriteJob) -> list[str]:
    """Write images/split/image and annotations/instances_split.json.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    ids = {label: number for number, label in enumerate(job.classes, start=1)}
    images: dict[Split, list[dict[str, Any]]] = {s: [] for s in SPLITS}
    labels: dict[Split, list[dict[str, Any]]] = {s: [] for s in SPLITS}
    numbers = itertools.count(1)
    for image_id, (item, stem) in enumerate(stems(job.images), start=1):
        name = put_image(job, item, f"images/{item.split}", stem)
        if item.shapes is None:
            continue
        width, height = item.image.size_wh
        images[item.split].append(
            {"id": image_id, "file_name": name, "width": width, "height": height}
        )
        for body in _annotations_of(item, lost):
            label = body.pop("label")
            head = {"id": next(numbers), "image_id": image_id, "category_id": ids[label]}
            labels[item.split].append(head | body)
    categories = [{"id": n, "name": label} for label, n in ids.items()]
    used = {item.split for _, item in job.written}
    for split in SPLITS:
        if split in used:
            content = {
                "images": images[split],
                "annotations": labels[split],
                "categories": categories,
            }
            put(job.out / f"annotations/instances_{split}.json", json.dumps(content))
    return counted(lost)


def _annotations_of(item: LabeledImage, lost: Counter[str]) -> list[dict[str, Any]]:
    out = []
    for shape in item.shapes or ():
        if isinstance(shape, ImageClass):
            lose(lost, "classes of whole images were left out", [shape])
            continue
        segmentation, kept = _segmentation(shape, item.image.size_wh)
        if kept is not shape:
            lose(lost, "outlines with holes became masks", [shape])
        x1, y1, x2, y2 = shape_box(kept) or (0.0, 0.0, 0.0, 0.0)
        out.append(
            {
                "label": shape.label,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": shape_area_px(kept),
                "segmentation": segmentation,
                "iscrowd": 0,
            }
        )
    return out


def _segmentation(shape: Shape, size_wh: SizeWh) -> tuple[Any, Shape]:
    """COCO joins the rings of an outline, so holes can only be kept in a mask."""
    if isinstance(shape, PolygonShape):
        rings = [ring for ring in shape.rings if len(ring) >= 3]
        if not _overlap(rings):
            return [[v for point in ring for v in point] for ring in rings], shape
        shape = mask_shape(shape.label, polygon_mask(rings, size_wh))
    if isinstance(shape, MaskShape):
        width, height = shape.size_wh
        return {"size": [height, width], "counts": counts_to_text(shape.counts)}, shape
    return [], shape


def _joined(shape: PolygonShape, size_wh: SizeWh) -> Shape:
    """Rings that overlap mean their union in COCO, but a hole here: such become a mask."""
    if not _overlap(shape.rings):
        return shape
    union = np.zeros(size_wh[::-1], dtype=bool)
    for ring in shape.rings:
        union |= polygon_mask([ring], size_wh)
    return mask_shape(shape.label, union)


def _overlap(rings: Sequence[Sequence[Point]]) -> bool:
    """Whether the boxes of two rings meet; then the rings may overlap."""
    boxes = [polygon_box(ring) for ring in rings]
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for a, b in itertools.combinations(boxes, 2)
    )


def _points(ring: object) -> list[Point]:
    values = [number(v) for v in ring] if isinstance(ring, list) else []
    return list(zip(values[0::2], values[1::2], strict=False))


def _key(value: object) -> Any:
    """Ids as they are compared: numbers and texts, never something unhashable."""
    return value if isinstance(value, (int, str)) else str(value)


def _split_of_file(name: str) -> Split | None:
    words = re.split(r"[^a-z]+", stem_of(name).casefold())
    found = (split_word(w) for w in words)
    return next((s for s in found if s), None) or split_of(name)


def _label_files(folder: Folder) -> list[str]:
    """The largest JSON files with COCO's keys; thousands of small ones are LabelMe's."""
    names = folder.with_suffix(".json")
    if len(names) > _MOST_FILES:
        names = sorted(names, key=lambda n: -folder.path(n).stat().st_size)[:_MOST_FILES]
    return sorted(n for n in names if holds_all(folder, n, _KEYS))


FORMAT = Format("coco", "COCO JSON", evidence, read, write)
