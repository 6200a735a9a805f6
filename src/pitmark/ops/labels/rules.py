"""Find the rule at which labelers change from one class to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.labels.asked import Asked, things_asked, things_in_study
from pitmark.ops.labels.audit_record import audits, read_audit
from pitmark.ops.labels.rule_proposal import NearLimit, RuleProposal
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.quality.rules.features import (
    measure_image,
    measure_object,
    measured_features,
    mm_per_px,
)
from pitmark.quality.rules.search import Answers, Feature, find_rule
from pitmark.store.db import ProjectStore

_FEWEST_FLIPS = 3
_MOST_THINGS = 4000
_SHOWN = 12


def propose_rules(
    project: ProjectStore,
    classes: Sequence[str] = (),
    *,
    study: str | None = None,
    report: Reporter = silent,
    seed: int = 0,
) -> list[RuleProposal]:
    """For each pair of classes between which people change, the rule that explains it.

    Args:
        project: The project.
        classes: One class (against leaving it unmarked) or two; none takes all pairs that
            people gave to the same thing, or that the latest audit found in one group.
        study: Go by what was answered in this study instead of the labels of the project.
        report: Told of the progress.
        seed: Of folds and draws.

    Returns:
        One per pair, those with a limit first; empty where nobody ever disagrees.

    Raises:
        InvalidInputError: More than two classes, or one not in the label book.
        NotEnoughDataError: Nothing is labeled.
        NotFoundError: No such study.
    """
    things = things_asked(project) if study is None else things_in_study(project, study)
    if not things:
        raise NotEnoughDataError("nothing is labeled yet", hint="Label or import first.")
    pairs = [_asked_pair(project, classes)] if classes else _disputed(project, things)
    work = _Measurer(project, report)
    found = [_propose(things, pair, work, seed) for pair in pairs]
    order = {"limit": 0, "condition": 1, "no rule": 2, "cannot be said": 3}
    return sorted(found, key=lambda p: (order[p.search.verdict], -p.flips))


def _asked_pair(project: ProjectStore, classes: Sequence[str]) -> tuple[str, str]:
    if not 1 <= len(classes) <= 2 or len(set(classes)) < len(classes):
        raise InvalidInputError(
            f"a rule parts one class from being left unmarked, or two classes,"
            f" found {', '.join(classes) or 'none'}",
            hint="Name one class or two different ones.",
        )
    book = project.book.current()
    for name in classes:
        if name != NOTHING:
            book.entry(name)
    return (classes[0], classes[1]) if len(classes) == 2 else (NOTHING, classes[0])


def _disputed(project: ProjectStore, things: Sequence[Asked]) -> list[tuple[str, str]]:
    """Pairs of classes that people gave to the same thing, or that an audit grouped."""
    flips: Counter[tuple[str, str]] = Counter()
    for thing in things:
        given = sorted(set(thing.said.values()))
        flips.update((a, b) for n, a in enumerate(given) for b in given[n + 1 :])
    pairs = [p for p, count in flips.most_common() if count >= _FEWEST_FLIPS]
    for run in audits(project)[:1]:
        for group in read_audit(project, run)["groups"]:
            first, second = sorted(side["label"] for side in group["sides"])
            pairs.append((first, second))
    return list(dict.fromkeys(pairs))


class _Measurer:
    """Measures things once, image by image, whatever pairs they are asked for.

    Sizes are in mm where the size of a pixel is known of every image, else in px.
    """

    def __init__(self, project: ProjectStore, report: Reporter) -> None:
        self._load, self._report = pixel_loader(project), report
        self._book_scale = project.book.current().mm_per_px
        self._known: dict[int, dict[str, float]] = {}
        scales = [mm_per_px(r.metadata, self._book_scale) for r in project.images.iterate()]
        self.in_mm = bool(scales) and all(s is not None for s in scales)

    def scale(self, thing: Asked) -> float | None:
        """The size of a pixel in mm where sizes are given in mm."""
        metadata = thing.image.metadata
        return mm_per_px(metadata, self._book_scale) if self.in_mm else None

    def measure(self, things: Sequence[Asked]) -> list[dict[str, float]]:
        """What is measured on each thing; things of one image follow each other."""
        latest: tuple[str, Any] = ("", None)
        for n, thing in enumerate(things, start=1):
            if id(thing) in self._known:
                continue
            sha = thing.image.sha256
            if latest[0] != sha:
                latest = (sha, self._load(sha))
            self._known[id(thing)] = self._one(thing, latest[1])
            self._report(Progress("measure", n, len(things)))
        return [self._known[id(t)] for t in things]

    def _one(self, thing: Asked, pixels: Any) -> dict[str, float]:
        if thing.box_xyxy is None:
            return measure_image(pixels)
        return measure_object(
            thing.box_xyxy,
            thing.area_px,
            thing.image.size_wh,
            scale=self.scale(thing),
            pixels=pixels,
        )


@dataclass(frozen=True, eq=False)
class Gathered:
    """All answers about one pair of classes, with what was measured.

    `place` is the thing of each answer; `scale` the size of a pixel in mm where sizes are
    in mm.
    """

    things: tuple[Asked, ...]
    place: tuple[int, ...]
    answers: Answers
    features: tuple[Feature, ...]
    scale: float | None


def answers_about(
    project: ProjectStore,
    classes: Sequence[str],
    *,
    report: Reporter = silent,
    seed: int = 0,
) -> Gathered:
    """All answers about one pair of classes, as a rule is looked for in them.

    Args:
        project: The project.
        classes: One class (against leaving it unmarked) or two.
        report: Told of the progress.
        seed: Of the choice where there are more than 4,000 things.

    Returns:
        The answers with all features.

    Raises:
        InvalidInputError: Not one or two classes of the label book.
    """
    pair = _asked_pair(project, classes)
    return _gather(things_asked(project), pair, _Measurer(project, report), seed)


def _gather(
    things: Sequence[Asked], pair: tuple[str, str], work: _Measurer, seed: int
) -> Gathered:
    chosen = [t for t in things if any(label in pair for label in t.said.values())]
    if NOTHING in pair:
        # An object that somebody gave a third name is no question of marking it or not.
        chosen = [t for t in chosen if set(t.said.values()) <= set(pair)]
    if len(chosen) > _MOST_THINGS:
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.choice(len(chosen), _MOST_THINGS, replace=False))
        chosen = [chosen[int(k)] for k in kept]
    measured = work.measure(chosen)
    rows = [
        (n, who, label)
        for n, t in enumerate(chosen)
        for who, label in t.said.items()
        if label in pair
    ]
    answers = Answers(
        np.array([label == pair[1] for _, _, label in rows], dtype=bool),
        [chosen[n].image.group_key for n, _, _ in rows],
        [who for _, who, _ in rows],
    )
    features = measured_features(
        [measured[n] for n, _, _ in rows],
        "mm" if work.in_mm else "px",
        [chosen[n].image.metadata for n, _, _ in rows],
    )
    drawn = bool(chosen) and chosen[0].box_xyxy is not None
    scale = work.scale(chosen[0]) if drawn else None
    place = tuple(n for n, _, _ in rows)
    return Gathered(tuple(chosen), place, answers, tuple(features), scale)


def _propose(
    things: Sequence[Asked], pair: tuple[str, str], work: _Measurer, seed: int
) -> RuleProposal:
    found = _gather(things, pair, work, seed)
    search = find_rule(found.answers, found.features, seed=seed)
    flips = sum(len(set(t.said.values()) & set(pair)) == 2 for t in found.things)
    drawn = () if search.feature is None or search.feature.choices else search.feature.values
    values = tuple(
        (float(v), bool(s)) for v, s in zip(drawn, found.answers.second, strict=False)
    )
    return RuleProposal(
        first=pair[0],
        second=pair[1],
        search=search,
        things=len(found.things),
        answers=len(found.place),
        flips=flips,
        scale=found.scale,
        values=values,
        near=_near(search.proposed, values, found),
    )


def _near(
    limit: float | None, values: Sequence[tuple[float, bool]], found: Gathered
) -> tuple[NearLimit, ...]:
    """The things nearest to the limit: what a person should look at before deciding."""
    if limit is None:
        return ()
    value = {n: v for n, (v, _) in zip(found.place, values, strict=True)}
    nearest = sorted(value, key=lambda n: (abs(value[n] - limit), n))[:_SHOWN]
    return tuple(
        NearLimit(
            found.things[n].image.sha256,
            found.things[n].box_xyxy,
            value[n],
            dict(found.things[n].said),
        )
        for n in sorted(nearest, key=lambda n: value[n])
    )
