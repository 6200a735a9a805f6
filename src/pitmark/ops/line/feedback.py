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
from pitmark.ops.line.feedback_choice import FromLine, Picked, choose
from pitmark.ops.line.feedback_look import ReleaseEyes
from pitmark.ops.line.feedback_queue import KIND, Pool, queue_up, waiting_for_answer
from pitmark.ops.line.from_line import (
    MOMENT_S,
    SAME_PART,
    alarm_of,
    decoded,
    group_of,
    record_of,
    stratum_of,
)
from pitmark.ops.line.harm_draw import parts_since_alarm
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow


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
    pool, picked = _picked(project, fresh, how, wanted, report)
    queue_up(project, pool, picked, open_, by)
    return FeedbackSummary(
        Counter(p.pick for p in picked),
        len(waiting_for_answer(project)),
        len(fresh),
        alarm,
        tuple(pool.problems),
    )


def _picked(
    project: ProjectStore,
    fresh: Sequence[EventRow],
    how: FeedbackOptions,
    wanted: int,
    report: Reporter,
) -> tuple[Pool, list[Picked]]:
    """Pictures since the alarm of a device; of the time before only where those are few.

    What the line looked like before is known already.
    """
    pool = Pool()
    picked: list[Picked] = []
    changed = parts_since_alarm(project, None)
    shown = {r.sha256 for r in changed}
    calm = [r for r in fresh if r.sha256 not in shown]
    rounds = [([r for r in fresh if r.sha256 in shown], changed), (calm, None)]
    for rows, of in rounds:
        taken = {_group(pool.events[p.key], how) for p in picked}
        left = [r for r in rows if _group(r, how) not in taken]
        count = min(wanted - len(picked), len(left))
        if not count:
            continue
        _look(project, pool, left, how, report, strange=of is not None)
        known = of if of is not None else project.events.list(limit=10 * how.newest)
        kinds = Counter(stratum_of(row) for row in known)
        keys = {str(r.sha256) for r in left} & pool.looks.keys()
        items = [_item(pool, sha, how) for sha in pool.looks if sha in keys]
        share = how.random_share
        picked += choose(items, count, random_share=share, parts=kinds, seed=how.seed)
    return pool, picked


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
    pool: Pool,
    rows: Sequence[EventRow],
    how: FeedbackOptions,
    report: Reporter,
    *,
    strange: bool,
) -> None:
    eyes = ReleaseEyes(project)
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


def _item(pool: Pool, sha: str, how: FeedbackOptions) -> FromLine:
    row, look = pool.events[sha], pool.looks[sha]
    return FromLine(
        key=sha,
        group=_group(row, how),
        stratum=stratum_of(row),
        doubt=look.doubt,
        strangeness=look.strangeness,
        ng=row.verdict != "OK",
    )


def _group(row: EventRow, how: FeedbackOptions) -> str:
    return group_of(row, same_part=how.same_part, moment_s=how.moment_s)
