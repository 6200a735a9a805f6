"""A part that a device told of, as an image of the project: its name, group and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.formats.images import DecodedImage, decode_image
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow

SAME_PART = ("part",)
MOMENT_S = 10.0


def decoded(project: ProjectStore, row: EventRow) -> DecodedImage:
    """The image of a part.

    Args:
        project: The project.
        row: The part; its image was sent.

    Returns:
        The image with its pixels.

    Raises:
        UnreadableImageError: It is no image.
        NotFoundError: Its bytes are not kept.
    """
    return decode_image(project.blobs.read(str(row.sha256)), name=row.name)


def record_of(
    row: EventRow, image: DecodedImage, group: str, about: Mapping[str, MetadataValue]
) -> ImageRecord:
    """The record of a part's image; device, point, tags, release, verdict, time as metadata.

    Args:
        row: The part.
        image: As `decoded` gives it.
        group: As `group_of` gives it.
        about: Further metadata, such as how it was picked.

    Returns:
        The record.
    """
    known: dict[str, Any] = {
        **_tags(row),
        "device": row.device,
        "point": row.facts.get("point"),
        "release": row.release,
        "verdict": row.verdict,
        "at": row.at.isoformat(timespec="seconds"),
        **about,
    }
    metadata = {k: v for k, v in known.items() if isinstance(v, str | int | float | bool)}
    return ImageRecord(
        str(row.sha256),
        image.width,
        image.height,
        image.mode,
        row.name or row.key,
        metadata=metadata,
        group=group,
    )


def group_of(
    row: EventRow, *, same_part: tuple[str, ...] = SAME_PART, moment_s: float = MOMENT_S
) -> str:
    """What an image belongs together with, so that a split never parts them.

    Args:
        row: The part.
        same_part: Tags that name one part.
        moment_s: Seconds within which images of one device and point belong together
            where these tags are missing.

    Returns:
        The group.
    """
    tags = _tags(row)
    if same_part and all(k in tags for k in same_part):
        return "/".join(str(tags[k]) for k in same_part)
    moment = int(row.at.timestamp() // moment_s)
    return f"{row.device}/{row.facts.get('point', '')}/{moment}"


def stratum_of(row: EventRow) -> str:
    """What a device sends surely, apart from what it sends of the rest by chance.

    Args:
        row: A part.

    Returns:
        "doubtful", "ng" or "rest"; parts of one were equally likely to be sent.
    """
    said = str(row.facts.get("priority") or "").lower()
    if said in ("doubtful", "ng"):
        return said
    # A record without a word on it came from elsewhere; surely sent is what is not OK.
    return "rest" if said or row.verdict == "OK" else "ng"


def alarm_of(row: EventRow) -> bool | None:
    """What a device said of drift with a part.

    Args:
        row: The part.

    Returns:
        Whether it had an alarm; None where it said nothing.
    """
    drift = row.facts.get("drift")
    return bool(drift.get("alarm")) if isinstance(drift, Mapping) else None


def _tags(row: EventRow) -> dict[str, Any]:
    told = row.facts.get("tags")
    return dict(told) if isinstance(told, Mapping) else {}
