"""What devices send: parts with their images, what became of releases, their state.

All or nothing, and once, however often it is sent: the key of a record says which it is.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import Outcome
from pitmark.formats.images import decode_image
from pitmark.ops.rollouts import advance
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
    # A device cannot take the key of another one's record.
    key = f"{device.name}/{told.key}"
    if project.events.has(key):
        project.device_reports.seen(device.id)
        return False
    _check_facts(told)
    sha256 = None
    if told.image is not None:
        _check_image(told)
        sha256 = project.blobs.put(told.image)
    event = _event(project, device, replace(told, key=key), sha256)
    with project.transaction():
        if sha256 is not None:
            project.blobs.require([sha256])
        new = project.events.add_many([event]) == 1
        if new:
            reports = project.device_reports
            reports.count_part(device.id, event.at, event.release, event.verdict)
        project.device_reports.seen(device.id)
    return new


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


def take_state(project: ProjectStore, device: DeviceRow, state: DeviceState) -> None:
    """Keep what a device says of itself; a rollout goes on or halts by it.

    Args:
        project: That of the device.
        device: Who tells it.
        state: The newest.
    """
    project.device_reports.set_state(device.id, state)
    advance(project)


def _check_facts(told: PartRecord) -> None:
    size = len(json.dumps(dict(told.facts)).encode())
    if size > _MOST_FACTS_BYTES:
        raise InvalidInputError(
            f"the record has {size:,} bytes beside its image, at most"
            f" {_MOST_FACTS_BYTES:,} are taken"
        )


def _check_image(told: PartRecord) -> None:
    image = told.image or b""
    found = hashlib.sha256(image).hexdigest()
    if found != told.image_sha256:
        raise InvalidInputError(
            f"the image has the sha256 {found}, announced was {told.image_sha256}",
            hint="It was changed on the way, or on the disk of the device.",
        )
    with _DECODING:
        decode_image(image, name=told.name or "the image", max_pixels=MOST_PIXELS)


def _event(
    project: ProjectStore, device: DeviceRow, told: PartRecord, sha256: str | None
) -> EventRow:
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
        sha256=sha256,
        label=told.label,
        reason=told.reason,
        facts={**told.facts, "received": received.isoformat(timespec="seconds")},
    )
