"""Say what each class needs, keep the forecast, and hold it against what came true."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.data.need_evidence import doubts_of, effort_of, mistaken_for, open_rules
from pitmark.ops.data.need_units import BACKGROUND, Described, Unit, describe, units_of
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.class_gains import class_gains
from pitmark.quality.needs.class_rounds import own_folds, run_rounds
from pitmark.quality.needs.ranking import Effort, Evidence, Need, rank_needs, usual_number
from pitmark.quality.needs.visibility import HardToSee, hard_to_see
from pitmark.store.db import ProjectStore

KIND = "needs"
ARTIFACT = "forecast"
_MOST_MORE = 100_000


@dataclass(frozen=True, slots=True)
class NeedOptions:
    """How to ask what classes need.

    Attributes:
        snapshot: Which data.
        more: How many further labels of each class to weigh; None takes about as many as a
            class of middle size has.
        minutes: Of a person for one more label; None takes what was measured, or is usual.
        seed: Of folds and draws.
    """

    snapshot: str = "latest"
    more: int | None = None
    minutes: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.more is not None and not 1 <= self.more <= _MOST_MORE:
            raise InvalidInputError(
                f"the number of further labels must be 1 to {_MOST_MORE}, found {self.more}"
            )
        if self.minutes is not None and not 0 < self.minutes < 1e4:
            raise InvalidInputError(f"minutes per label must be above 0, found {self.minutes}")


@dataclass(frozen=True, eq=False)
class Needs:
    """What the classes of a snapshot need, the most gain per hour first."""

    run_id: str
    snapshot_id: str
    task: str
    needs: tuple[Need, ...]
    more: int
    effort: Effort
    left_out: tuple[str, ...] = ()
    audited: bool = True
    proxy: str = field(default="")

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON types."""
        return {
            "run": self.run_id,
            "snapshot": self.snapshot_id,
            "task": self.task,
            "more": self.more,
            "needs": [n.to_json() for n in self.needs],
            "left_out": list(self.left_out),
            "audited": self.audited,
            "minutes": {
                "label": self.effort.label,
                "fix": self.effort.fix,
                "rule": self.effort.rule,
                "imaging": self.effort.imaging,
                "label_measured": self.effort.measured,
            },
            "judged_by": self.proxy,
        }

    def lines(self) -> list[str]:
        """The needs in words, one class after the other."""
        out = []
        for place, need in enumerate(self.needs, start=1):
            recall = need.recall
            out.append(
                f"{place}. {need.name} ({need.count} examples, recall"
                f" {100 * recall.median:.0f} %, {100 * recall.low:.0f} to"
                f" {100 * recall.high:.0f}): {need.answer.text}"
            )
            out += [f"   {need.trade}"] if need.trade else []
        if self.left_out:
            out.append(f"Too few images to judge: {', '.join(self.left_out)}.")
        if not self.audited:
            out.append("No audit yet: label faults are unknown. Run `pitmark audit` first.")
        out.append(f"{self.proxy} Intervals hold in 80 of 100 cases.")
        return out


def find_needs(
    project: ProjectStore, *, options: NeedOptions | None = None, report: Reporter = silent
) -> Needs:
    """What each class needs, ranked by expected gain per hour; the forecast is kept.

    Args:
        project: The project.
        options: See NeedOptions.
        report: Told of the progress.

    Returns:
        The needs.

    Raises:
        NotFoundError: No such snapshot.
        NotEnoughDataError: Fewer than two classes, or too few images of them.
    """
    how = options or NeedOptions()
    info, images = project.snapshots.load(how.snapshot)
    units = units_of(images, project.task)
    check_units(units)
    seen = describe(pixel_loader(project), units, report=report)
    effort = effort_of(project, images, minutes=how.minutes)
    evidence, left_out = _evidence(project, images, seen, how.seed)
    report(Progress("judge", 1, 1))
    if not evidence:
        raise NotEnoughDataError(
            "no class has images of two parts: nothing can be held back to judge on",
            hint="Label at least five images of each class.",
        )
    more = how.more or usual_number([e.gains.count for e in evidence])
    needs = rank_needs(evidence, more=more, effort=effort)
    row = project.runs.create(KIND, info.id, {"more": more}, how.seed)
    found = Needs(
        row.id,
        info.id,
        project.task,
        tuple(needs),
        more,
        effort,
        tuple(left_out),
        any(r.state == "done" for r in project.runs.list(kind="audit")),
        judged_by(project.task),
    )
    blob = project.blobs.put(json.dumps(found.to_json()).encode())
    project.runs.finish(row.id, metrics={}, inspector=None, artifacts={ARTIFACT: blob})
    return found


