"""Which images belong to one part, lot, position or time run: candidates with reasons.

A candidate groups the images by a piece of their names, by metadata, or by likeness. It is
judged by links: pairs of images that look alike (duplicates, and each image's nearest one).
A good key holds most links inside its groups (`held`, 0 to 1) although two images drawn at
random seldom fall into one (`lift`, how many times more often linked images share a group
than chance would have it). The score is held times the logarithm of lift; larger is better.
A key that is nothing but the class is no candidate.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from pitmark.core.errors import InvalidInputError

Links = Sequence[tuple[int, int]]
Groups = tuple[str | None, ...]

_FIELD = re.compile(r"\d+|[A-Za-z]+")
_PIECES = re.compile(r"[_\-. ]+")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])")
SIMILARITY = "similarity"
_TRAINED = 0.7
_LEAST_LIFT = 1.5
_LEAST_HELD = 0.2
_LARGEST_SHARE = 0.6
_MOST_COLUMNS = 6
# A gap in a counter that is so many times the usual step begins another run.
_GAP = 8.0


@dataclass(frozen=True, slots=True)
class GroupKey:
    """One way to group the images.

    `key` names it for accepting, `groups` holds one name per image, None for images that
    it says nothing of. `leaked` is the share of held-out images that a random split
    (70 % for training) would leave with a relative in training.
    """

    key: str
    groups: Groups
    count: int
    largest: int
    held: float
    lift: float
    leaked: float
    why: str

    @property
    def score(self) -> float:
        """How well it explains which images look alike; 0 where nothing is known."""
        return self.held * float(np.log(self.lift)) if self.lift > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """All but the groups themselves as plain JSON types."""
        return {
            "key": self.key,
            "groups": self.count,
            "largest": self.largest,
            "held": round(self.held, 3),
            "lift": round(self.lift, 1),
            "leaked": round(self.leaked, 3),
            "score": round(self.score, 3),
            "why": self.why,
        }


def propose_group_keys(
    names: Sequence[str],
    metadata: Sequence[Mapping[str, object]],
    links: Links,
    *,
    alike: Sequence[Iterable[int]] = (),
    classes: Sequence[str | None] | None = None,
) -> list[GroupKey]:
    """Ranked candidates for the group of an image.

    Args:
        names: (N,) file names, with folders.
        metadata: (N,) what else is known of each image.
        links: Pairs of positions of images that look alike.
        alike: Groups of positions that show the same thing, as found by likeness.
        classes: (N,) the class of each image, None where unlabeled; None if there are none.

    Returns:
        The candidates, best first; none where nothing explains the links.

    Raises:
        InvalidInputError: Lengths that differ.
    """
    if not len(names) == len(metadata) == (len(classes) if classes is not None else len(names)):
        raise InvalidInputError(
            f"{len(names)} names, {len(metadata)} rows of metadata and the classes differ"
        )
    found = []
    seen: set[tuple[int, ...]] = set()
    for key, told, groups in _candidates(names, metadata, alike):
        codes = _codes(groups)
        if codes in seen or not _sensible(groups, classes):
            continue
        seen.add(codes)
        found.append(_judged(key, told, groups, links))
    useful = [k for k in found if k.lift >= _LEAST_LIFT and k.held >= _LEAST_HELD]
    return sorted(useful, key=lambda k: (-round(k.score, 3), k.count, k.key))


def grouping_of(
    key: str,
    names: Sequence[str],
    metadata: Sequence[Mapping[str, object]],
    *,
    alike: Sequence[Iterable[int]] = (),
) -> Groups:
    """The groups that a key gives.

    Args:
        key: As in a proposal, or "metadata:A,B" of any columns.
        names: (N,) file names.
        metadata: (N,) what else is known.
        alike: As for `propose_group_keys`.

    Returns:
        (N,) names of groups, None for images that the key says nothing of.

    Raises:
        InvalidInputError: The images have no such key.
    """
    known = {k: groups for k, _, groups in _candidates(names, metadata, alike)}
    kind, _, rest = key.partition(":")
    if kind == "metadata" and key not in known:
        groups = _by_columns(metadata, rest.split(","))
        if any(groups):
            return groups
    if key not in known:
        raise InvalidInputError(
            f"the images have no group key {key!r}",
            hint=f"There is: {', '.join(sorted(known)) or 'none'}.",
        )
    return known[key]


def share_leaked(groups: Sequence[str | None], trained: float = _TRAINED) -> float:
    """What a random split would leak.

    Args:
        groups: (N,) groups, None for images on their own.
        trained: Share of the images that a model learns from.

    Returns:
        Share of held-out images with at least one image of their group in training.
    """
    sizes = Counter(g for g in groups if g is not None)
    lost = [1 - (1 - trained) ** (sizes[g] - 1) if g is not None else 0.0 for g in groups]
    return float(np.mean(lost)) if lost else 0.0


def _candidates(
    names: Sequence[str],
    metadata: Sequence[Mapping[str, object]],
    alike: Sequence[Iterable[int]],
) -> Iterable[tuple[str, str, Groups]]:
    """Key, what the images of a group have in common in words, and the groups."""
    yield from _by_metadata(metadata)
    stems = [n.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0] for n in names]
    folders = [n.replace("\\", "/").rpartition("/")[0] for n in names]
    yield "name:folder", "that lie in one folder", tuple(f or None for f in folders)
    for back in (1, 2, 3):
        told = "whose names begin alike up to the last" + (f" {back}" if back > 1 else "")
        told += " separators" if back > 1 else " separator (_, -, . or blank)"
        yield f"name:start-{back}", told, tuple(_start(s, back) for s in stems)
    yield from _by_fields(stems)
    yield "name:day", "of one day, by the date in the name", tuple(_day(n) for n in names)
    yield from _by_runs(stems)
    groups: list[str | None] = [None] * len(names)
    for number, members in enumerate(alike):
        for place in members:
            groups[place] = f"alike {number + 1}"
    yield SIMILARITY, "that show the same thing by likeness alone", tuple(groups)


def _by_metadata(
    metadata: Sequence[Mapping[str, object]],
) -> Iterable[tuple[str, str, Groups]]:
    columns = sorted({c for row in metadata for c in row} - {"split"})
    single = {c: _by_columns(metadata, [c]) for c in columns}
    for column, groups in single.items():
        yield f"metadata:{column}", f"that agree in {column}", groups
    usable = [c for c in columns if 1 < len(set(single[c]) - {None}) < len(metadata) / 2]
    for pair in combinations(usable[:_MOST_COLUMNS], 2):
        told = f"that agree in {pair[0]} and {pair[1]}"
        yield f"metadata:{','.join(pair)}", told, _by_columns(metadata, pair)


def _by_columns(metadata: Sequence[Mapping[str, object]], columns: Sequence[str]) -> Groups:
    return tuple(
        "/".join(str(row[c]) for c in columns) if all(c in row for c in columns) else None
        for row in metadata
    )


def _start(stem: str, back: int) -> str | None:
    places = [m.start() for m in _PIECES.finditer(stem)]
    return stem[: places[-back]] or None if len(places) >= back else None


def _day(name: str) -> str | None:
    found = _DAY.search(name)
    return "-".join(found.groups()) if found else None


def _by_fields(stems: Sequence[str]) -> Iterable[tuple[str, str, Groups]]:
    """Names of one pattern: each piece that varies (letters or a counter) is a candidate."""
    fields = [_FIELD.findall(s) for s in stems]
    shape = Counter(len(f) for f in fields).most_common(1)
    width = shape[0][0] if shape else 0
    for place in range(width):
        groups = tuple(f[place] if len(f) == width else None for f in fields)
        before = Counter(f[place - 1] for f in fields if len(f) == width and place)
        common = before.most_common(1)
        said = f" (behind {common[0][0]!r})" if common and common[0][0].isalpha() else ""
        told = f"that agree in piece {place + 1} of the name{said}"
        yield f"name:piece-{place + 1}", told, groups


def _by_runs(stems: Sequence[str]) -> Iterable[tuple[str, str, Groups]]:
    """Runs of the last counter of the name, cut where it jumps."""
    counters = [re.findall(r"\d+", s) for s in stems]
    known = sorted({int(c[-1]) for c in counters if c and len(c[-1]) < 16})
    if len(known) < 4:
        return
    steps = np.diff(known)
    far = _GAP * max(float(np.median(steps)), 1.0)
    run = dict(zip(known, np.r_[0, np.cumsum(steps > far)].tolist(), strict=True))
    groups = tuple(
        f"run {run[int(c[-1])] + 1}" if c and len(c[-1]) < 16 else None for c in counters
    )
    yield "name:run", "whose last number belongs to one run without a gap", groups


def _codes(groups: Groups) -> tuple[int, ...]:
    known: dict[str, int] = {}
    return tuple(-1 if g is None else known.setdefault(g, len(known)) for g in groups)


def _sensible(groups: Groups, classes: Sequence[str | None] | None) -> bool:
    sizes = Counter(g for g in groups if g is not None)
    if not sizes or max(sizes.values()) < 2:
        return False
    if len(sizes) < 2 or max(sizes.values()) > _LARGEST_SHARE * len(groups):
        return False
    if classes is None:
        return True
    said: dict[str, set[str]] = defaultdict(set)
    for group, label in zip(groups, classes, strict=True):
        if group is not None and label is not None:
            said[group].add(label)
    pure = all(len(s) == 1 for s in said.values())
    return not (pure and len(sizes) <= len({c for c in classes if c is not None}))


def _judged(key: str, told: str, groups: Groups, links: Links) -> GroupKey:
    sizes = Counter(g for g in groups if g is not None)
    total = len(groups) * (len(groups) - 1) / 2
    chance = sum(n * (n - 1) / 2 for n in sizes.values()) / total
    inside = sum(groups[a] is not None and groups[a] == groups[b] for a, b in links)
    held = inside / len(links) if links else 0.0
    lift = held / chance if chance else 0.0
    why = (
        f"images {told} look alike {lift:.0f} times as often as chance would have it;"
        f" {held:.0%} of the {len(links)} pairs of look-alikes are inside its groups"
    )
    if key == SIMILARITY:
        why = f"images {told}; {held:.0%} of the {len(links)} pairs of look-alikes are inside"
    leaked = share_leaked(groups)
    count, largest = len(sizes), max(sizes.values())
    return GroupKey(key, groups, count, largest, held, lift, leaked, why)
