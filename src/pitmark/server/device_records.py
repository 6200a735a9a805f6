"""Records of devices as messages: one by itself, or many that travel together."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from pydantic import ValidationError

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.ops.line.device_events import (
    PartRecord,
    ReleaseRecord,
    take_parts,
    take_release_note,
)
from pitmark.server.device_access import DeviceAccess
from pitmark.wire.devices import DeviceRecord, PartVerdict, RecordAnswer, ReleaseOutcome
from pitmark.wire.message import Document

# With each answer the server says how many records one request may bring.
BATCH_HEADER = "Pitmark-Batch"
_MOST_KEY = 60
# Beside the verdict these are what a record tells of a part.
_FACTS = (
    "point",
    "number",
    "custom",
    "error_code",
    "classification",
    "recipe",
    "findings",
    "latency_ms",
    "total_ms",
    "tags",
    "drift",
    "other_verdict",
    "priority",
    "sequence",
)


def take_records(access: DeviceAccess, given: Sequence[Document]) -> list[RecordAnswer]:
    """Take records that travel together: all parts in one write, then what releases became.

    Args:
        access: Which device sends them.
        given: The records.

    Returns:
        What became of each, in their order.

    Raises:
        StorageError: Nothing can be kept just now; what was kept is known when it comes again.
    """
    out: dict[int, bool | PitmarkError] = {}
    parts: dict[int, PartRecord] = {}
    notes: dict[int, ReleaseRecord] = {}
    for place, one in enumerate(given):
        try:
            record = DeviceRecord.model_validate(one)
            if record.release_note is not None:
                notes[place] = release_record(record.release_note)
            elif record.verdict is not None:
                parts[place] = part_record(record, record.verdict)
            else:
                raise InvalidInputError("the record tells neither of a part nor of a release")
        except ValidationError as exc:
            first = exc.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            out[place] = InvalidInputError(f"{where}: {first['msg']}")
        except InvalidInputError as exc:
            out[place] = exc
    if parts:
        taken = take_parts(access.store, access.device, list(parts.values()))
        out |= dict(zip(parts, taken, strict=True))
    for place, note in notes.items():
        out[place] = take_release_note(access.store, access.device, note)
    return [_answer(one, out[place]) for place, one in enumerate(given)]


def _answer(record: Document, became: bool | PitmarkError) -> RecordAnswer:
    key = str(record.get("key", ""))[:_MOST_KEY]
    if isinstance(became, PitmarkError):
        return RecordAnswer(key=key, outcome="refused", message=became.message)
    return RecordAnswer(key=key, outcome="new" if became else "known")


def part_record(given: DeviceRecord, verdict: PartVerdict) -> PartRecord:
    """A part out of a message.

    Args:
        given: The message.
        verdict: What it says of the part.

    Returns:
        The part.

    Raises:
        InvalidInputError: It lacks its time, or its image cannot be told.
    """
    if given.at is None:
        raise InvalidInputError("the record does not say when the part was inspected")
    facts = given.model_dump(mode="json", include=set(_FACTS))
    return PartRecord(
        key=given.key,
        at=given.at,
        name=given.name,
        # A control saw an error, whatever the model said.
        verdict="error" if given.error_code else verdict.outcome,
        score=verdict.score,
        label=verdict.label,
        reason=verdict.reason,
        project=None if given.release is None else given.release.project,
        version=None if given.release is None else given.release.version,
        facts=facts,
        image=_decoded(given),
        image_sha256=given.image_sha256,
    )


def release_record(given: ReleaseOutcome) -> ReleaseRecord:
    """What became of a release, out of a message.

    Args:
        given: The message.

    Returns:
        The same for `take_release_note`.
    """
    return ReleaseRecord(**given.model_dump())


def _decoded(given: DeviceRecord) -> bytes | None:
    if given.image_base64 is None:
        return None
    if given.image_sha256 is None:
        raise InvalidInputError("an image comes without its image_sha256")
    try:
        return base64.b64decode(given.image_base64, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidInputError(f"image_base64 is not base64: {exc}") from exc
