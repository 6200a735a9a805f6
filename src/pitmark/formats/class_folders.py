"""Class folders: the name of the folder is the class of the image.

    crack/001.png                  or   train/crack/001.png
    good/002.png                        val/good/002.png

Holds: one class per image, splits. Images without a class lie directly in the split.
"""

from __future__ import annotations

from collections import Counter

from pitmark.core.labels import ImageClass
from pitmark.formats.export import put_image, safe_part, stems
from pitmark.formats.folder_words import class_folder, is_mask_folder
from pitmark.formats.gathering import Gathering
from pitmark.formats.listing import (
    Evidence,
    Format,
    Listing,
    Strength,
    WriteJob,
    counted,
    is_good,
)
from pitmark.formats.scan import Folder, split_of

GOOD_FOLDER = "good"


def evidence(folder: Folder) -> Evidence | None:
    """Folders that can be classes.

    Args:
        folder: The folder.

    Returns:
        Evidence where there are two class folders, or one inside a split or called good.
    """
    counts = Counter(c for n in folder.images if (c := class_folder(n)) is not None)
    inside_split = any(split_of(n) and class_folder(n) for n in folder.images)
    if len(counts) < 2 and not inside_split and not any(is_good(c) for c in counts):
        return None
    most = ", ".join(f"{name} ({count})" for name, count in counts.most_common(4))
    more = ", ..." if len(counts) > 4 else ""
    found = f"{len(counts)} folders of images: {most}{more}"
    outside = [n for n in folder.images if class_folder(n) is None]
    if any(is_mask_folder(p) for n in outside for p in n.split("/")[:-1]):
        return Evidence(Strength.FALLBACK, f"{found}, but other folders look like masks")
    if len(outside) > counts.total():
        return Evidence(Strength.FALLBACK, f"{found}, but most images lie outside")
    return Evidence(Strength.LAYOUT, found)


def read(folder: Folder) -> Listing:
    """Images with the class of their folder.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "folders")
    for name in folder.images:
        label = class_folder(name)
        if label is None:
            found.note("images lie in no class folder: unlabeled", name)
        found.add(name, None if label is None else [ImageClass(label)])
    return found.listing()


def write(job: WriteJob) -> list[str]:
    """Write split/class/image.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    for item, stem in stems(job.images):
        target: str = item.split
        if item.shapes is not None:
            target = f"{item.split}/{_folder_for(item.shapes, lost)}"
        put_image(job, item, target, stem)
    return counted(lost)


def _folder_for(shapes: tuple[object, ...], lost: Counter[str]) -> str:
    labels = [s.label for s in shapes if isinstance(s, ImageClass)]
    others = sorted({str(getattr(s, "label", "")) for s in shapes} - set(labels))
    lost["shapes inside an image were left out"] += len(shapes) - len(labels)
    if not labels and others:
        lost["images took the class of a shape in them"] += 1
    if not shapes:
        lost[f"images with nothing marked went to {GOOD_FOLDER}/"] += 1
    names = labels or others or [GOOD_FOLDER]
    lost["further classes of an image were left out"] += len(names) - 1
    part = safe_part(names[0])
    lost["class names were changed to make folder names"] += part != names[0]
    return part


FORMAT = Format("folders", "class folders", evidence, read, write)
