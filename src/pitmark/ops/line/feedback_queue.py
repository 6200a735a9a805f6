"""The queue of pictures from the line: what was picked waits there as findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.ops.images.snapshots import AT_RANDOM, PICKED
from pitmark.ops.line.feedback_choice import Picked
from pitmark.ops.line.feedback_look import Look
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow
from pitmark.store.findings import FindingRow, NewFinding

KIND, SOURCE = "from_device", "feedback"
_CHANCE = {"random": 0.1, "doubtful": 0.5, "new": 0.5, "NG": 0.3}
_WHY = {
    "random": "drawn at random, to tell how often the line is wrong",
    "doubtful": "the verdict was close",
    "new": "looks unlike the parts known so far",
    "NG": "was called NG",
}


@dataclass(slots=True)
class Pool:
    """Images that could be picked, with their events and what the release sees in them."""

    looks: dict[str, Look] = field(default_factory=dict)
    events: dict[str, EventRow] = field(default_factory=dict)
    records: dict[str, ImageRecord] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def waiting_for_answer(project: ProjectStore) -> list[FindingRow]:
    """The images from the line that wait for an answer.

    Args:
        project: The project.

    Returns:
        Open findings.
    """
    return list(project.findings.list(state="open", kind=KIND))


def queue_up(
    project: ProjectStore,
    pool: Pool,
    picked: Sequence[Picked],
    open_: Sequence[FindingRow],
    by: str,
) -> None:
    """Import what was picked and queue it beside what waits already, all at once.

    Args:
        project: The project.
        pool: With all that was picked.
        picked: In the order in which it shall wait.
        open_: What waits already, and goes on waiting.
        by: Who asked for it.
    """
    records, found = [], [_again(f) for f in open_]
    for one in picked:
        record, look = pool.records[one.key], pool.looks[one.key]
        about: dict[str, MetadataValue] = {
            PICKED: AT_RANDOM if one.pick == "random" else one.pick
        }
        if one.stands_for is not None:
            about["stands_for"] = round(one.stands_for, 2)
        metadata = {**record.metadata, **about}
        records.append((_described(record, metadata), f"from devices, {by}".strip(", ")))
        found.append(_finding(pool.events[one.key], look, one))
    with project.transaction():
        new = project.images.add_many(records)
        for (record, _), added in zip(records, new, strict=True):
            if not added:
                project.images.set_metadata(record.sha256, _kept(project, record))
                project.images.set_group({record.sha256: record.group})
        project.findings.save(found, source=SOURCE)
        project.audit.log(by, "feedback", "images", {"picked": len(picked)})


def _kept(project: ProjectStore, record: ImageRecord) -> dict[str, MetadataValue]:
    """Metadata for an image that is here already: what was drawn at random stays so."""
    told = dict(record.metadata)
    if project.images.get(record.sha256).metadata.get(PICKED) == AT_RANDOM:
        told[PICKED] = AT_RANDOM
    return told


def _described(record: ImageRecord, metadata: Mapping[str, MetadataValue]) -> ImageRecord:
    return ImageRecord(
        record.sha256, record.width, record.height, record.mode, record.name,
        metadata=metadata, group=record.group,
    )  # fmt: skip


def _finding(row: EventRow, look: Look, one: Picked) -> NewFinding:
    said = f"{row.device or 'the line'} said {row.verdict}"
    return NewFinding(
        KIND,
        one.key,
        None,
        _CHANCE[one.pick],
        f"{said}; {_WHY[one.pick]}",
        suggestion=look.suggestion,
        run_id=look.run_id,
    )


def _again(row: FindingRow) -> NewFinding:
    """An open finding as it was: what is not found again would be dropped."""
    return NewFinding(
        row.kind,
        row.sha256,
        row.shape_index,
        row.score,
        row.why,
        suggestion=row.suggestion,
        related=row.related,
        expected_gain=row.expected_gain,
        run_id=row.run_id,
        labels_hash=row.labels_hash,
    )