def judged_by(task: str) -> str:
    """What stands behind the figures of a task, in a sentence.

    Args:
        task: Of the project.

    Returns:
        The sentence.
    """
    if task in WHOLE_IMAGE_TASKS:
        return "Judged by a quick learner on cached image features, not by full trainings."
    return (
        "Judged by how well a quick learner names marked objects and tells them from the"
        " background; whether objects are found and outlined is not judged."
    )


def check_units(units: Sequence[Unit]) -> None:
    """Make sure that there is something to compare.

    Args:
        units: Examples.

    Raises:
        NotEnoughDataError: Fewer than two classes.
    """
    names = {u.label for u in units}
    if len(names) < 2 or names == {BACKGROUND}:
        raise NotEnoughDataError(
            "to compare what classes need, two labeled classes are needed,"
            f" found {', '.join(sorted(names - {BACKGROUND})) or 'none'}",
            hint="Label images of a second class, or good ones.",
        )


@dataclass(frozen=True, eq=False)
class Numbered:
    """Described examples as numbers: class names, class numbers, groups, scored classes."""

    names: list[str]
    labels: NDArray[np.int64]
    groups: list[str]
    scored: list[int]


def numbered(units: Sequence[Unit]) -> Numbered:
    """Examples as numbers.

    Args:
        units: Any.

    Returns:
        The numbers; the background is a class that is not scored.
    """
    names = sorted({u.label for u in units})
    labels = np.array([names.index(u.label) for u in units], dtype=np.int64)
    scored = [n for n, name in enumerate(names) if name != BACKGROUND]
    return Numbered(names, labels, [u.group for u in units], scored)


def learner_of(seen: Described, labels: NDArray[np.int64], classes: int) -> CheapLearner:
    """The quick learner on described examples.

    Args:
        seen: The examples.
        labels: (N,) class numbers.
        classes: Number of classes.

    Returns:
        The learner.
    """
    from pitmark.train.describe import vector_weights

    return CheapLearner(seen.vectors, labels, classes, weights=vector_weights())


def _evidence(
    project: ProjectStore, images: Sequence[LabeledImage], seen: Described, seed: int
) -> tuple[list[Evidence], list[str]]:
    """What is known about every class, and the classes that cannot be judged."""
    num = numbered(seen.units)
    learner = learner_of(seen, num.labels, len(num.names))
    doubts, unsure = doubts_of(project, images)
    trusted = np.array([(u.sha256, u.shape_index) not in unsure for u in seen.units])
    rounds = run_rounds(learner, num.groups, wanted=num.scored, seed=seed)
    gains = class_gains(
        rounds,
        num.labels,
        num.groups,
        scored=num.scored,
        trusted=trusted,
        counts={n: seen.counts[name] for n, name in enumerate(num.names)},
    )
    taken = mistaken_for(num.labels, _guesses(learner, num.groups, seed), num.names)
    rules = open_rules(project)
    out, left_out = [], []
    for number in num.scored:
        name, found = num.names[number], gains.get(number)
        if found is None or found.cases < 2:
            left_out.append(name)
            continue
        doubt = doubts.get(name)
        wrong = 1 - rounds[number].hits[:, -1].mean(axis=0)
        out.append(
            Evidence(
                name,
                found,
                doubts=0.0 if doubt is None else doubt.wrong,
                doubtful=0 if doubt is None else doubt.labels,
                rules=rules.get(name, ()),
                taken_for=taken.get(name),
                seen=_seen(wrong, seen.measures, num.labels == number),
            )
        )
    return out, left_out


def _seen(
    wrong: NDArray[np.float64],
    measures: Mapping[str, NDArray[np.float64]],
    mine: NDArray[np.bool_],
) -> HardToSee | None:
    judged = mine & np.isfinite(wrong)
    return hard_to_see(wrong[judged], {k: v[judged] for k, v in measures.items()})


def _guesses(learner: CheapLearner, groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    """(N,) class numbers by learners that have not seen the group; -1 where none could."""
    folds = own_folds(learner.labels, groups, seed=seed)
    out = np.full(len(folds), -1)
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(np.unique(learner.labels[train])) > 1:
            strength = learner.strength(train)
            out[test] = learner.values(train, test, strength=strength).argmax(axis=1)
    return np.asarray(out)
