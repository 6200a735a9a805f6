"""Votes of labelers on things, and what the majority says.

A confidence lies in [0, 1]; higher means more certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Votes:
    """One entry per vote: which thing, by which labeler, for which class.

    A labeler may vote on a thing several times (repeated trials) or not at all.
    """

    things: Ints
    labelers: Ints
    classes: Ints
    thing_count: int
    labeler_count: int
    class_count: int

    @staticmethod
    def of(table: ArrayLike, class_count: int, *, labelers: ArrayLike | None = None) -> Votes:
        """Votes from a table.

        Args:
            table: (N, R) class indices, -1 for no vote.
            class_count: Number of classes K, at least 1.
            labelers: (R,) number of the labeler of each column; columns of one number are
                repeated trials. Every column is another labeler if left out.

        Returns:
            The votes.

        Raises:
            InvalidInputError: A vote is for no class, or the shapes do not fit.
            NotEnoughDataError: Nobody voted on anything.
        """
        codes = np.asarray(table)
        if codes.ndim != 2 or codes.dtype.kind not in "iu":
            raise InvalidInputError(
                f"votes must be whole numbers of shape (N, R), found {codes.dtype} of shape"
                f" {codes.shape}"
            )
        if codes.size and not -1 <= codes.min() <= codes.max() < class_count:
            raise InvalidInputError(
                f"votes must lie in -1..{class_count - 1}, found {codes.min()} to {codes.max()}"
            )
        who = np.arange(codes.shape[1]) if labelers is None else np.asarray(labelers)
        if who.shape != (codes.shape[1],):
            raise InvalidInputError(f"{codes.shape[1]} columns, {who.size} labelers")
        things, columns = np.nonzero(codes >= 0)
        if not things.size:
            raise NotEnoughDataError("there are no votes to find a consensus from")
        return Votes(
            things.astype(np.intp),
            who[columns].astype(np.intp),
            codes[things, columns].astype(np.intp),
            len(codes),
            int(who.max()) + 1,
            class_count,
        )

    def counts(self) -> Floats:
        """(N, K) votes for each class."""
        flat = np.bincount(
            self.things * self.class_count + self.classes,
            minlength=self.thing_count * self.class_count,
        )
        return flat.reshape(self.thing_count, self.class_count).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Consensus:
    """What is held of each thing, and how certain that is.

    `classes` (N,) is -1 where nobody voted; `probabilities` (N, K) are all zero there.
    """

    classes: Ints
    probabilities: Floats
    method: str

    @property
    def confidence(self) -> Floats:
        """(N,) probability of the class that is held; 0 where nobody voted."""
        best = self.probabilities.max(axis=1, initial=0.0)
        return np.asarray(np.where(self.classes >= 0, best, 0.0))


def majority(votes: Votes) -> Consensus:
    """What most votes say; of equally many votes the class that is called more often.

    Args:
        votes: Any votes.

    Returns:
        Classes with the share of their votes as confidence.
    """
    counts = votes.counts()
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    often = counts.sum(axis=0) / counts.sum()
    best = np.argmax(shares + 1e-6 * often, axis=1)
    return Consensus(np.where(total[:, 0] > 0, best, -1).astype(np.intp), shares, "majority")
