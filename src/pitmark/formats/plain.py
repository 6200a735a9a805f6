"""Images without labels, in any folders.

Holds: the images, and splits where folders are called train, val and test.
"""

from __future__ import annotations

from collections import Counter

from pitmark.formats.export import put_image, stems
from pitmark.formats.gathering import Gathering
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.scan import Folder


def evidence(folder: Folder) -> Evidence | None:
    """Any image is enough, when nothing else fits.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None without images.
    """
    if not folder.images:
        return None
    return Evidence(Strength.FALLBACK, f"{len(folder.images)} image files, no labels")


def read(folder: Folder) -> Listing:
    """All images, unlabeled.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "images")
    for name in folder.images:
        found.add(name, None)
    return found.listing()


def write(job: WriteJob) -> list[str]:
    """Write split/image.

    Args:
        job: What to write.

    Returns:
        What was lost: all labels.
    """
    lost: Counter[str] = Counter()
    for item, stem in stems(job.images):
        put_image(job, item, item.split, stem)
        lost["labels of images were left out"] += item.shapes is not None
    return counted(lost)


FORMAT = Format("images", "images without labels", evidence, read, write)
