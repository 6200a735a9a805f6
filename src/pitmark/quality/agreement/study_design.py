"""Which images an agreement study puts before people, and in which order."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.core.errors import InvalidInputError, NotEnoughDataError


@dataclass(frozen=True, slots=True)
class StudyItem:
    """One image that may be chosen.

    `stratum` is its class (or the lack of a label), `group` the physical part it shows,
    `hardness` at least 0, higher where people or the model are in doubt.
    """

    key: str
    stratum: str
    group: str
    hardness: float = 0.0


def choose_images(
    items: Sequence[StudyItem], count: int, *, hard_share: float = 0.5, seed: int = 0
) -> tuple[str, ...]:
    """Images for a study: evenly over the classes, and part of them hard ones.

    Every stratum gets the same number of places as far as it has images. In each the
    hardest fill their share, the rest is drawn. Two images of one part are taken only when
    there is nothing else: labelers would recognize it.

    Args:
        items: All images that may be chosen.
        count: How many to choose.
        hard_share: Share of the places for the hardest images, in [0, 1].
        seed: Another seed gives another choice.

    Returns:
        Keys, at most `count`.

    Raises:
        InvalidInputError: A count below 2 or a share outside [0, 1].
        NotEnoughDataError: Fewer than two images.
    """
    if count < 2 or not 0 <= hard_share <= 1:
        raise InvalidInputError(
            f"a study needs at least 2 images and a share of hard ones in [0, 1],"
            f" found {count} and {hard_share}"
        )
    if len(items) < 2:
        raise NotEnoughDataError(
            f"there are {len(items)} images to choose from, a study needs at least 2"
        )
    strata: dict[str, list[StudyItem]] = defaultdict(list)
    for one in items:
        strata[one.stratum].append(one)
    queues = {name: _queue(rows, hard_share, seed) for name, rows in strata.items()}
    chosen: list[str] = []
    groups: set[str] = set()
    spare: list[StudyItem] = []
    while len(chosen) < count and any(queues.values()):
        for name in sorted(queues):
            item = _next(queues[name], groups, spare)
            if item is not None and len(chosen) < count:
                chosen.append(item.key)
                groups.add(item.group)
    return (*chosen, *(i.key for i in spare[: count - len(chosen)]))


def blind_order(count: int, labeler: str, trial: int, *, seed: int = 0) -> tuple[int, ...]:
    """The order in which one labeler sees the images in one trial.

    It depends on nothing but its arguments, so that a labeler who joins later does not
    change the order of the others.

    Args:
        count: Number of images.
        labeler: Who.
        trial: Which trial, from 1.
        seed: Of the study.

    Returns:
        A permutation of 0..count-1.
    """
    return tuple(_rng(seed, "order", labeler, trial).permutation(count).tolist())


def _queue(rows: Sequence[StudyItem], hard_share: float, seed: int) -> deque[StudyItem]:
    """A stratum in the order of choice: hard ones and drawn ones take turns."""
    ordered = sorted(rows, key=lambda i: i.key)
    rng = _rng(seed, "draw", ordered[0].stratum)
    drawn = [ordered[n] for n in rng.permutation(len(ordered)).tolist()]
    place = {i.key: n for n, i in enumerate(drawn)}
    hard = sorted(
        (i for i in drawn if i.hardness > 0), key=lambda i: (-i.hardness, place[i.key])
    )
    queues = {True: deque(hard), False: deque(drawn)}
    out: list[StudyItem] = []
    taken: set[str] = set()
    hard_taken = 0
    while len(out) < len(rows):
        want_hard = bool(queues[True]) and hard_taken < hard_share * (len(out) + 1)
        item = queues[want_hard].popleft()
        if item.key not in taken:
            out.append(item)
            taken.add(item.key)
            hard_taken += want_hard
    return deque(out)


def _next(
    queue: deque[StudyItem], groups: set[str], spare: list[StudyItem]
) -> StudyItem | None:
    while queue:
        item = queue.popleft()
        if item.group not in groups:
            return item
        spare.append(item)
    return None


def _rng(seed: int, *parts: object) -> np.random.Generator:
    text = "\x00".join(map(str, (seed, *parts)))
    return np.random.default_rng(
        int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    )
