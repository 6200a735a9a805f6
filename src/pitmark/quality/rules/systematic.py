"""Labels that differ not by chance but by rule: by labeler, date, label-book revision, camera.

Thirty labels of one class that one person gives by another rule are thirty faults to a search
that looks at one label at a time. Here things that look alike are compared with each
other: where two classes meet, does it depend on anything but the look which of the two is
used? The answer is one group with its two sides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults.label_neighbors import unit_rows
from pitmark.quality.faults.look_alikes import Meeting, cells, meetings
from pitmark.quality.group_codes import group_codes
from pitmark.quality.rules.vote_sides import LEAST_VOTES, sides_by, sides_by_sets
from pitmark.quality.slices.stratified import Strata, false_discovery_levels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# One false group in a hundred audits is what a person's trust bears.
LEVEL = 0.01
LEAST_DIFFERENCE = 0.25
_LEAST_SURE = 0.1
# Below so many standard deviations the exact test is not worth its time.
_PROMISING_Z = 2.5


@dataclass(frozen=True, eq=False)
class Votes:
    """What V answers said about N things.

    Attributes:
        thing: (V,) which thing; several labelers may speak of one.
        label: (V,) index of the class.
        columns: Name to (V,) texts (empty where unknown) or numbers, such as labeler,
            revision, date, camera.
        groups: (N,) the physical part of each thing.
        ordered: Names of columns of texts whose order means something, such as dates.
    """

    thing: Ints
    label: Ints
    columns: Mapping[str, NDArray[Any]]
    groups: Sequence[Hashable]
    ordered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sides: whose votes, for which class, how many of how many."""

    condition: str
    label: str
    votes: int
    total: int
    share: float


@dataclass(frozen=True, slots=True)
class InconsistentGroup:
    """Things that look alike and are labeled by two rules.

    Attributes:
        deviating: The side with fewer votes; it calls the things by another class.
        others: The other side, by its own class.
        column: By what they differ, such as labeler.
        difference: How much more often the first side uses its class than the others do,
            look by look, in [0, 1]; with `low` and `high` of the 95 % interval.
        level: The share of false groups one accepts by taking this one for real.
        also: Other columns that part the same classes.
        members: Votes of the first side for its class; rows.
        counterparts: As many votes of the others for theirs, each the one most alike.
        votes: All votes where the two classes meet on both sides.
    """

    deviating: Side
    others: Side
    column: str
    difference: float
    low: float
    high: float
    level: float
    also: tuple[str, ...]
    members: tuple[int, ...]
    counterparts: tuple[int, ...]
    votes: tuple[int, ...]

    @property
    def member_chance(self) -> float:
        """How likely a member has its class by the deviating rule alone, in [0, 1].

        The share of the first side's votes beyond what the others give to such looks.
        """
        own, theirs = self.deviating.share, 1 - self.others.share
        return max(0.0, (own - theirs) / own) if own > 0 else 0.0

    def sentence(self) -> str:
        """The group in words, with figures."""
        one, two = self.deviating, self.others
        theirs = f"{two.total - two.votes} of {two.total}"
        chance = "0.0001" if self.level < 1e-4 else f"{self.level:.1g}"
        told = (
            f"{one.label} or {two.label}? {len(self.votes)} labels of things that look alike:"
            f" {one.condition} {one.votes} of {one.total} {one.label}, {two.condition}"
            f" {theirs}; {100 * self.difference:.0f} points apart (between"
            f" {100 * self.low:.0f} and {100 * self.high:.0f});"
            f" chance {'below' if self.level < 1e-4 else 'about'} {chance}"
        )
        return f"{told}; the same by {', '.join(self.also)}" if self.also else told


@dataclass(frozen=True, eq=False)
class _Tested:
    """One comparison where two classes meet; arrays hold for the votes there.

    `rows` are the votes that count once per part, side and answer; `usual` is the
    odds ratio that is no surprise. The sides were chosen among `trials` that were possible.
    """

    meeting: Meeting
    column: str
    condition: tuple[str, str]
    side: NDArray[np.bool_]
    hit: NDArray[np.bool_]
    cell: Ints
    rows: Ints
    usual: float
    strata: Strata
    p_value: float
    trials: int

    def without(self, gone: NDArray[np.bool_]) -> _Tested:
        """The same comparison without votes that another group explains.

        Args:
            gone: (V,) of all votes.
        """
        rows = self.rows[~gone[self.meeting.votes[self.rows]]]
        strata = Strata.of(self.side[rows], self.hit[rows], self.cell[rows])
        p_value = min(1.0, self.trials * strata.p_value(self.usual))
        return replace(self, rows=rows, strata=strata, p_value=p_value)


