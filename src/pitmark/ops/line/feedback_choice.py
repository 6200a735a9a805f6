"""Which images from the line are worth a person's minute: pure, it only ranks and draws.

A share is drawn at random and kept apart: from it alone can be told how often the line is
wrong. The rest is what teaches most: verdicts in doubt, parts that look new after a drift
alarm, and NG.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal

Pick = Literal["random", "doubtful", "new", "NG"]
# More images of one part or moment teach little.
_MOST_OF_GROUP = 2


@dataclass(frozen=True, slots=True)
class FromLine:
    """An image that could be picked.

    Attributes:
        key: Of the image.
        group: Part or moment: images of one are never picked for both purposes.
        stratum: Kind of record; images of one stratum were equally likely to be sent.
        doubt: How near to its limit the verdict was, 0 to 1; None where it was not near.
        strangeness: How far from what the release knows, in spreads; None without an alarm.
        ng: Whether the verdict was NG.
    """

    key: str
    group: str
    stratum: str
    doubt: float | None
    strangeness: float | None
    ng: bool


@dataclass(frozen=True, slots=True)
class Picked:
    """An image that was picked, and how many parts of the line a random one stands for."""

    key: str
    pick: Pick
    stands_for: float | None = None


def choose(
    pool: Sequence[FromLine],
    count: int,
    *,
    random_share: float,
    parts: Counter[str],
    seed: int,
) -> list[Picked]:
    """Pick images from the line.

    Args:
        pool: What there is, in an order that does not change.
        count: How many, at least 1.
        random_share: Of them, drawn at random; 0 to 1.
        parts: How many parts each stratum had, images sent or not.
        seed: Of the draw.

    Returns:
        At most `count`, the random ones first; fewer where the pool is small.
    """
    wanted = min(round(count * random_share), len(pool))
    drawn = _draw(pool, wanted, parts, random.Random(seed))
    apart = {p.group for p in pool if p.key in {d.key for d in drawn}}
    rest = [p for p in pool if p.group not in apart]
    chosen: dict[str, Pick] = {}
    groups: Counter[str] = Counter()
    for item, pick in _in_turns(rest):
        if len(chosen) >= count - len(drawn):
            break
        if item.key not in chosen and groups[item.group] < _MOST_OF_GROUP:
            chosen[item.key] = pick
            groups[item.group] += 1
    return [*drawn, *(Picked(key, pick) for key, pick in chosen.items())]


def _draw(
    pool: Sequence[FromLine], wanted: int, parts: Counter[str], rng: random.Random
) -> list[Picked]:
    """At random, from each stratum in proportion to its parts, at least one of each."""
    strata: dict[str, list[FromLine]] = {}
    for item in pool:
        strata.setdefault(item.stratum, []).append(item)
    total = sum(parts[s] or len(items) for s, items in strata.items())
    out: list[Picked] = []
    # Rare strata first, so that rounding never leaves them out.
    for stratum in sorted(strata, key=lambda s: (parts[s] or len(strata[s]), s)):
        size = parts[stratum] or len(strata[stratum])
        share = max(1, round(wanted * size / total)) if wanted else 0
        number = min(share, len(strata[stratum]), wanted - len(out))
        some = rng.sample(strata[stratum], number)
        out += [Picked(item.key, "random", size / number) for item in some]
    return out


def _in_turns(items: Sequence[FromLine]) -> Iterable[tuple[FromLine, Pick]]:
    """The best of each list in turn; what looks new has every second turn."""
    doubtful = sorted(
        (i for i in items if i.doubt is not None), key=lambda i: (-(i.doubt or 0), i.key)
    )
    new = sorted(
        (i for i in items if i.strangeness is not None),
        key=lambda i: (-(i.strangeness or 0), i.key),
    )
    ng = [i for i in items if i.ng]
    lists: list[list[tuple[FromLine, Pick]]] = [
        [(i, "new") for i in new[0::2]],
        [(i, "doubtful") for i in doubtful],
        [(i, "new") for i in new[1::2]],
        [(i, "NG") for i in ng],
    ]
    turns = chain.from_iterable(zip_longest(*lists))
    return [turn for turn in turns if turn is not None]
