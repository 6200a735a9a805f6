"""Which images to label next, out of those without a label.

- random: drawn by lot, the baseline that everything else has to beat.
- typical: images that stand for many others, and not for what has a label already.
- needed: the same, but an image asks the more to be stood for the less a model knows
  what it shows, and the fewer labels the classes have that it may show.

Both of the latter are facility location, so that one batch never holds the same thing
twice. Images of one group (one part, its exposures) count once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.group_codes import group_codes
from pitmark.quality.selection.covering import cover
from pitmark.quality.selection.likeness import likeness, scale_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Strategy = Literal["random", "typical", "needed"]
STRATEGIES: tuple[Strategy, ...] = ("random", "typical", "needed")

# Fewer labels than these teach a model nothing that could be asked of it.
FEWEST_LABELS = 10
_MOST_CANDIDATES = 20_000
_MOST_DEMANDS = 4096


@dataclass(frozen=True, eq=False)
class Known:
    """What has a label already.

    Attributes:
        rows: (L,) rows of the vectors.
        labels: (L,) class numbers.
        class_count: K.
        chances: (N, K) of every image and class by a model of these labels, or None.
    """

    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    labels: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    class_count: int = 0
    chances: Floats | None = None

    @property
    def teaches(self) -> bool:
        """Whether the labels are enough for a model to be asked."""
        return len(self.rows) >= FEWEST_LABELS and len(np.unique(self.labels)) > 1


@dataclass(frozen=True, eq=False)
class Selection:
    """Images to label, the most useful first.

    Attributes:
        strategy: What was really done.
        rows: (n,) rows of the vectors.
        stands_for: (n,) about how many images without a label are most like this one, of
            all that were picked or have a label.
        newness: (n,) in [0, 1], 1 where nothing with a label is like it.
        doubt: (n,) in [0, 1], 1 where a model knows nothing; nan without a model.
    """

    strategy: Strategy
    rows: Ints
    stands_for: Ints
    newness: Floats
    doubt: Floats


def select_next(
    vectors: NDArray[np.floating],
    count: int,
    *,
    known: Known | None = None,
    groups: Sequence[Hashable] | None = None,
    strategy: Strategy = "typical",
    seed: int = 0,
) -> Selection:
    """The images whose labels would teach most.

    Args:
        vectors: (N, D) of all images from one backbone; may be a mapped file.
        count: How many to pick, at least 1; fewer where there are not as many.
        known: What has a label.
        groups: (N,) one key per physical part; None means each image is its own.
        strategy: How to pick; "needed" is "typical" until the labels teach something.
        seed: Of the lot, and of the samples that are looked at in a very large pool.

    Returns:
        The picks. An image whose group has a label is picked only after all others.

    Raises:
        InvalidInputError: Shapes do not fit, or the count is below 1.
        NotEnoughDataError: Every image has a label.
    """
    have = known or Known()
    if vectors.ndim != 2 or count < 1 or (groups is not None and len(groups) != len(vectors)):
        raise InvalidInputError(
            f"selection needs vectors (N, D), N groups and a count of at least 1, found"
            f" {vectors.shape}, {None if groups is None else len(groups)} and {count}"
        )
    open_ = np.setdiff1d(np.arange(len(vectors)), have.rows)
    if not len(open_):
        raise NotEnoughDataError(
            "every image has a label", hint="Import further images to choose from."
        )
    rng = np.random.default_rng(seed)
    codes = np.arange(len(vectors)) if groups is None else group_codes(groups)
    lot = rng.permutation(open_)
    fresh, first = _fresh(lot, codes, have.rows)
    if strategy == "random":
        rows = np.concatenate([lot[first], lot[~first]])[:count]
        return _told(vectors, rows, strategy, open_, have, rng)
    done: Strategy = "needed" if strategy == "needed" and have.teaches else "typical"
    asking = np.sort(rng.permutation(open_)[:_MOST_DEMANDS])
    scale = scale_of(vectors)
    asked = scale.unit(vectors[asking])
    weight = _need(have, asking) if done == "needed" and have.chances is not None else None
    covered = np.zeros(len(asking), np.float32)
    if len(have.rows):
        covered = likeness(asked, scale.unit(vectors[have.rows])).max(axis=1)
    picked: list[Ints] = []
    left = count
    # New groups first, each once; only then a second image of a group.
    for part, most in ((lot[fresh], int(first.sum())), (lot, count)):
        rows = np.setdiff1d(part[:_MOST_CANDIDATES], np.concatenate([[], *picked]))
        stands = likeness(scale.unit(vectors[rows]), asked)
        found = cover(stands, min(left, most), demand=weight, covered=covered,
                      groups=codes[rows])  # fmt: skip
        picked.append(rows[found.picks])
        covered, left = found.covered, left - len(found.picks)
        if not left:
            break
    return _told(vectors, np.concatenate(picked), done, open_, have, rng)


def _fresh(
    lot: Ints, codes: Ints, labeled: Ints
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which images are of groups without a label, and which are the first of such a group."""
    fresh = ~np.isin(codes[lot], codes[labeled])
    first = np.zeros(len(lot), dtype=bool)
    first[np.unique(codes[lot], return_index=True)[1]] = True
    return fresh, first & fresh


def _need(have: Known, rows: Ints) -> Floats:
    """How much each image asks to be stood for: doubt times the need of its classes."""
    assert have.chances is not None
    counts = np.bincount(have.labels, minlength=have.class_count)
    seen = np.flatnonzero(counts)
    chances = have.chances[rows][:, seen]
    need = 1 / (counts[seen] + 1)
    # Where the model is sure of everything, all images still ask a little.
    return np.asarray((doubt(chances) + 1e-3) * (chances @ (need / need.mean())))


def doubt(chances: Floats) -> Floats:
    """How little a model knows: entropy as a share of the largest possible.

    Args:
        chances: (N, K), rows of sum 1.

    Returns:
        (N,) in [0, 1]; 0 where there is one class only.
    """
    if chances.shape[1] < 2:
        return np.zeros(len(chances))
    safe = np.clip(chances, 1e-12, 1)
    return np.asarray(-(safe * np.log(safe)).sum(axis=1) / np.log(chances.shape[1]))


def _told(
    vectors: NDArray[np.floating],
    rows: Ints,
    strategy: Strategy,
    open_: Ints,
    have: Known,
    rng: np.random.Generator,
) -> Selection:
    """The figures behind the reasons, the same for every strategy."""
    scale = scale_of(vectors)
    picked = scale.unit(vectors[rows])
    sample = rng.permutation(open_)[:_MOST_DEMANDS]
    unit = scale.unit(vectors[sample])
    to_picks = likeness(unit, picked)
    newness = np.ones(len(rows))
    best, own = to_picks.max(axis=1), to_picks.argmax(axis=1)
    if len(have.rows):
        labeled = scale.unit(vectors[have.rows])
        newness = 1 - likeness(picked, labeled).max(axis=1).astype(np.float64)
        best = np.where(likeness(unit, labeled).max(axis=1) >= best, 0, best)
    counts = np.bincount(own[best > 0], minlength=len(rows)) * (len(open_) / len(sample))
    unsure = np.full(len(rows), np.nan)
    if have.chances is not None and have.teaches:
        unsure = doubt(have.chances[rows])
    return Selection(strategy, rows, np.maximum(np.rint(counts), 1).astype(np.int64),
                     newness, unsure)  # fmt: skip
