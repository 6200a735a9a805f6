"""From which images a synthetic image was made, and what follows from it.

A synthetic image may only be learned from. It shows parts of other images, so these must
be training images as well: a defect of a test image, pasted into a training image, would
be seen before the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pitmark.core.errors import InvalidInputError
from pitmark.core.records import ImageRecord

# Metadata of synthetic images: hashes of the images it was made from, how it was made,
# and whether it is learned from.
MADE_FROM = "made_from"
MADE_BY = "made_by"
USE = "synthetic_use"
PROVENANCE = (MADE_FROM, MADE_BY)
Use = Literal["trial", "kept", "dropped"]


def sources_of(record: ImageRecord) -> tuple[str, ...]:
    """The images that a synthetic image was made from.

    Args:
        record: Any image.

    Returns:
        Hashes; empty for a real image, and for a synthetic one of which nothing is told.
    """
    if not record.synthetic:
        return ()
    return tuple(str(record.metadata.get(MADE_FROM, "")).split())


def is_in_use(record: ImageRecord) -> bool:
    """Whether an image belongs to the data at present.

    Args:
        record: Any image.

    Returns:
        False for synthetic images on trial, and for those that were dropped.
    """
    return not record.synthetic or record.metadata.get(USE, "kept") == "kept"


def learnable(
    synthetic: Iterable[ImageRecord],
    real: Sequence[ImageRecord],
    splits: Mapping[str, str],
) -> list[ImageRecord]:
    """The synthetic images that may be learned from beside real ones.

    Args:
        synthetic: Synthetic images.
        real: Real images.
        splits: sha256 of the real images to train, val or test.

    Returns:
        Those all of whose sources are training images, with no image of the same part in
        validation or test.
    """
    held_out = {r.group_key for r in real if splits[r.sha256] != "train"}
    groups = {r.sha256: r.group_key for r in real if splits[r.sha256] == "train"}
    return [
        r
        for r in synthetic
        if all(s in groups and groups[s] not in held_out for s in sources_of(r))
    ]


def check_only_learned(records: Sequence[ImageRecord], splits: Mapping[str, str]) -> None:
    """That synthetic images are learned from and nothing else, and no test leaks through them.

    Args:
        records: All images of a snapshot.
        splits: sha256 to train, val or test.

    Raises:
        InvalidInputError: A synthetic image is to be judged by, or was made from an image
            that is not a training image.
    """
    synthetic = [r for r in records if r.synthetic]
    real = [r for r in records if not r.synthetic]
    fit = {r.sha256 for r in learnable(synthetic, real, splits)}
    for record in synthetic:
        split = splits[record.sha256]
        if split != "train":
            raise InvalidInputError(
                f"{record.name} is synthetic and cannot be in the split {split!r}",
                hint="Only training may see synthetic images.",
            )
        if record.sha256 not in fit:
            raise InvalidInputError(
                f"{record.name} was made from an image that is not a training image of this"
                " snapshot, or shows the same part as one that is held out",
                hint="Leave it out: the test would have been seen in training.",
            )
