"""The peer of `bench slices`: a mixture over looks, true classes and predicted classes.

Each component has a diagonal Gaussian over the embedding and two categorical distributions;
components whose true and predicted classes part most are its slices. Written anew from the
paper, with its settings: 25 components, 10 times the weight on the classes, started from
the cells of the confusion table; the five worst components are what it tells.

Source: Eyuboglu et al. (2022), Domino: discovering systematic errors with cross-modal
embeddings. ICLR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMPONENTS = 25
TOLD = 5
_CLASS_WEIGHT = 10.0
_ROUNDS = 100
_LEAST_VARIANCE = 1e-3
_DIRECTIONS = 128


@dataclass(frozen=True)
class MixtureSlice:
    """How much of each case a component holds, in [0, 1]."""

    share: Floats


def error_mixture(
    embeddings: Floats, truth: Ints, said: Ints, *, seed: int
) -> list[MixtureSlice]:
    """The five components in which true and predicted classes part most, the worst first.

    Args:
        embeddings: (N, D).
        truth: (N,) class numbers.
        said: (N,) class numbers that a model gave.
        seed: Of the start.

    Returns:
        The slices.
    """
    looks = _whitened(embeddings)
    size = int(max(truth.max(), said.max())) + 1
    one, two = np.eye(size)[truth], np.eye(size)[said]
    share = _start(truth, said, seed)
    before = -np.inf
    for _ in range(_ROUNDS):
        logs = _step(looks, one, two, share)
        top = logs.max(1, keepdims=True)
        likelihood = float((top[:, 0] + np.log(np.exp(logs - top).sum(1))).mean())
        share = np.exp(logs - top)
        share /= share.sum(1, keepdims=True)
        if likelihood - before < 1e-4:
            break
        before = likelihood
    weight = np.maximum(share.sum(0), 1e-9)
    apart = np.abs(share.T @ two - share.T @ one).sum(1) / weight
    apart[weight < 1] = 0
    return [MixtureSlice(share[:, k]) for k in np.argsort(-apart, kind="stable")[:TOLD]]


def _whitened(embeddings: Floats) -> Floats:
    centered = embeddings - embeddings.mean(0)
    kept = min(_DIRECTIONS, *embeddings.shape)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    looks = left[:, :kept] * values[:kept]
    return np.asarray(looks / max(float(looks.std()), 1e-12))


def _start(truth: Ints, said: Ints, seed: int) -> Floats:
    """Components are dealt to the cells of the confusion table, cases within to any of them."""
    rng = np.random.default_rng(seed)
    cells = np.unique(np.stack([truth, said]), axis=1).T
    counts = np.array([((truth == a) & (said == b)).sum() for a, b in cells])
    # Cells of mistakes come first: there are usually fewer components than are wanted.
    order = np.lexsort((-counts, [a == b for a, b in cells]))
    owner = [cells[order[k % len(order)]] for k in range(COMPONENTS)]
    share = np.zeros((len(truth), COMPONENTS))
    for k, (a, b) in enumerate(owner):
        share[:, k] = rng.random(len(truth)) * ((truth == a) & (said == b)) + 1e-3
    return np.asarray(share / share.sum(1, keepdims=True))


def _step(looks: Floats, one: Floats, two: Floats, share: Floats) -> Floats:
    """(N, K) joint log likelihood under the components that the shares give."""
    weight = share.sum(0) + 1e-9
    mean = share.T @ looks / weight[:, None]
    spread = share.T @ looks**2 / weight[:, None] - mean**2
    spread = np.maximum(spread, 0) + _LEAST_VARIANCE
    logs = -0.5 * (
        looks**2 @ (1 / spread).T
        - 2 * looks @ (mean / spread).T
        + (mean**2 / spread + np.log(2 * np.pi * spread)).sum(1)
    )
    for given in (one, two):
        chances = (share.T @ given + 1e-3) / (weight[:, None] + 1e-3 * given.shape[1])
        logs = logs + _CLASS_WEIGHT * given @ np.log(chances).T
    return np.asarray(logs + np.log(weight / weight.sum()))
