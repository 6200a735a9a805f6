"""Whether a drift on the line does harm: images drawn at random since the alarm, labeled."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.records import ImageRecord
from pitmark.ops.images.snapshots import AT_RANDOM, PICKED
from pitmark.ops.line.from_line import decoded, group_of, record_of
from pitmark.ops.line.harm_draw import draw_parts, parts_since_alarm
from pitmark.ops.models.reports import report_of
from pitmark.quality.drift.harm import (
    USUAL_LABELS,
    AcceptedRates,
    HarmTest,
    HarmVerdict,
    harm_test,
)
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow

KIND, ARTIFACT = "harm", "draw"
_MOST_DRAWN = 1_000


@dataclass(frozen=True, slots=True)
class HarmOptions:
    """How to test.

    `since` begins the test at a moment instead of the alarm. An excess of `margin` wrong
    verdicts per image would be harm; `level` is the chance that a verdict is wrong.
    """

    since: datetime | None = None
    margin: float = 0.05
    level: float = 0.05


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image to label: which device said what of it, and what is true of it, if known."""

    sha256: str
    name: str
    device: str
    verdict: str
    defective: bool | None = None


@dataclass(frozen=True, slots=True)
class HarmState:
    """Whether the drift since an alarm does harm, as far as labels tell.

    `since` is None without an alarm. `to_label` are drawn images that wait for a label.
    """

    verdict: HarmVerdict
    since: datetime | None
    version: int | None
    accepted: AcceptedRates | None
    test: HarmTest | None
    drawn: tuple[Drawn, ...]

    @property
    def to_label(self) -> tuple[Drawn, ...]:
        """Drawn images without a label, in the order in which they were drawn."""
        return tuple(d for d in self.drawn if d.defective is None)

    def sentences(self) -> list[str]:
        """The state for a person."""
        if self.since is None or self.test is None:
            return ["No device reports a drift: there is nothing to test."]
        return [*_said(self.test), *_next_step(self)]

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON types."""
        return {
            "verdict": self.verdict,
            "since": self.since.isoformat() if self.since else None,
            "release": self.version,
            "accepted": asdict(self.accepted) if self.accepted else None,
            "test": self.test.to_json() if self.test else None,
            "drawn": [asdict(d) for d in self.drawn],
            "waiting": len(self.to_label),
            "sentences": self.sentences(),
        }


def harm_state(project: ProjectStore, *, options: HarmOptions | None = None) -> HarmState:
    """What the labels of the images drawn so far say of the drift that is on.

    Args:
        project: The project.
        options: See HarmOptions.

    Returns:
        The state: "harmless" where no device reports a drift, or where the labels say so;
        "retrain" where verdicts are wrong more often than was accepted at the release;
        "more labels" as long as either may be.

    Raises:
        NotFoundError: There is a drift, but no release to compare with.
    """
    how = options or HarmOptions()
    rows = parts_since_alarm(project, how.since)
    if not rows:
        return HarmState("harmless", None, None, None, None, ())
    since, version = rows[-1].at, _version(project, rows)
    drawn = _with_truth(project, _kept_draw(project, since, version))
    accepted = _accepted(project, version)
    known = [d for d in drawn if d.defective is not None]
    test = harm_test(
        [(d.verdict == "NG") != d.defective for d in known],
        [bool(d.defective) for d in known],
        accepted,
        margin=how.margin,
        level=how.level,
    )
    return HarmState(test.verdict, since, version, accepted, test, tuple(drawn))


def draw_for_harm(
    project: ProjectStore,
    count: int = USUAL_LABELS,
    *,
    options: HarmOptions | None = None,
    by: str = "",
) -> HarmState:
    """Draw images of the line at random until so many wait for a label, and import them.

    Run again, nothing is doubled: what waits counts.

    Args:
        project: The project.
        count: How many shall wait, 1 to 1,000.
        options: As for `harm_state`.
        by: Who asks for it.

    Returns:
        The state with the new images.

    Raises:
        InvalidInputError: The count is out of range.
        NotEnoughDataError: No device reports a drift, or devices sent no images of a kind of
            part that came since.
    """
    if not 1 <= count <= _MOST_DRAWN:
        raise InvalidInputError(f"1 to {_MOST_DRAWN} images can be drawn, found {count}")
    how = options or HarmOptions()
    rows = parts_since_alarm(project, how.since)
    if not rows:
        raise NotEnoughDataError(
            "no device reports a drift", hint="Name a moment with --since to test all the same."
        )
    state = harm_state(project, options=how)
    old = {d.sha256 for d in state.drawn}
    missing = count - len(state.to_label)
    if missing > 0:
        since, version = rows[-1].at, _version(project, rows)
        fresh = draw_parts(rows, missing, old, random.Random(len(old)))
        if not fresh:
            raise NotEnoughDataError(
                f"all images that devices sent since {since:%Y-%m-%d %H:%M} are drawn already",
                hint="Wait for more parts, or raise sample_share on the device.",
            )
        _keep(project, [*state.drawn, *map(_drawn_from, fresh)], fresh, (since, version), by)
    return harm_state(project, options=how)


def _version(project: ProjectStore, rows: Sequence[EventRow]) -> int:
    """The release that judged the newest part, else the newest release."""
    told = next((r.release for r in rows if r.release is not None), None)
    return project.releases.get("latest" if told is None else told).version


def _accepted(project: ProjectStore, version: int) -> AcceptedRates:
    """The upper ends of what the release's report found: what was accepted with it."""
    run = project.runs.get(project.releases.get(version).run_id)
    outcome = report_of(project, run).content.get("outcome", {})

    def rate(name: str) -> float | None:
        found = outcome.get(name) or {}
        return float(found["high"]) if found.get("total") else None

    return AcceptedRates(escape=rate("escapes"), overkill=rate("overkill"))


