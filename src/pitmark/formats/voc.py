"""Pascal VOC: one XML file of boxes per image.

    JPEGImages/001.jpg
    Annotations/001.xml
    ImageSets/Main/train.txt        one stem a line

Holds: boxes, splits. Not: outlines, masks, classes of whole images. Corners are taken as
they stand; the original VOC counts pixels from 1, today's tools do not.
"""

from __future__ import annotations

import math
import posixpath
from collections import Counter
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, indent, tostring
from xml.parsers import expat

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.labels import BoxShape, ImageClass, Shape, shape_box
from pitmark.core.records import LabeledImage, Split
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.json_file import holds_all, pixels_count
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.scan import Folder, split_word, stem_of

_LOOKED_AT = 20


def evidence(folder: Folder) -> Evidence | None:
    """XML files with an annotation.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    names = folder.with_suffix(".xml")
    if not any(holds_all(folder, n, (b"<annotation",)) for n in names[:_LOOKED_AT]):
        return None
    return Evidence(Strength.LABEL_FILES, f"{len(names)} XML files such as {names[0]}")


def read(folder: Folder) -> Listing:
    """Images with the boxes of their XML files.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "voc")
    splits = _read_splits(found)
    for label_file in folder.with_suffix(".xml"):
        _read_file(found, label_file, splits)
    for name in folder.images:
        if name not in found:
            found.note("images have no XML file: unlabeled", name)
            found.add(name, None, split=splits.get(stem_of(name)))
    for stem, split in splits.items():
        if folder.find_image(stem) is None:
            found.note(f"names in the lists of {split} belong to no image", stem)
    return found.listing()


def _read_file(found: Gathering, label_file: str, splits: dict[str, Split]) -> None:
    folder = found.folder
    by_stem = folder.find_image(stem_of(label_file), beside=label_file)
    try:
        root = parse_xml(folder.text(label_file), label_file)
    except PitmarkError as exc:
        found.fail(by_stem or label_file, exc.message)
        return
    if root.tag != "annotation":
        return
    filename = (root.findtext("filename") or "").strip()
    name = folder.find_image(filename, beside=label_file) if filename else None
    name = name or by_stem
    if name is None:
        found.problem(label_file, f"its image {filename!r} is not there"[:200])
        return
    if name in found:
        found.problem(label_file, f"{name} has labels already")
        return
    size_wh = found.size(name)
    if size_wh is None:
        return
    split = splits.get(stem_of(name))
    declared = _whole(root.findtext("size/width")), _whole(root.findtext("size/height"))
    if found.fits(name, declared, size_wh):
        boxes = [_box(found, name, o, size_wh) for o in root.findall("object")]
        found.add(name, boxes, split=split)
    else:
        found.add(name, None, split=split)


def _box(found: Gathering, name: str, item: Element, size_wh: SizeWh) -> BoxShape | None:
    label = found.label(name, item.findtext("name"))
    if label is None:
        return None
    if item.find("polygon") is not None:
        found.note("outlines of XML objects were left out, their boxes kept", name)
    corners = [_number(item.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax")]
    return found.box(name, label, corners, size_wh)


def parse_xml(text: str, name: str) -> Element:
    """The root element of a harmless XML file.

    Args:
        text: The file.
        name: What it is called in messages.

    Returns:
        The root.

    Raises:
        InvalidInputError: Not XML, or with a document type or entities of its own, which
            labels never need and attackers do.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(*_: object) -> None:
        raise InvalidInputError(f"{name} declares a document type or entities; refused")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
        root = builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as exc:
        raise InvalidInputError(f"{name} is not valid XML: {exc}") from exc
    return root


def write(job: WriteJob) -> list[str]:
    """Write JPEGImages, Annotations and ImageSets/Main.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    members: dict[Split, list[str]] = {"train": [], "val": [], "test": []}
    for item, stem in stems(job.images):
        name = put_image(job, item, "JPEGImages", stem)
        members[item.split].append(stem + "\n")
        if item.shapes is not None:
            put(job.out / f"Annotations/{stem}.xml", _annotation(item, name, lost))
    for split, lines in members.items():
        if lines:
            put(job.out / f"ImageSets/Main/{split}.txt", "".join(lines))
    return counted(lost)


def _annotation(item: LabeledImage, name: str, lost: Counter[str]) -> bytes:
    root = Element("annotation")
    SubElement(root, "folder").text = "JPEGImages"
    SubElement(root, "filename").text = posixpath.basename(name)
    size = SubElement(root, "size")
    SubElement(size, "width").text = str(item.image.width)
    SubElement(size, "height").text = str(item.image.height)
    SubElement(size, "depth").text = "3" if item.image.mode.startswith("RGB") else "1"
    for shape in item.shapes or ():
        box = _corners(shape, lost)
        if box is None:
            continue
        entry = SubElement(root, "object")
        SubElement(entry, "name").text = shape.label
        corners = SubElement(entry, "bndbox")
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
            SubElement(corners, key).text = repr(value)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _corners(shape: Shape, lost: Counter[str]) -> tuple[float, float, float, float] | None:
    if isinstance(shape, ImageClass):
        lose(lost, "classes of whole images were left out", [shape])
        return None
    if not isinstance(shape, BoxShape):
        lose(lost, "outlines and masks became boxes", [shape])
    return shape_box(shape)


def _read_splits(found: Gathering) -> dict[str, Split]:
    """Stem to split from ImageSets/Main; trainval only repeats train and val."""
    splits: dict[str, Split] = {}
    for name in found.folder.with_suffix(".txt"):
        split = split_word(stem_of(name))
        if split is None or "ImageSets" not in name.split("/"):
            continue
        try:
            lines = found.folder.text(name).splitlines()
        except PitmarkError as exc:
            found.problem(name, exc.message)
            continue
        for stem in (line.strip() for line in lines if line.strip()):
            if splits.setdefault(stem, split) != split:
                found.note("images are in the lists of two splits; the first was taken", stem)
    return splits


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _whole(text: str | None) -> int:
    return pixels_count(_number(text))


FORMAT = Format("voc", "Pascal VOC XML", evidence, read, write)
