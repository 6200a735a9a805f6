"""Consensus from labelers who make different mistakes: Dawid and Skene's model, smoothed.

Every labeler has a confusion matrix: how often they call a thing of class j as k. Classes
and confusions are estimated together (expectation maximization). Few answers are smoothed
towards a labeler who is right most of the time, so that nobody is taken for infallible or
for a liar after three answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.agreement.votes import Consensus, Floats, Votes, majority

_STEPS = 200
_TOLERANCE = 1e-6
_LEAST = 1e-12
# However sure a model is, it leaves labelers room to say otherwise.
_LEAST_SAID = 1e-6


@dataclass(frozen=True, slots=True)
class Smoothing:
    """What is added to the counts before they are turned into probabilities.

    `right` votes on the diagonal of every row of a confusion matrix and `wrong` spread
    over the rest of the row; `prior` things spread over the classes.
    """

    right: float = 2.0
    wrong: float = 0.5
    prior: float = 1.0


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """A consensus with what was learned about the labelers.

    `confusions` is (R, K, K): labeler, true class, called class; rows sum to 1. `prior` is
    (K,). `model_weight` is how much a model's probabilities counted, 0 without a model.
    """

    consensus: Consensus
    confusions: Floats
    prior: Floats
    steps: int
    converged: bool
    model_weight: float = 0.0


def dawid_skene(votes: Votes, *, smoothing: Smoothing | None = None) -> DawidSkene:
    """The most likely class of each thing and the confusions of each labeler.

    Args:
        votes: At least one.
        smoothing: See `Smoothing`.

    Returns:
        The estimate; probabilities of things that nobody voted on are zero.

    Source:
        Dawid and Skene (1979), Maximum likelihood estimation of observer error-rates using
        the EM algorithm. Journal of the Royal Statistical Society C 28. The smoothing is
        that of a Dirichlet prior on the rows and on the classes.
    """
    how = smoothing or Smoothing()
    return _estimate(votes, how, None, 0.0)


def with_model(
    votes: Votes, model_probs: Floats, *, smoothing: Smoothing | None = None
) -> DawidSkene:
    """Dawid and Skene's consensus with a model as one more, discounted voter.

    The model must not have seen the labels of the things it judges (out-of-fold). What it
    says takes the place of the prior of each thing, raised to a weight in [0, 1] that is
    fitted to what the labelers alone agree on: a model that is too sure of itself counts
    less, and one that knows nothing does not count.

    Args:
        votes: At least one.
        model_probs: (N, K) probabilities in the order of the classes.
        smoothing: See `Smoothing`.

    Returns:
        The estimate; a thing without votes is what the model says.

    Raises:
        InvalidInputError: The probabilities are of another shape or no probabilities.

    Source:
        The idea of a classifier as a further annotator: Goh, Tkachenko and Mueller (2022),
        CROWDLAB. The estimate here is a different one: a tempered prior in an EM.
    """
    probs = _checked(model_probs, votes)
    how = smoothing or Smoothing()
    alone = _estimate(votes, how, None, 0.0)
    weight = _fitted_weight(votes, alone, probs)
    found = _estimate(votes, how, probs, weight)
    return replace(found, model_weight=weight)


def _estimate(votes: Votes, how: Smoothing, model: Floats | None, weight: float) -> DawidSkene:
    voted = votes.counts().sum(axis=1) > 0
    q = majority(votes).probabilities.copy()
    steps, change = 0, np.inf
    while steps < _STEPS and change > _TOLERANCE:
        confusions, prior = _learn(votes, q, voted, how)
        fresh = _posterior(votes, confusions, _priors(prior, model, weight))
        if model is None:
            fresh[~voted] = 0.0
        change, q = float(np.abs(fresh - q).max()), fresh
        steps += 1
    confusions, prior = _learn(votes, q, voted, how)
    held = np.where(q.sum(axis=1) > 0, np.argmax(q, axis=1), -1).astype(np.intp)
    method = "dawid-skene" if model is None else "model-aware"
    return DawidSkene(
        Consensus(held, q, method), confusions, prior, steps, change <= _TOLERANCE
    )


def _learn(
    votes: Votes, q: Floats, voted: NDArray[np.bool_], how: Smoothing
) -> tuple[Floats, Floats]:
    """Confusions and prior from what is held of the things."""
    count = votes.class_count
    confusions = np.full((votes.labeler_count, count, count), how.wrong / max(count - 1, 1))
    confusions[:, np.arange(count), np.arange(count)] = how.right
    place = votes.labelers * count + votes.classes
    for true in range(count):
        said = np.bincount(
            place, weights=q[votes.things, true], minlength=votes.labeler_count * count
        )
        confusions[:, true, :] += said.reshape(-1, count)
    confusions /= confusions.sum(axis=2, keepdims=True)
    prior = q[voted].sum(axis=0) + how.prior / count
    return confusions, prior / prior.sum()


def _posterior(votes: Votes, confusions: Floats, priors: Floats) -> Floats:
    """(N, K) probabilities given priors (N, K) or (K,)."""
    logs = np.log(np.maximum(confusions, _LEAST))
    out = np.broadcast_to(
        np.log(np.maximum(priors, _LEAST)), (votes.thing_count, votes.class_count)
    ).copy()
    said = logs[votes.labelers, :, votes.classes]
    for true in range(votes.class_count):
        out[:, true] += np.bincount(
            votes.things, weights=said[:, true], minlength=votes.thing_count
        )
    out = np.exp(out - out.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def _priors(prior: Floats, model: Floats | None, weight: float) -> Floats:
    if model is None:
        return prior
    mixed = weight * np.log(model) + (1 - weight) * np.log(np.maximum(prior, _LEAST))
    out = np.exp(mixed - mixed.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def _fitted_weight(votes: Votes, alone: DawidSkene, model: Floats) -> float:
    """The weight under which the model best foretells what the labelers agree on."""
    held = alone.consensus.probabilities
    voted = held.sum(axis=1) > 0
    truth, probs = held[voted], model[voted]

    def likelihood(weight: float) -> float:
        priors = _priors(alone.prior, probs, weight)
        return float((truth * np.log(np.maximum(priors, _LEAST))).sum())

    weights = np.linspace(0.0, 1.0, 41)
    return float(weights[int(np.argmax([likelihood(float(w)) for w in weights]))])


def _checked(model_probs: Floats, votes: Votes) -> Floats:
    probs = np.asarray(model_probs, dtype=np.float64)
    if probs.shape != (votes.thing_count, votes.class_count):
        raise InvalidInputError(
            f"model probabilities must have shape ({votes.thing_count},"
            f" {votes.class_count}), found {probs.shape}"
        )
    sums = probs.sum(axis=1)
    if not np.isfinite(probs).all() or (probs < 0).any() or (abs(sums - 1) > 1e-3).any():
        raise InvalidInputError("model probabilities must be at least 0 and sum to 1")
    probs = np.maximum(probs, _LEAST_SAID)
    return np.asarray(probs / probs.sum(axis=1, keepdims=True))