def inconsistent_groups(
    votes: Votes,
    embeddings: NDArray[np.floating],
    classes: Sequence[str],
    *,
    log_probs: NDArray[np.floating] | None = None,
) -> list[InconsistentGroup]:
    """Groups of things alike whose class depends on who, when or where, strongest first.

    Cells of up to 16 things that look alike are tested together by an exact test; over
    all pairs of classes, columns and values the share of false groups is held below one in
    a hundred. What a side uses more often among clear things already (its parts are
    others) is no surprise and is taken off.

    Args:
        votes: What was said about the things.
        embeddings: (N, D) of the things, all from one model that saw no label.
        classes: (K,) names.
        log_probs: (N, K) log class probabilities out of fold, or None.

    Returns:
        At most one group per pair of classes.

    Raises:
        InvalidInputError: The arrays do not fit together.
    """
    _check(votes, embeddings, classes)
    found: list[_Tested] = []
    met = meetings(embeddings, votes.thing, votes.label, votes.groups, least=LEAST_VOTES)
    for meeting in met:
        found += _compare(meeting, votes, embeddings, log_probs)
    levels = false_discovery_levels([t.p_value for t in found])
    sure = [(t, float(q)) for t, q in zip(found, levels, strict=True) if q <= LEVEL]
    sure.sort(key=lambda t: (t[0].p_value, -abs(t[0].strata.difference()[0])))
    limit = max((t.p_value for t, _ in sure), default=0.0)
    gone = np.zeros(len(votes.thing), dtype=bool)
    out: list[InconsistentGroup] = []
    done: set[tuple[int, int]] = set()
    for first, level in sure:
        pair = (first.meeting.first, first.meeting.second)
        test = first.without(gone) if out else first
        if pair in done or test.p_value > limit or not _matters(test.strata):
            continue
        done.add(pair)
        also = [t.column for t, _ in sure if t.meeting is first.meeting and _matters(t.strata)]
        others = tuple(c for c in dict.fromkeys(also) if c != first.column)
        group, told = _group(test, level, others, votes, embeddings, classes)
        gone[told] = True
        out.append(group)
    return out


def _check(votes: Votes, embeddings: NDArray[np.floating], classes: Sequence[str]) -> None:
    count = len(votes.thing)
    if embeddings.ndim != 2 or len(votes.groups) != len(embeddings):
        raise InvalidInputError(
            f"embeddings {embeddings.shape} and {len(votes.groups)} groups do not fit"
        )
    sizes = {name: len(column) for name, column in votes.columns.items()}
    if any(size != count for size in [len(votes.label), *sizes.values()]):
        raise InvalidInputError(f"{count} votes need as many labels and columns, found {sizes}")
    if count and not 0 <= votes.label.min() <= votes.label.max() < len(classes):
        raise InvalidInputError(f"a vote names a class beyond the {len(classes)} given")
    if count and not 0 <= votes.thing.min() <= votes.thing.max() < len(embeddings):
        raise InvalidInputError(f"a vote names a thing beyond the {len(embeddings)} given")


def _compare(
    meeting: Meeting,
    votes: Votes,
    embeddings: NDArray[np.floating],
    log_probs: NDArray[np.floating] | None,
) -> Iterator[_Tested]:
    """All columns and values at one meeting of two classes."""
    rows = meeting.votes
    things = votes.thing[rows]
    odds = None
    if log_probs is not None:
        known = np.clip(np.nan_to_num(log_probs[things], neginf=-20.0), -20.0, 0.0)
        odds = known[:, meeting.second] - known[:, meeting.first]
    cell = cells(embeddings[things], odds)
    hit = votes.label[rows] == meeting.second
    parts = group_codes([votes.groups[t] for t in things])
    pair = (votes.label == meeting.first) | (votes.label == meeting.second)
    clear = np.setdiff1d(np.flatnonzero(pair), rows, assume_unique=True)
    for name, column in votes.columns.items():
        told = name in votes.ordered
        sides = [(c, w, 1) for c, w in sides_by(name, column, rows, ordered=told)]
        sides += [] if told else sides_by_sets(name, column, rows, hit)
        for condition, whole, trials in sides:
            side = whole[rows]
            once = _once(parts, side, hit)
            strata = Strata.of(side[once], hit[once], cell[once])
            score = strata.z_score()
            usual = 1.0
            if abs(score) < _PROMISING_Z:
                p_value = float(2 * scipy.stats.norm.sf(abs(score)))
            else:
                usual = _usual_odds(whole[clear], votes.label[clear] == meeting.second, score)
                p_value = strata.p_value(usual)
            p_value = min(1.0, trials * p_value)
            yield _Tested(
                meeting, name, condition, side, hit, cell, once, usual, strata, p_value, trials
            )


