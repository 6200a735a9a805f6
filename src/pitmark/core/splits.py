"""Splits that neither leak nor tilt: whole groups, balanced classes, no chance.

The same images, groups and seed give the same splits on every machine. Images of one
group (the same part, its exposures, its neighbors in time) always stay together.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitmark.core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class SplitItem:
    """One image to be placed: its key, its group, and the classes that occur in it."""

    key: str
    group: str
    classes: tuple[str, ...]


def assign_parts(
    items: Sequence[SplitItem],
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    fixed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Which part (split or fold) each image belongs to.

    Groups with the rarest classes are placed first, each where it is missed most.
    Source: the greedy idea of iterative stratification (Sechidis et al., 2011), applied
    to groups.

    Args:
        items: The images; keys must be unique.
        shares: Part name to its share of the images, each >= 0, summing to 1.
        seed: Another seed gives another assignment.
        fixed: Groups whose part is decided already (they keep it when data is added).

    Returns:
        Image key to part name.

    Raises:
        InvalidInputError: Shares do not sum to 1, or a key occurs twice.
    """
    if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0:
        raise InvalidInputError(f"shares must be at least 0 and sum to 1, found {dict(shares)}")
    if len({i.key for i in items}) != len(items):
        raise InvalidInputError("an image occurs twice among the images to split")
    members: dict[str, list[SplitItem]] = defaultdict(list)
    for item in items:
        members[item.group].append(item)
    strata = {i.key: i.classes or ("",) for i in items}
    totals = Counter(c for i in items for c in strata[i.key])
    need = {p: {c: s * n for c, n in totals.items()} for p, s in shares.items()}
    room = {p: s * len(items) for p, s in shares.items()}

    def rank(group: str) -> tuple[int, int, str]:
        rarest = min(totals[c] for i in members[group] for c in strata[i.key])
        return rarest, -len(members[group]), _draw(seed, group)

    placed: dict[str, str] = {}
    known = fixed or {}
    for group in sorted(members, key=lambda g: (g not in known, *rank(g))):
        counts = Counter(c for i in members[group] for c in strata[i.key])
        part = known.get(group) or _neediest(
            counts, need, room, size=len(members[group]), salt=_draw(seed, group)
        )
        if part not in shares:
            raise InvalidInputError(f"group {group!r} is fixed to unknown {part!r}")
        placed[group] = part
        room[part] -= len(members[group])
        for name, count in counts.items():
            need[part][name] -= count
    return {i.key: placed[i.group] for i in items}


def assign_folds(items: Sequence[SplitItem], folds: int, *, seed: int = 0) -> list[int]:
    """The fold of each image for out-of-fold predictions, whole groups together.

    Args:
        items: The images.
        folds: How many folds, at least 2.
        seed: Another seed gives other folds.

    Returns:
        One fold number in [0, folds) per image, in the order given; with fewer groups
        than folds some folds stay empty.

    Raises:
        InvalidInputError: Fewer than two folds.
    """
    if folds < 2:
        raise InvalidInputError(f"folds must be at least 2, found {folds}")
    parts = assign_parts(items, {str(f): 1 / folds for f in range(folds)}, seed=seed)
    return [int(parts[i.key]) for i in items]


def _neediest(
    counts: Counter[str],
    need: Mapping[str, Mapping[str, float]],
    room: Mapping[str, float],
    *,
    size: int,
    salt: str,
) -> str:
    """The part that misses these classes most, measured against what it should hold."""

    def appeal(part: str) -> tuple[bool, float, float, str]:
        rarest = min(counts, key=lambda c: (sum(n[c] for n in need.values()), c))
        fits = room[part] >= min(size, 1) * 0.5
        return (
            fits,
            round(need[part][rarest], 9),
            round(room[part], 9),
            _draw(salt, part),
        )

    return max(need, key=appeal)


def _draw(*parts: object) -> str:
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()
