"""Random numbers whose order of magnitude is what varies, such as sizes and contrasts."""

from math import log

import numpy as np


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform.

    Args:
        rng: source of randomness.
        low: smallest, above 0.
        high: largest.

    Returns:
        In [low, high].
    """
    return float(np.exp(rng.uniform(log(low), log(high))))
