"""Images as rows of the database, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.store.blobs import check_sha
from pitmark.store.schema import images, now

RECORD_COLUMNS = (
    images.c.sha256,
    images.c.width,
    images.c.height,
    images.c.mode,
    images.c.name,
    images.c.metadata,
    images.c.group_name,
    images.c.synthetic,
    images.c.reference_sha,
)


def shown(name: str) -> str:
    """A name as it can be kept and shown: what is no text in it becomes a question mark.

    Args:
        name: A file name, as the operating system gave it.

    Returns:
        The name without NUL and without undecodable bytes.
    """
    return name.encode("utf-8", "replace").decode().replace("\x00", "?")


def known_metadata(metadata: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    """Metadata as it can be kept: what is not a finite number is left out.

    Args:
        metadata: Of an image.

    Returns:
        Key to value.
    """
    return {
        shown(key): shown(value) if isinstance(value, str) else value
        for key, value in metadata.items()
        if not (isinstance(value, float) and not math.isfinite(value))
    }


def values_of(record: ImageRecord, source: str) -> dict[str, Any]:
    """The row of a new image.

    Args:
        record: The image.
        source: Where it came from, such as the name of the imported folder.

    Returns:
        Column to value.

    Raises:
        InvalidInputError: The image has no pixels, or a hash is none.
    """
    if record.width < 1 or record.height < 1:
        raise InvalidInputError(
            f"image {record.name!r} has no pixels: {record.width}x{record.height}"
        )
    return {
        "sha256": check_sha(record.sha256),
        "width": record.width,
        "height": record.height,
        "mode": record.mode,
        "name": shown(record.name),
        "metadata": known_metadata(record.metadata),
        "group_name": record.group,
        "synthetic": record.synthetic,
        "source": shown(source),
        "added": now(),
        "reference_sha": None if record.reference is None else check_sha(record.reference),
    }


def record_of(row: Any) -> ImageRecord:
    """An image from a row with the `RECORD_COLUMNS`.

    Args:
        row: A row of a result.

    Returns:
        The image.
    """
    return ImageRecord(
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        mode=row.mode,
        name=row.name,
        metadata=row.metadata,
        group=row.group_name,
        synthetic=row.synthetic,
        reference=row.reference_sha,
    )
