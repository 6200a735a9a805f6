"""From the line back to the data: images that devices sent, picked, imported and queued.

Each becomes a finding with what the device said as its suggestion. To confirm is to
`correct` it as suggested, to correct is to give what is true; both write labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError, PitmarkError
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.ops.images.snapshots import AT_RANDOM, PICKED
from pitmark.ops.line.feedback_choice import FromLine, Picked, choose
from pitmark.ops.line.feedback_look import Look, ReleaseEyes
from pitmark.ops.line.from_line import (
    MOMENT_S,
    SAME_PART,
    alarm_of,
    decoded,
    group_of,
    record_of,
    stratum_of,
)
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


@dataclass(frozen=True, slots=True)
class FeedbackOptions:
    """How to pick images from the line.

    `count` is how many shall wait for an answer; `random_share` of the new ones are drawn
    at random and kept apart for testing. Images that agree in all of the tags `same_part`
    show one part; without them those of one device and point within `moment_s` seconds
    belong together. `newest` bounds the images looked at.
    """

    count: int = 40
    random_share: float = 0.25
    same_part: tuple[str, ...] = SAME_PART
    moment_s: float = MOMENT_S
    newest: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1 or self.newest < 1:
            raise InvalidInputError(f"cannot pick {self.count} of {self.newest} images")
        if not 0 <= self.random_share <= 1:
            raise InvalidInputError(f"a share is 0 to 1, found {self.random_share}")
        if not self.moment_s > 0:
            raise InvalidInputError(f"a moment lasts above 0 s, found {self.moment_s}")


@dataclass(frozen=True, slots=True)
class FeedbackSummary:
    """What was picked: by reason, how many wait for an answer now, what could not be read."""

    picked: Mapping[str, int]
    waiting: int
    pool: int
    alarm: bool
    problems: Sequence[str] = field(default=())

    @property
    def added(self) -> int:
        """How many images were added to the queue."""
        return sum(self.picked.values())

    def sentences(self) -> list[str]:
        """The summary for a person on the line."""
        if not self.added:
            return [f"Nothing new to look at; {self.waiting} pictures wait for an answer."]
        told = ", ".join(f"{n} {_PICKS[name]}" for name, n in sorted(self.picked.items()))
        out = [
            f"{self.added} of {self.pool} pictures from the line were picked: {told}.",
            f"{self.waiting} pictures wait for an answer.",
        ]
        if self.alarm:
            out.insert(0, "A device says that the parts look different now.")
        return [*out, *(f"Left out: {p}" for p in self.problems[:5])]

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "added": self.added,
            "picked": dict(self.picked),
            "waiting": self.waiting,
            "pool": self.pool,
            "alarm": self.alarm,
            "problems": list(self.problems),
            "sentences": self.sentences(),
        }


_PICKS = {
    "random": "at random",
    "doubtful": "with a close verdict",
    "new": "that look new",
    "NG": "called NG",
}


@dataclass(slots=True)
class _Pool:
    """Images that could be picked, with their events and what the release sees in them."""

    looks: dict[str, Look] = field(default_factory=dict)
    events: dict[str, EventRow] = field(default_factory=dict)
    records: dict[str, ImageRecord] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def feed_back(
    project: ProjectStore,
    *,
    options: FeedbackOptions | None = None,
    by: str = "",
    report: Reporter = silent,
) -> FeedbackSummary:
    """Fill the queue of images from the line up to a count.

    Run again, nothing is doubled: images that wait count, those that came before are not
    taken again. All of it is written at once, or nothing.

    Args:
        project: The project.
        options: How to pick.
        by: Who asks for it.
        report: Told of the progress.

    Returns:
        What was picked.

    Raises:
        NotEnoughDataError: No device sent an image.
        NotFoundError: There is no release yet.
        InvalidInputError: Impossible options.
    """
    how = options or FeedbackOptions()
    rows = project.events.with_images(limit=how.newest)
    if not rows:
        raise NotEnoughDataError(
            "no device has sent a picture yet", hint="Connect a device, or wait for it."
        )
    open_ = waiting_for_answer(project)
    alarm = alarmed(rows)
    fresh = _fresh(project, rows)
    wanted = how.count - len(open_)
    if wanted <= 0 or not fresh:
        return FeedbackSummary({}, len(open_), len(fresh), alarm)
    pool = _look(project, fresh, how, report, strange=alarm)
    parts = Counter(stratum_of(row) for row in project.events.list(limit=10 * how.newest))
    items = [_item(pool, sha, how, alarm) for sha in pool.looks]
    picked = choose(items, wanted, random_share=how.random_share, parts=parts, seed=how.seed)
    _write(project, pool, picked, open_, by)
    return FeedbackSummary(
        Counter(p.pick for p in picked),
        len(waiting_for_answer(project)),
        len(fresh),
        alarm,
        tuple(pool.problems),
    )


def waiting_for_answer(project: ProjectStore) -> list[FindingRow]:
    """The images from the line that wait for an answer.

    Args:
        project: The project.

    Returns:
        Open findings.
    """
    return list(project.findings.list(state="open", kind=KIND))


def alarmed(rows: Sequence[EventRow]) -> bool:
    """Whether any device, by its newest event, has a drift alarm.

    Args:
        rows: Events, the newest first.

    Returns:
        True where one has.
    """
    newest: dict[str, bool] = {}
    for row in rows:
        said = alarm_of(row)
        if row.device not in newest and said is not None:
            newest[row.device] = said
    return any(newest.values())


def _fresh(project: ProjectStore, rows: Sequence[EventRow]) -> list[EventRow]:
    """One event per image that is not in the project yet, or has no label and no finding."""
    first: dict[str, EventRow] = {}
    for row in rows:
        if row.sha256 is not None:
            first.setdefault(row.sha256, row)
    known = project.images.known(list(first))
    settled = {f.sha256 for f in project.findings.list(kind=KIND)}
    labeled = set(project.annotations.consensus(sorted(known)))
    return [row for sha, row in first.items() if sha not in settled | labeled]


def _look(
    project: ProjectStore,
    rows: Sequence[EventRow],
    how: FeedbackOptions,
    report: Reporter,
    *,
    strange: bool,
) -> _Pool:
    pool, eyes = _Pool(), ReleaseEyes(project)
    for done, row in enumerate(rows):
        report(Progress("look at pictures", done, len(rows)))
        sha = str(row.sha256)
        try:
            image = decoded(project, row)
            look = eyes.look(row, image.pixels, strange=strange)
        except PitmarkError as exc:
            pool.problems.append(f"{row.name}: {exc.message}")
            continue
        pool.looks[sha], pool.events[sha] = look, row
        pool.records[sha] = record_of(row, image, _group(row, how), {})
    return pool


def _item(pool: _Pool, sha: str, how: FeedbackOptions, alarm: bool) -> FromLine:
    row, look = pool.events[sha], pool.looks[sha]
    return FromLine(
        key=sha,
        group=_group(row, how),
        stratum=stratum_of(row),
        doubt=look.doubt,
        strangeness=look.strangeness if alarm else None,
        ng=row.verdict != "OK",
    )


def _group(row: EventRow, how: FeedbackOptions) -> str:
    return group_of(row, same_part=how.same_part, moment_s=how.moment_s)


def _write(
    project: ProjectStore,
    pool: _Pool,
    picked: Sequence[Picked],
    open_: Sequence[FindingRow],
    by: str,
) -> None:
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
