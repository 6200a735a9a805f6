"""How far means of a few neighboring images stray while nothing drifts.

Images of a line resemble their neighbors in time, so a mean over ten of them strays
further than ten independent images would let it. The excess is estimated from the
reference, on the cautious side, by two ways: from the correlation of neighboring images
(as if it decayed geometrically), and from the spread and correlation of whole blocks,
which also sees slow changes such as one from lot to lot. A few images that differ a lot from
the rest (defects, reflections) make block means stray in a way that no small reference
shows: the baseline allows for them, too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.eprocess import Baseline
from pitmark.quality.drift.odd_images import count_odd

Array = NDArray[np.float64]

_MOST_CORRELATION = 0.98
# Block means are believed over neighboring images from this many blocks on, and only
# where they differ by more than this many standard errors.
_FEWEST_BLOCKS = 6
_CLEAR = 2.0


def fit_baseline(values: Array, block: int, *, bound: float, floor: Array) -> Baseline:
    """What a reference says about the block means to expect.

    Args:
        values: (N, C) values of reference images in order of time, all in
            [-bound, bound], N at least 3.
        block: Images per block, at least 1.
        bound: Largest size of a value.
        floor: (C,) least variance of a block mean to believe.

    Returns:
        The baseline, one entry per column.
    """
    count = len(values)
    mean = values.mean(axis=0)
    phi = cautious_correlation(values)
    longest = _long_run(phi)
    # One mean was fitted, and it took as much freedom as `longest` images carry.
    image_variance, tails = _with_rare_images(values - mean, bound, longest)
    variance = image_variance * _short_run(phi, block) / block
    freedom = np.maximum(count / longest - 1, 0.0)
    inflation = block_inflation(phi, block)

    blocks = count // block
    if blocks >= _FEWEST_BLOCKS:
        means = values[: blocks * block].reshape(blocks, block, -1).mean(axis=1)
        slow = _clear_inflation(means)
        inflation = np.maximum(inflation, slow)
        left = np.maximum(blocks - inflation, 1.0)
        found = np.square(means - means.mean(axis=0)).sum(axis=0) / left
        clear = found > variance * (1 + _CLEAR * np.sqrt(2 / left))
        clear |= slow > 1
        variance = np.where(clear, np.maximum(found, variance), variance)
        freedom = np.where(clear, np.maximum(blocks / inflation - 1, 0.0), freedom)
    return Baseline(
        blocks=count / block,
        mean=mean,
        variance=np.maximum(variance, floor),
        freedom=freedom,
        # Long tails of single images reach into the block means by one part in `block`.
        weight=1 / (inflation * (1 + tails / block)),
        floor=floor,
        odd=count_odd(
            values, tails, 1 / np.maximum(longest, inflation), bound=bound, block=block
        ),
    )


def cautious_correlation(values: Array) -> Array:
    """Correlation of neighbors in time, one standard error on the high side.

    Args:
        values: (N, C) in order of time, N at least 3.

    Returns:
        (C,) in [0, 0.98].

    Source: the bias of the estimate is that of Marriott and Pope, 1954.
    """
    count = len(values)
    return _cautious(_lag_one(values), count)


def independent_images(vectors: Array) -> float:
    """How many independent images some images in order of time are worth, cautiously.

    Args:
        vectors: (N, D) one vector per image, correlated as a whole.

    Returns:
        In (0, N]; N below three images or without any spread.
    """
    count = len(vectors)
    centered = vectors - vectors.mean(axis=0) if count else vectors
    power = float(np.square(centered).sum())
    if count < 3 or power <= 0:
        return float(count)
    phi = np.array([float((centered[1:] * centered[:-1]).sum()) / power])
    return float(count / _long_run(_cautious(phi, count))[0])


def resembling(
    baseline: Baseline, phi: Array, *, image_variance: Array, block: int
) -> Baseline:
    """A baseline that also allows for neighbors that resemble each other by `phi`.

    Args:
        baseline: As the reference gave it.
        phi: (C,) correlation of neighboring images in [0, 1).
        image_variance: (C,) of single images.
        block: Images per block.

    Returns:
        The baseline with larger variance, less freedom and smaller weight where `phi` asks
        for it.
    """
    worth = baseline.blocks * block / _long_run(phi)
    return replace(
        baseline,
        # A shuffled reference does not show that it stands for fewer images.
        freedom=np.minimum(baseline.freedom, np.maximum(worth - 1, 0.0)),
        variance=np.maximum(baseline.variance, image_variance * _short_run(phi, block) / block),
        weight=np.minimum(baseline.weight, 1 / block_inflation(phi, block)),
        odd=None if baseline.odd is None else baseline.odd.correlated(1 / _long_run(phi)),
    )


def block_inflation(phi: Array, block: int) -> Array:
    """Variance of a long mean over what independent blocks of the same spread would give.

    Args:
        phi: (C,) correlation of neighboring images in [0, 1).
        block: Images per block.

    Returns:
        (C,) at least 1.
    """
    return np.asarray(np.maximum(_long_run(phi) / _short_run(phi, block), 1.0))


def _cautious(phi: Array, count: int) -> Array:
    phi = np.clip(phi + (1 + 4 * phi) / count, 0.0, _MOST_CORRELATION)
    phi = phi + np.sqrt((1 - phi**2) / count)
    return np.asarray(np.clip(phi, 0.0, _MOST_CORRELATION))


def _with_rare_images(centered: Array, bound: float, longest: Array) -> tuple[Array, Array]:
    """Variance and excess kurtosis as if one image more had been seen at either extreme."""
    seen = len(centered)
    left = np.maximum(seen - longest, 1.0) + 2
    variance = (np.square(centered).sum(axis=0) + 2 * bound**2) / left
    fourth = ((centered**4).sum(axis=0) + 2 * bound**4) / (seen + 2)
    plain = (np.square(centered).sum(axis=0) + 2 * bound**2) / (seen + 2)
    return variance, np.maximum(fourth / plain**2 - 3, 0.0)


def _lag_one(values: Array) -> Array:
    centered = values - values.mean(axis=0)
    power = np.square(centered).sum(axis=0)
    product = (centered[1:] * centered[:-1]).sum(axis=0)
    return np.where(power > 0, product / np.where(power > 0, power, 1.0), 0.0)


def _clear_inflation(means: Array) -> Array:
    """Inflation by correlated blocks, 1 where the correlation may be chance."""
    blocks = len(means)
    phi = _lag_one(means)
    phi = np.where(phi * np.sqrt(blocks) > _CLEAR, phi + (1 + 4 * phi) / blocks, 0.0)
    return _long_run(np.clip(phi, 0.0, _MOST_CORRELATION))


def _long_run(phi: Array) -> Array:
    """Variance of a very long mean, per image, over that of independent images."""
    return np.asarray((1 + phi) / (1 - phi))


def _short_run(phi: Array, block: int) -> Array:
    """Variance of a mean over `block` images, per image, over that of independent ones."""
    gap = 2 * phi * (1 - phi**block) / (block * np.square(1 - phi))
    return np.asarray(_long_run(phi) - gap)
