"""Slices of the data on which a model does worse than elsewhere, found and confirmed.

The cases are parted in two halves, whole groups together. Each half is searched for rules on
metadata and for regions of the embedding; what it finds is tested on the other half, which the
search did not see. A slice that passes there, over all that were tested, is confirmed; what
does not is at most a hint. Slices that say the same are told once.
Losses are any numbers, higher is worse; with 0 and 1 they are failures.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes
from pitmark.quality.slices.candidates import (
    Candidate,
    Known,
    candidates_of,
    first_half,
    judged,
)
from pitmark.quality.slices.columns import columns_of
from pitmark.quality.slices.comparison import Evidence
from pitmark.quality.slices.latent import Region, main_directions
from pitmark.quality.slices.overlap import told_once
from pitmark.quality.slices.stratified import false_discovery_levels
from pitmark.quality.slices.words import (
    Rule,
    Trait,
    region_words,
    rule_words,
    sentence,
    traits_of,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_HINTS = 5
_HINT_CHANCE = 0.1


@dataclass(frozen=True, eq=False)
class Cases:
    """What is searched: N cases of any kind (images, objects, records, clips).

    Attributes:
        loss: (N,) how bad the model was, higher is worse; 1 failed and 0 did not.
        columns: Name to (N,) texts or numbers; None, "" and nan mean unknown.
        groups: (N,) cases of one part never stand on both sides of a test; None: each is
            its own.
        embeddings: (N, D) from one model that saw no label, or None for rules alone.
        within: The column whose values are compared only with themselves.
    """

    loss: NDArray[Any]
    columns: Mapping[str, Sequence[Any] | NDArray[Any]]
    groups: Sequence[Hashable] | None = None
    embeddings: NDArray[np.floating] | None = None
    within: str = "class"


@dataclass(frozen=True, slots=True)
class SliceOptions:
    """How to search.

    Attributes:
        least_cases: Smallest slice; None takes 10, or a five-hundredth of all cases.
        depth: Most conditions of a rule, 1 to 3.
        false_discovery_rate: Share of confirmed slices that may be chance, in (0, 1).
        seed: Of the halves.
    """

    least_cases: int | None = None
    depth: int = 3
    false_discovery_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 3:
            raise InvalidInputError(f"a rule has 1 to 3 conditions, found {self.depth}")
        if not 0 < self.false_discovery_rate < 1:
            raise InvalidInputError(
                "the false discovery rate lies between 0 and 1,"
                f" found {self.false_discovery_rate}"
            )
        if self.least_cases is not None and self.least_cases < 4:
            raise InvalidInputError(f"a slice needs at least 4 cases, found {self.least_cases}")


@dataclass(frozen=True, eq=False)
class Slice:
    """One weak slice: what it is, how large, and how much worse it is.

    Attributes:
        rule: Column and value of each condition; of a region the class that it lies in.
        region: The region, or None for a rule.
        traits: What sets a region apart, by metadata and image properties.
        members: Its cases among all, the deepest (or worst) first.
        losses: Sum of their losses.
        evidence: On cases that the search which found it had not seen.
        q_value: The share of false discoveries among this and all stronger slices.
        confirmed: Whether it may be shown as true.
        failures: Whether losses are 0 and 1.
        across: Compared with all other cases, not within strata.
    """

    rule: Rule
    region: Region | None
    traits: tuple[Trait, ...]
    members: Ints
    losses: float
    evidence: Evidence
    q_value: float
    confirmed: bool
    failures: bool
    across: bool = False

    @property
    def cases(self) -> int:
        """How many cases it holds."""
        return len(self.members)

    @property
    def rate(self) -> float:
        """Mean loss inside, on cases that the search had not seen."""
        return self.evidence.inside

    @property
    def rate_outside(self) -> float:
        """That of the same strata elsewhere."""
        return self.evidence.outside

    @property
    def name(self) -> str:
        """The slice in a few words."""
        if self.region is None:
            return rule_words(self.rule)
        return region_words(self.rule, self.traits)

    def sentence(self) -> str:
        """The slice in words, with its figures."""
        return sentence(
            self.name, self.evidence, confirmed=self.confirmed, failures=self.failures
        )

    def to_json(self) -> dict[str, object]:
        """The slice as plain JSON types; `members` are positions among the cases."""
        return {
            "kind": "rule" if self.region is None else "look",
            "name": self.name,
            "rule": dict(self.rule),
            "traits": [t.to_json() for t in self.traits],
            "cases": self.cases,
            "failures" if self.failures else "loss": self.losses,
            "rate": self.rate,
            "rate_outside": self.rate_outside,
            "evidence": self.evidence.to_json(),
            "q_value": self.q_value,
            "confirmed": self.confirmed,
            "sentence": self.sentence(),
        }


def find_slices(cases: Cases, options: SliceOptions | None = None) -> list[Slice]:
    """The slices that do worse than the rest, confirmed ones first, strongest first.

    Args:
        cases: What to search.
        options: How.

    Returns:
        Confirmed slices, then at most five hints.

    Raises:
        InvalidInputError: The parts of `cases` do not fit together.
    """
    how = options or SliceOptions()
    known = _checked(cases, how)
    count = len(known.loss)
    if count < 4 * known.least or np.ptp(known.loss) == 0:
        return []
    first = first_half(known.groups, how.seed)
    candidates = [
        candidate
        for half in (first, ~first)
        for candidate in candidates_of(known, half, depth=how.depth, seed=how.seed)
    ]
    levels = false_discovery_levels([c.evidence.p_value for c in candidates])
    paired = list(zip(candidates, levels.tolist(), strict=True))
    limit = how.false_discovery_rate
    sure = _once([p for p in paired if p[1] <= limit], known, ())
    weak = [p for p in paired if p[1] > limit and p[0].evidence.p_value <= _HINT_CHANCE]
    hints = _once(weak, known, [c for c, _ in sure])[:_MOST_HINTS]
    binary = bool(np.isin(known.loss, (0.0, 1.0)).all())
    return [
        _slice(c, q, known, confirmed=confirmed, failures=binary)
        for confirmed, group in ((True, sure), (False, hints))
        for c, q in group
    ]


def weak_slices(
    failed: NDArray[np.bool_],
    metadata: Sequence[Mapping[str, object]],
    *,
    within: str = "class",
    least_cases: int = 10,
    false_discovery_rate: float = 0.1,
) -> list[Slice]:
    """Confirmed slices by metadata alone, strongest first.

    Args:
        failed: (N,) whether each case (an image, an object) was judged wrongly.
        metadata: Per case, name to value.
        within: The column whose values are judged apart where cases have it.
        least_cases: Smallest slice worth telling.
        false_discovery_rate: In (0, 1); slices beyond it are not told.

    Returns:
        The slices.

    Raises:
        InvalidInputError: Another number of cases than of metadata.
    """
    if len(failed) != len(metadata):
        raise InvalidInputError(f"{len(failed)} cases but metadata of {len(metadata)}")
    columns = columns_by_name(metadata)
    how = SliceOptions(least_cases, false_discovery_rate=false_discovery_rate)
    return [s for s in find_slices(Cases(failed, columns, within=within), how) if s.confirmed]


def columns_by_name(metadata: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Metadata of N cases, column by column.

    Args:
        metadata: (N,) name to value.

    Returns:
        Name to (N,) values, None where a case has none.
    """
    names = sorted({name for row in metadata for name in row})
    return {name: [row.get(name) for row in metadata] for name in names}


