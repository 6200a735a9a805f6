"""YOLO text files: boxes and outlines, one text file per image, numbers from 0 to 1.

    data.yaml                      names of the classes (or classes.txt)
    images/train/001.jpg
    labels/train/001.txt           "class cx cy w h"  or  "class x1 y1 x2 y2 x3 y3 ..."

Holds: boxes, outlines of one ring, splits. Not: masks, holes, classes of whole images.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import BoxShape, ImageClass, MaskShape, PolygonShape, Shape, shape_box
from pitmark.core.records import Split
from pitmark.formats.data_yaml import DataYaml, parse_data_yaml
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.scan import Folder, split_of

_NAME_FILES = ("classes.txt", "obj.names", "labels.txt", "predefined_classes.txt")
_LOOKED_AT = 30


def evidence(folder: Folder) -> Evidence | None:
    """Text files of the name of an image, with lines of numbers from 0 to 1.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    texts = [t for t in folder.with_suffix(".txt") if not _is_name_file(t)]
    if not texts:
        return None
    pairs = [(i, t) for i in folder.images if (t := _label_file(folder, i)) is not None]
    fitting = sum(_looks_right(folder, t) for _, t in pairs[:_LOOKED_AT])
    if not fitting or fitting < len(pairs[:_LOOKED_AT]) / 2:
        return None
    return Evidence(
        Strength.LABEL_FILES, f"{len(pairs)} images with YOLO text files such as {pairs[0][1]}"
    )


def read(folder: Folder) -> Listing:
    """Images with the boxes and outlines of their text files.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "yolo")
    about = _read_names(found)
    for name in folder.images:
        label_file = _label_file(folder, name)
        split = _split(folder, about, name)
        if label_file is None:
            found.note("images have no text file: unlabeled", name)
            found.add(name, None, split=split)
            continue
        size_wh = found.size(name)
        if size_wh is None:
            continue
        try:
            lines = folder.text(label_file).splitlines()
        except PitmarkError as exc:
            found.fail(name, exc.message)
            continue
        shapes = [_shape(found, name, line, about, size_wh) for line in lines if line.strip()]
        found.add(name, shapes, split=split)
    ordered = [about.names[k] for k in sorted(about.names)]
    return found.listing(ordered)


def _shape(
    found: Gathering, name: str, line: str, about: DataYaml, size_wh: SizeWh
) -> Shape | None:
    try:
        values = [float(v) for v in line.split()]
        number = int(values[0])
        if number != values[0] or number < 0:
            raise ValueError(f"class number {values[0]:g}")
    except (ValueError, OverflowError) as exc:
        found.problem(name, f"cannot read the line {line.strip()[:60]!r}: {exc}")
        return None
    if about.names and number not in about.names:
        found.problem(name, f"class number {number} has no name among {len(about.names)}")
        return None
    label = found.label(name, about.names.get(number, f"class_{number}"))
    if label is None:
        return None
    width, height = size_wh
    if len(values) == 5:
        cx, cy, w, h = (v * s for v, s in zip(values[1:], (width, height) * 2, strict=True))
        return found.box(name, label, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), size_wh)
    if len(values) < 7 or len(values) % 2 == 0:
        found.problem(name, f"a line of {len(values)} numbers is neither box nor outline")
        return None
    ring = [(x * width, y * height) for x, y in zip(values[1::2], values[2::2], strict=True)]
    return found.polygon(name, label, [ring], size_wh)


def write(job: WriteJob) -> list[str]:
    """Write data.yaml, images/split/image and labels/split/text.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    numbers = {label: number for number, label in enumerate(job.classes)}
    for item, stem in stems(job.images):
        put_image(job, item, f"images/{item.split}", stem)
        if item.shapes is None:
            continue
        lines = [_line(s, numbers[s.label], item.image.size_wh, lost) for s in item.shapes]
        text = "".join(line + "\n" for line in lines if line)
        put(job.out / f"labels/{item.split}/{stem}.txt", text)
    # A JSON string is a YAML string as well.
    names = [f"  {n}: {json.dumps(c, ensure_ascii=False)}\n" for c, n in numbers.items()]
    folders = [f"{s}: images/{s}\n" for s in ("train", "val", "test")]
    put(job.out / "data.yaml", "".join([*folders, "names:\n", *names]))
    return counted(lost)


def _line(shape: Shape, number: int, size_wh: SizeWh, lost: Counter[str]) -> str:
    if isinstance(shape, ImageClass):
        lose(lost, "classes of whole images were left out", [shape])
        return ""
    width, height = size_wh
    if isinstance(shape, PolygonShape) and len(shape.rings) == 1:
        points = [f"{x / width!r} {y / height!r}" for x, y in shape.rings[0]]
        return f"{number} {' '.join(points)}"
    if isinstance(shape, PolygonShape):
        lose(lost, "outlines of several rings became boxes", [shape])
    if isinstance(shape, MaskShape):
        lose(lost, "masks became boxes", [shape])
    box = shape.box_xyxy if isinstance(shape, BoxShape) else shape_box(shape)
    if box is None:
        return ""
    x1, y1, x2, y2 = box
    values = (
        (x1 + x2) / 2 / width,
        (y1 + y2) / 2 / height,
        (x2 - x1) / width,
        (y2 - y1) / height,
    )
    return f"{number} {' '.join(repr(v) for v in values)}"


def _label_file(folder: Folder, image: str) -> str | None:
    stem = posixpath.splitext(image)[0]
    parts = stem.split("/")
    for i in range(len(parts) - 2, -1, -1):
        if parts[i].casefold() in ("images", "imgs", "jpegimages"):
            name = "/".join([*parts[:i], "labels", *parts[i + 1 :]]) + ".txt"
            if name in folder:
                return name
    for name in (stem + ".txt", posixpath.join("labels", parts[-1] + ".txt")):
        if name in folder and not _is_name_file(name):
            return name
    return None


def _looks_right(folder: Folder, name: str) -> bool:
    try:
        lines = [line.split() for line in folder.text(name).splitlines() if line.strip()]
        rows = [[float(v) for v in line] for line in lines]
    except (PitmarkError, ValueError):
        return False
    return all(
        len(r) >= 5 and r[0] % 1 == 0 and -0.5 <= min(r[1:]) <= max(r[1:]) <= 1.5 for r in rows
    )


def _read_names(found: Gathering) -> DataYaml:
    folder = found.folder
    for name in (*folder.with_suffix(".yaml"), *folder.with_suffix(".yml")):
        about = parse_data_yaml(_text(found, name))
        if about.names:
            return about
    for name in folder.names:
        if _is_name_file(name):
            lines = [line.strip() for line in _text(found, name).splitlines()]
            if any(lines):
                return DataYaml(names={n: c for n, c in enumerate(lines) if c})
    found.note("folder has no names of classes; they are called class_0, class_1, ...", "")
    return DataYaml()


def _text(found: Gathering, name: str) -> str:
    try:
        return found.folder.text(name)
    except PitmarkError as exc:
        found.problem(name, exc.message)
        return ""


def _is_name_file(name: str) -> bool:
    return posixpath.basename(name) in _NAME_FILES


def _split(folder: Folder, about: DataYaml, name: str) -> Split | None:
    splits: tuple[Split, ...] = ("train", "val", "test")
    for split in splits:
        for entry in about.splits.get(split, []):
            wanted = "/".join(p for p in entry.split("/") if p not in ("", ".", ".."))
            if wanted and not wanted.endswith(".txt") and name.startswith(wanted + "/"):
                return split
    return split_of(name)


FORMAT = Format("yolo", "YOLO text files", evidence, read, write)
