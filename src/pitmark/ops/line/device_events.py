"""What devices send: parts with their images, what became of releases, their state.

All or nothing, and once, however often it is sent: the key of a record says which it is.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pitmark.core.errors import InvalidInputError, PitmarkError, UnreadableImageError
from pitmark.core.inspector import Outcome
from pitmark.formats.images import decode_image
from pitmark.ops.line.rollouts import advance
from pitmark.store.db import ProjectStore
from pitmark.store.device_reports import DeviceState, Note
from pitmark.store.devices import DeviceRow
from pitmark.store.events import EventRow

MOST_PIXELS = 100_000_000
_MOST_FACTS_BYTES = 1_000_000
# A large image takes hundreds of megabytes while it is looked at.
_DECODING = threading.Semaphore(2)


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part as a device tells it; `image` are the bytes of its file, if it was kept.

    `project` and `version` say which release judged it.
    """

    key: str
    at: datetime
    name: str
    verdict: Outcome
    score: float
    label: str | None
    reason: str
    project: str | None
    version: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    image: bytes | None = None
    image_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """What became of a release on a device: activated, kept, refused or rolled back.

    `to` is the version that runs since it was rolled back; `on_trial` whether one that was
    activated must still prove itself.
    """

    key: str
    at: datetime
    outcome: str
    version: int | None = None
    sha256: str | None = None
    to: int | None = None
    on_trial: bool = False
    reason: str = ""


def take_part(project: ProjectStore, device: DeviceRow, told: PartRecord) -> bool:
    """Keep a part that a device inspected.

    Args:
        project: That of the device.
        device: Who tells it.
        told: The part.

    Returns:
        Whether it was new.

    Raises:
        InvalidInputError: The image is not the one announced, or there is too much else.
        UnreadableImageError: The image is none, or too large.
    """
    (found,) = take_parts(project, device, [told])
    if isinstance(found, PitmarkError):
        raise found
    return found


def take_parts(
    project: ProjectStore, device: DeviceRow, told: Sequence[PartRecord]
) -> list[bool | PitmarkError]:
    """Keep parts that a device inspected, written together: a disk is waited for once.

    Args:
        project: That of the device.
        device: Who tells them.
        told: The parts; one that is refused does not concern the others.

    Returns:
        For each whether it was new, or why it is refused for good.
    """
    # A device cannot take the key of another one's record.
    keys = [f"{device.name}/{one.key}" for one in told]
    known = project.events.known(keys)
    out: list[bool | PitmarkError] = [False] * len(told)
    good: dict[str, tuple[int, PartRecord]] = {}
    for place, (key, one) in enumerate(zip(keys, told, strict=True)):
        if key in known or key in good:
            continue
        try:
            _check(one)
        except (InvalidInputError, UnreadableImageError) as exc:
            out[place] = exc
        else:
            good[key] = place, replace(one, key=key)
    images = [one.image for _, one in good.values() if one.image is not None]
    blobs = project.blobs
    kept = blobs.put_many(images) if len(images) > 1 else [blobs.put(i) for i in images]
    rows = [_event(project, device, one) for _, one in good.values()]
    with project.transaction():
        blobs.require(kept)
        # Asked again under the lock: the same record may have come twice at once.
        late = project.events.known(list(good)) if good else set()
        new = [row for row in rows if row.key not in late]
        project.events.add_many(new)
        counted = [(row.at, row.release, row.verdict) for row in new]
        project.device_reports.count_parts(device.id, counted)
        project.device_reports.seen(device.id)
    for row in new:
        out[good[row.key][0]] = True
    return out


def take_release_note(project: ProjectStore, device: DeviceRow, told: ReleaseRecord) -> bool:
    """Keep what became of a release on a device; a rollout goes on or halts by it.

    Args:
        project: That of the device.
        device: Who tells it.
        told: What became of it.

    Returns:
        Whether it was new.
    """
    version = told.version
    if version is None and told.sha256 is not None:
        version = project.releases.version_of(told.sha256)
    at = min(told.at.astimezone(UTC), datetime.now(UTC))
    note = Note(told.key, at, version, told.outcome, told.reason)
    with project.transaction():
        new = project.device_reports.add_note(device.id, note)
        if new and told.outcome in ("activated", "kept"):
            project.device_reports.set_release(device.id, version, on_trial=told.on_trial)
        elif new and told.outcome == "rolled back":
            project.device_reports.set_release(device.id, told.to, on_trial=False)
        project.device_reports.seen(device.id)
    advance(project)
    return new


def take_state(
    project: ProjectStore,
    device: DeviceRow,
    state: DeviceState,
    watches: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Keep what a device says of itself; a rollout goes on or halts by it.

    Args:
        project: That of the device.
        device: Who tells it.
        state: The newest.
        watches: The course of drift at each point; None where it tells of none.
    """
    with project.transaction():
        project.device_reports.set_state(device.id, state)
        if watches is not None:
            project.device_drift.set(device.id, watches)
    advance(project)


def _check(told: PartRecord) -> None:
    size = len(json.dumps(dict(told.facts)).encode())
    if size > _MOST_FACTS_BYTES:
        raise InvalidInputError(
            f"the record has {size:,} bytes beside its image, at most"
            f" {_MOST_FACTS_BYTES:,} are taken"
        )
    if told.image is not None:
        _check_image(told, told.image)


def _check_image(told: PartRecord, image: bytes) -> None:
    found = hashlib.sha256(image).hexdigest()
    if found != told.image_sha256:
        raise InvalidInputError(
            f"the image has the sha256 {found}, announced was {told.image_sha256}",
            hint="It was changed on the way, or on the disk of the device.",
        )
    with _DECODING:
        decode_image(image, name=told.name or "the image", max_pixels=MOST_PIXELS)


def _event(project: ProjectStore, device: DeviceRow, told: PartRecord) -> EventRow:
    received = datetime.now(UTC)
    # A recipe may use the release of another project, whose versions say nothing here.
    ours = told.project in (None, project.info.name)
    return EventRow(
        key=told.key,
        # Clocks of devices jump; none is ahead of the server.
        at=min(told.at.astimezone(UTC), received),
        verdict=told.verdict,
        score=told.score,
        name=told.name,
        device=device.name,
        release=told.version if ours else None,
        sha256=None if told.image is None else told.image_sha256,
        label=told.label,
        reason=told.reason,
        facts={**told.facts, "received": received.isoformat(timespec="seconds")},
    )
