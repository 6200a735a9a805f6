"""DeepPCB: each inspected board with its defect-free template, boxes as text.

    group12000/12000/12000001_test.jpg      the board
    group12000/12000/12000001_temp.jpg      its template, kept as metadata `reference`
    group12000/12000_not/12000001.txt       "x1 y1 x2 y2 class", class 1..6

Only read.
"""

from __future__ import annotations

import posixpath

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import BoxShape
from pitmark.formats.gathering import Gathering, SizeWh
from pitmark.formats.listing import Evidence, Format, Listing, Strength
from pitmark.formats.scan import Folder, stem_of

CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")


def evidence(folder: Folder) -> Evidence | None:
    """Test images with a text file in the folder of the same name with _not.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    pairs = [n for n in folder.images if (t := _label_file(n)) is not None and t in folder]
    if not pairs:
        return None
    return Evidence(Strength.LABEL_FILES, f"{len(pairs)} pairs such as {pairs[0]}")


def read(folder: Folder) -> Listing:
    """Inspected images with their boxes; templates only as metadata.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "deeppcb")
    for name in folder.images:
        label_file = _label_file(name)
        if label_file is None:
            continue
        stem = stem_of(name).removesuffix("_test")
        template = folder.find_image(f"{stem}_temp{posixpath.splitext(name)[1]}", beside=name)
        metadata: dict[str, str | int | float | bool] = (
            {"reference": template} if template else {}
        )
        if label_file not in folder:
            found.note("images have no text file: unlabeled", name)
            found.add(name, None, metadata=metadata)
            continue
        size_wh = found.size(name)
        if size_wh is None:
            continue
        try:
            lines = folder.text(label_file).splitlines()
        except PitmarkError as exc:
            found.fail(name, exc.message)
            continue
        boxes = [_box(found, name, line, size_wh) for line in lines if line.strip()]
        found.add(name, boxes, metadata=metadata)
    for name in folder.images:
        if stem_of(name).endswith("_temp"):
            found.note(
                "templates are named in metadata, not imported as images; --reference"
                ' "{reference}" compares with them',
                name,
            )
        elif name not in found:
            found.note("images are neither tests nor templates: passed over", name)
    return found.listing(CLASSES)


def _box(found: Gathering, name: str, line: str, size_wh: SizeWh) -> BoxShape | None:
    try:
        *corners, number = (int(v) for v in line.replace(",", " ").split())
        label = CLASSES[number - 1]
        if len(corners) != 4 or number < 1:
            raise ValueError("not five numbers with a class from 1 to 6")
    except (ValueError, IndexError):
        found.problem(name, f"cannot read the line {line.strip()[:60]!r}")
        return None
    return found.box(name, label, corners, size_wh)


def _label_file(name: str) -> str | None:
    parent, base = posixpath.split(name)
    stem = stem_of(base)
    if not parent or not stem.endswith("_test"):
        return None
    return f"{parent}_not/{stem.removesuffix('_test')}.txt"


FORMAT = Format("deeppcb", "DeepPCB pairs", evidence, read, None)
