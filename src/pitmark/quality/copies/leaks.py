"""Images on both sides of a split: a model is then tested on what it has learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pitmark.core.records import SPLITS, Split
from pitmark.quality.copies.duplicates import DuplicatePair


@dataclass(frozen=True, slots=True)
class Leak:
    """An image held out for judging, and one like it that the model has learned from.

    `similarity` is in [0, 1], larger is more alike; 1 for images of one group.
    """

    test_key: str
    train_key: str
    similarity: float
    why: str


def find_leaks(
    pairs: Iterable[DuplicatePair],
    splits: Mapping[str, Split],
    groups: Mapping[str, str] | None = None,
) -> list[Leak]:
    """Duplicates and parts of one group that lie on both sides of a split.

    A validation image like a training image is a leak, too, and so is a test image like a
    validation image, by which the threshold was chosen.

    Args:
        pairs: Duplicates as found.
        splits: By key; images without a split are not judged.
        groups: Name of the part, lot or time run by key; images without are absent.

    Returns:
        One leak per pair, and one per held-out image of a torn group that no pair tells
        of, most alike first.
    """
    known = groups or {}
    leaks = []
    for pair in pairs:
        if pair.first not in splits or pair.second not in splits:
            continue
        if splits[pair.first] != splits[pair.second]:
            learned, held_out = sorted(
                (pair.first, pair.second), key=lambda k: SPLITS.index(splits[k])
            )
            why = f"{_sides(splits, learned, held_out)}: {pair.why}{_torn(known, pair)}"
            leaks.append(Leak(held_out, learned, pair.similarity, why))
    told = {leak.test_key for leak in leaks}
    leaks += [leak for leak in _group_leaks(splits, known) if leak.test_key not in told]
    return sorted(leaks, key=lambda leak: (-leak.similarity, leak.test_key, leak.train_key))


def _group_leaks(splits: Mapping[str, Split], groups: Mapping[str, str]) -> list[Leak]:
    members = defaultdict(list)
    for key in sorted(splits):
        if key in groups:
            members[groups[key]].append(key)
    leaks = []
    for name, keys in members.items():
        learned = min(keys, key=lambda k: SPLITS.index(splits[k]))
        for key in keys:
            if splits[key] != splits[learned]:
                why = f"{_sides(splits, learned, key)}: both belong to group {name!r}"
                leaks.append(Leak(key, learned, 1.0, why))
    return leaks


def _sides(splits: Mapping[str, Split], learned: str, held_out: str) -> str:
    return f"in {splits[held_out]} and in {splits[learned]}"


def _torn(groups: Mapping[str, str], pair: DuplicatePair) -> str:
    first, second = groups.get(pair.first), groups.get(pair.second)
    if first is None or second is None or first == second:
        return ""
    return f"; their groups {first!r} and {second!r} may be one"