def _checked(cases: Cases, how: SliceOptions) -> Known:
    loss = np.asarray(cases.loss, dtype=np.float64)
    count = len(loss)
    if not np.isfinite(loss).all():
        raise InvalidInputError("a loss is no number")
    sizes = {"groups": cases.groups, "embeddings": cases.embeddings}
    for name, values in sizes.items():
        if values is not None and len(values) != count:
            raise InvalidInputError(f"{count} cases but {name} of {len(values)}")
    least = how.least_cases or max(10, count // 500)
    columns = columns_of(cases.columns, count, least_cases=least)
    groups = group_codes(cases.groups) if cases.groups is not None else np.arange(count)
    strata = np.zeros(count, dtype=np.int64)
    if cases.within in cases.columns:
        strata = group_codes([str(v) for v in cases.columns[cases.within]])
    looks = None
    if cases.embeddings is not None and count >= 4 * least:
        looks = main_directions(cases.embeddings)
    return Known(loss, columns, groups, strata, looks, least, cases.within)


def _once(
    paired: Sequence[tuple[Candidate, float]], known: Known, kept: Sequence[Candidate]
) -> list[tuple[Candidate, float]]:
    """Without those that tell again what a stronger one told; the same rule counts twice."""
    same: dict[object, tuple[Candidate, float]] = {}
    for candidate, q in sorted(paired, key=lambda p: p[0].evidence.p_value):
        rule = (candidate.conditions, candidate.across)
        key = rule if candidate.region is None else candidate
        if key in same:
            # Found in either half, so every case was judged by a search that had not seen it.
            whole = np.ones(len(known.loss), dtype=bool)
            picked = (candidate.conditions, None, candidate.member)
            both = judged(picked, known, whole, across=candidate.across)
            same[key] = (both, same[key][1])
        else:
            same[key] = (candidate, q)
    alone = list(same.values())
    out: list[tuple[Candidate, float]] = []
    # A class that is weak only through a slice within it is not told as well.
    for across in (False, True):
        part = [p for p in alone if p[0].across == across]
        strata = np.zeros_like(known.strata) if across else known.strata
        members = [c.member for c, _ in part]
        chosen = told_once(
            members,
            [c.evidence.p_value for c, _ in part],
            known=(known.loss, strata, known.groups),
            before=[c.member for c in (*kept, *(c for c, _ in out))],
            plain=[c.region is None for c, _ in part],
        )
        out += [part[n] for n in chosen]
    return sorted(out, key=lambda p: (p[1], p[0].evidence.p_value))


def _slice(
    found: Candidate, q: float, known: Known, *, confirmed: bool, failures: bool
) -> Slice:
    members = np.flatnonzero(found.member)
    deepest = known.loss[members]
    traits: tuple[Trait, ...] = ()
    if found.region is not None and known.looks is not None:
        deepest = found.region.depth(known.looks[members])
        # Beside cases of its own class: that it is of this class sets nothing apart.
        among = found.stratum(known)
        traits = traits_of(found.member, known.columns, known.groups, among=among)
    return Slice(
        tuple((c.name, c.value) for c in found.conditions),
        found.region,
        traits,
        members[np.argsort(-deepest, kind="stable")],
        float(known.loss[members].sum()),
        found.evidence,
        q,
        confirmed,
        failures,
        found.across,
    )
