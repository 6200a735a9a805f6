"""Classes as clouds of vectors, some of them close together."""

import numpy as np


def clouds(counts, *, seed=0, apart=(3.0, 3.0, 3.0, 3.0), values=16):
    """Vectors and labels: class k lies `apart[k]` from the middle along an axis of its own."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    vectors = rng.standard_normal((len(labels), values))
    vectors[np.arange(len(labels)), labels] += np.array(apart)[labels]
    return vectors, labels
