"""LabelMe JSON: outlines, rectangles, circles and masks, one file per image.

    001.jpg  001.json        or        data/001.jpg  label/001.json

Holds: outlines, rectangles, masks, classes of whole images (as flags), splits as folders.
A circle becomes an outline of 32 corners; an embedded image is not looked at.
"""

from __future__ import annotations

import base64
import json
import math
import posixpath
from collections import Counter
from typing import Any

import numpy as np

from pitmark.core.errors import PitmarkError
from pitmark.core.geometry import Point, mask_box, polygon_mask
from pitmark.core.labels import (
    BoxShape,
    ImageClass,
    MaskShape,
    PolygonShape,
    Shape,
    mask_shape,
    shape_mask,
)
from pitmark.core.records import LabeledImage
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.images import decode_mask_image, encode_png
from pitmark.formats.json_file import holds_all, load_object, number, objects, pixels_count
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.scan import Folder, stem_of

_KEYS = (b'"shapes"', b'"imagePath"')
_LOOKED_AT = 20
_CIRCLE_CORNERS = 32


def evidence(folder: Folder) -> Evidence | None:
    """JSON files with shapes and the path of an image.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    names = folder.with_suffix(".json")
    step = max(1, len(names) // _LOOKED_AT)
    sample = [n for n in names[::step] if holds_all(folder, n, _KEYS)]
    if not sample:
        return None
    return Evidence(Strength.LABEL_FILES, f"LabelMe keys in JSON files such as {sample[0]}")


def read(folder: Folder) -> Listing:
    """Images with the shapes of their JSON files.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "labelme")
    for label_file in folder.with_suffix(".json"):
        _read_file(found, label_file)
    found.add_rest(folder.images, "images have no JSON file: unlabeled")
    return found.listing()


def _read_file(found: Gathering, label_file: str) -> None:
    folder = found.folder
    try:
        data = load_object(folder, label_file)
    except PitmarkError as exc:
        by_stem = folder.find_image(stem_of(label_file), beside=label_file)
        found.fail(by_stem or label_file, exc.message)
        return
    if "shapes" not in data or "imagePath" not in data:
        found.note("JSON files are not LabelMe's and were passed over", label_file)
        return
    reference = str(data["imagePath"])
    name = folder.find_image(reference, beside=label_file)
    name = name or folder.find_image(stem_of(label_file), beside=label_file)
    if name is None:
        found.problem(label_file, f"its image {reference!r} is not in the folder"[:200])
        return
    if name in found:
        found.problem(label_file, f"{name} has labels already")
        return
    size_wh = found.size(name)
    if size_wh is None:
        return
    declared = pixels_count(data.get("imageWidth")), pixels_count(data.get("imageHeight"))
    if not found.fits(name, declared, size_wh):
        found.add(name, None)
        return
    shapes = [_shape(found, name, item, size_wh) for item in objects(data["shapes"])]
    found.add(name, [*shapes, *_flags(found, name, data.get("flags"))])


def _flags(found: Gathering, name: str, flags: object) -> list[Shape]:
    """Flags that are set name a class of the whole image."""
    if not isinstance(flags, dict):
        return []
    labels = [found.label(name, key) for key, value in flags.items() if value is True]
    return [ImageClass(label) for label in labels if label is not None]


def _shape(found: Gathering, name: str, item: dict[str, Any], size_wh: SizeWh) -> Shape | None:
    label = found.label(name, item.get("label"))
    if label is None:
        return None
    points = _points(item.get("points"))
    kind = item.get("shape_type") or "polygon"
    if kind == "rectangle" and len(points) in (2, 4):
        x, y = [p[0] for p in points], [p[1] for p in points]
        return found.box(name, label, (min(x), min(y), max(x), max(y)), size_wh)
    if kind == "circle" and len(points) == 2:
        points, kind = _circle(*points), "polygon"
    if kind == "mask" and len(points) == 2:
        return _mask(found, name, item, label, size_wh)
    if kind == "polygon":
        return found.polygon(name, label, [points], size_wh)
    found.problem(name, f"{kind!r} of {label!r} with {len(points)} points has no area"[:200])
    return None