def _drawn_from(row: EventRow) -> Drawn:
    return Drawn(str(row.sha256), row.name or row.key, row.device, row.verdict)


def _kept_draw(project: ProjectStore, since: datetime, version: int) -> list[Drawn]:
    """The draw of this alarm and release, if there was one.

    Parts that come late may show that the alarm began earlier than the draw knew.
    """
    for run in project.runs.list(kind=KIND):
        of = run.settings
        begun = run.state == "done" and datetime.fromisoformat(of["since"]) >= since
        if begun and of["release"] == version:
            told = json.loads(project.blobs.read(run.artifacts[ARTIFACT]))
            return [Drawn(**{**one, "defective": None}) for one in told]
    return []


def _with_truth(project: ProjectStore, drawn: Sequence[Drawn]) -> list[Drawn]:
    known = project.images.known([d.sha256 for d in drawn])
    said = project.annotations.consensus(sorted(known))
    book = project.book.current()
    return [
        Drawn(d.sha256, d.name, d.device, d.verdict, book.is_defect(said[d.sha256].shapes))
        if d.sha256 in said
        else d
        for d in drawn
    ]


def _keep(
    project: ProjectStore,
    drawn: Sequence[Drawn],
    fresh: Sequence[EventRow],
    of: tuple[datetime, int],
    by: str,
) -> None:
    """Import what is new and write the draw down: both, or neither."""
    since, version = of
    records = [(_record(project, row), f"from devices, {by}".strip(", ")) for row in fresh]
    blob = project.blobs.put(json.dumps([asdict(d) for d in drawn]).encode())
    settings = {"since": since.isoformat(), "release": version}
    with project.transaction():
        project.images.add_many(records)
        snapshot = project.releases.get(version).snapshot_id
        run = project.runs.create(KIND, snapshot, settings, 0)
        project.runs.finish(run.id, metrics={}, inspector=None, artifacts={ARTIFACT: blob})
        project.audit.log(by, "draw", "harm", {"images": len(fresh), **settings})


def _record(project: ProjectStore, row: EventRow) -> ImageRecord:
    return record_of(row, decoded(project, row), group_of(row), {PICKED: AT_RANDOM})


def _said(test: HarmTest) -> list[str]:
    good = test.labels - test.defective
    noun = "image" if test.labels == 1 else "images"
    out = [
        f"{test.labels} {noun} labeled: {test.overkill} of {good} good ones rejected,"
        f" {test.escapes} of {test.defective} defective ones passed."
    ]
    if test.excess is not None:
        out.append(
            f"Per 100 images that is {100 * test.excess:+.1f} wrong verdicts against what was"
            f" accepted with the release (between {100 * test.low:+.0f} and"
            f" {100 * test.high:+.0f})."
        )
    return out


def _next_step(state: HarmState) -> list[str]:
    test, waiting = state.test, len(state.to_label)
    if test is None:
        return []
    if state.verdict == "retrain":
        return ["The drift does harm: answer pictures from the line, then update."]
    if state.verdict == "harmless":
        out = ["The drift is harmless: reset the alarm, or release with a new reference."]
        if not test.defective:
            out.append("No defective part was among them: nothing is known of defects missed.")
        return out
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        return [f"Not clear yet: {waiting} of the drawn images {wait} for a label."]
    return ["Not clear yet: draw more images."]