def _once(parts: Ints, side: NDArray[np.bool_], hit: NDArray[np.bool_]) -> Ints:
    """One vote per part, side and answer: exposures of a part prove nothing twice."""
    key = (parts * 2 + side) * 2 + hit
    return np.asarray(np.unique(key, return_index=True)[1], dtype=np.int64)


def _usual_odds(side: NDArray[np.bool_], hit: NDArray[np.bool_], score: float) -> float:
    """The odds ratio among clear things, as far as it explains what is seen."""
    counts = np.array(
        [(side & hit).sum(), (side & ~hit).sum(), (~side & hit).sum(), (~side & ~hit).sum()]
    )
    table = counts + 0.5
    ratio = float(np.log(table[0] * table[3] / (table[1] * table[2])))
    ratio = float(np.sign(ratio)) * max(abs(ratio) - float(np.sqrt((1 / table).sum())), 0.0)
    return float(np.exp(np.clip(ratio, -12, 12))) if ratio * score > 0 else 1.0


def _matters(strata: Strata) -> bool:
    value, low, high = strata.difference()
    nearest = low if value > 0 else -high
    return abs(value) >= LEAST_DIFFERENCE and nearest >= _LEAST_SURE


def _group(
    test: _Tested,
    level: float,
    also: tuple[str, ...],
    votes: Votes,
    embeddings: NDArray[np.floating],
    classes: Sequence[str],
) -> tuple[InconsistentGroup, Ints]:
    """The group of a test, told from the side with fewer votes of its own kind.

    Also all votes that it explains: those of both sides for the class that they favor.
    """
    size = int(test.cell.max()) + 1
    seen = test.cell[test.rows]
    both = np.bincount(seen[test.side[test.rows]], minlength=size) > 0
    both &= np.bincount(seen[~test.side[test.rows]], minlength=size) > 0
    rows, side = test.meeting.votes[both[test.cell]], test.side[both[test.cell]]
    value, low, high = test.strata.difference()
    pair = (test.meeting.first, test.meeting.second)
    favored, rest = pair[::-1] if value > 0 else pair
    own, other = side & (votes.label[rows] == favored), ~side & (votes.label[rows] == rest)
    told = rows[own | other]
    shares = test.strata.shares()
    shares = shares if value > 0 else (1 - shares[0], 1 - shares[1])
    one = Side(test.condition[0], classes[favored], int(own.sum()), int(side.sum()), shares[0])
    two = Side(
        test.condition[1], classes[rest], int(other.sum()), int((~side).sum()), 1 - shares[1]
    )
    if own.sum() > other.sum():
        one, two, own, other = two, one, other, own
    members, partners = _pairs(rows[own], rows[other], votes.thing, embeddings)
    if value < 0:
        low, high = -high, -low
    alike = tuple(int(r) for r in rows)
    return InconsistentGroup(
        one, two, test.column, abs(value), low, high, level, also, members, partners, alike
    ), told


def _pairs(
    own: Ints, other: Ints, thing: Ints, embeddings: NDArray[np.floating]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The votes of one side, clearest pairs first, each with the most alike of the other."""
    if not len(other):
        return tuple(int(r) for r in own), ()
    both = unit_rows(embeddings[thing[np.concatenate([own, other])]])
    cosine = both[: len(own)] @ both[len(own) :].T
    nearest = cosine.argmax(axis=1)
    order = np.argsort(-cosine[np.arange(len(own)), nearest], kind="stable")
    members = tuple(int(own[i]) for i in order)
    return members, tuple(int(other[nearest[i]]) for i in order)