def _mask(
    found: Gathering, name: str, item: dict[str, Any], label: str, size_wh: SizeWh
) -> Shape | None:
    try:
        data = base64.b64decode(str(item.get("mask", "")), validate=True)
        cut = decode_mask_image(data, name) > 0
    except ValueError as exc:
        found.problem(name, f"mask of {label!r} is not base64: {exc}")
        return None
    except PitmarkError as exc:
        found.problem(name, f"mask of {label!r}: {exc.message}")
        return None
    (x, y), _ = _points(item.get("points"))
    height, width = cut.shape
    if not (math.isfinite(x) and math.isfinite(y)):
        found.problem(name, f"mask of {label!r} has no place")
        return None
    left, top = round(x), round(y)
    if min(left, top) < 0 or left + width > size_wh[0] or top + height > size_wh[1]:
        found.problem(name, f"mask of {label!r} reaches beyond the image")
        return None
    whole = np.zeros(size_wh[::-1], dtype=bool)
    whole[top : top + height, left : left + width] = cut
    return found.mask(name, label, mask_shape(label, whole).counts, size_wh)


def _points(value: object) -> list[Point]:
    pairs = value if isinstance(value, list) else []
    return [(number(p[0]), number(p[1])) for p in pairs if isinstance(p, list) and len(p) == 2]


def _circle(center: Point, rim: Point) -> list[Point]:
    radius = math.dist(center, rim)
    angles = [2 * math.pi * i / _CIRCLE_CORNERS for i in range(_CIRCLE_CORNERS)]
    return [
        (center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in angles
    ]


def write(job: WriteJob) -> list[str]:
    """Write split/image with split/json beside it.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    for item, stem in stems(job.images):
        name = put_image(job, item, item.split, stem)
        if item.shapes is None:
            continue
        width, height = item.image.size_wh
        named = [s for s in item.shapes or () if isinstance(s, ImageClass)]
        once = {s.label: s for s in named}
        lose(lost, "a class given twice to an image became one", named[len(once) :])
        content = {
            "version": "5.0.0",
            "flags": dict.fromkeys(once, True),
            "shapes": _shapes_json(item, lost),
            "imagePath": posixpath.basename(name),
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
        put(job.out / f"{item.split}/{stem}.json", json.dumps(content, ensure_ascii=False))
    return counted(lost)


def _shapes_json(item: LabeledImage, lost: Counter[str]) -> list[dict[str, Any]]:
    out = []
    for shape in item.shapes or ():
        body: dict[str, Any] | None = None
        if isinstance(shape, BoxShape):
            x1, y1, x2, y2 = shape.box_xyxy
            body = {"points": [[x1, y1], [x2, y2]], "shape_type": "rectangle"}
        elif isinstance(shape, PolygonShape) and len(shape.rings) == 1:
            points = [list(p) for p in shape.rings[0]]
            body = {"points": points, "shape_type": "polygon"}
        elif isinstance(shape, PolygonShape):
            lose(lost, "outlines of several rings became masks", [shape])
            mask = polygon_mask(shape.rings, item.image.size_wh)
            body = _mask_json(mask_shape(shape.label, mask))
        elif isinstance(shape, MaskShape):
            body = _mask_json(shape)
        if body is not None:
            out.append({"label": shape.label, "group_id": None, "flags": {}, **body})
    return out


def _mask_json(shape: MaskShape) -> dict[str, Any] | None:
    mask = shape_mask(shape, shape.size_wh)
    x1, y1, x2, y2 = (int(v) for v in mask_box(mask))
    if x2 <= x1:
        return None
    data = encode_png(mask[y1:y2, x1:x2].astype(np.uint8))
    return {
        "points": [[x1, y1], [x2 - 1, y2 - 1]],
        "shape_type": "mask",
        "mask": base64.b64encode(data).decode(),
    }


FORMAT = Format("labelme", "LabelMe JSON", evidence, read, write)
