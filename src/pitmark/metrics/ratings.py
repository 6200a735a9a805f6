"""Who called which thing what: the table from which agreement between people is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError

NO_ANSWER = -1
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Ratings:
    """One row per thing that was judged, one column per labeler and trial.

    Attributes:
        codes: (N, R) class index, or -1 where this labeler gave no answer.
        classes: Names of the K classes.
        labelers: (R,) name of each column; columns of one name are repeated trials.
        clusters: (N,) number of the image that each row belongs to.
        unseen: Index of the class "not seen", for things that only exist because somebody
            saw them; None where every thing was put before everybody.
    """

    codes: Ints
    classes: tuple[str, ...]
    labelers: tuple[str, ...]
    clusters: Ints
    unseen: int | None = None

    @staticmethod
    def of(
        codes: ArrayLike,
        classes: Sequence[str],
        labelers: Sequence[str],
        *,
        clusters: ArrayLike | None = None,
        unseen: int | None = None,
    ) -> Ratings:
        """A checked table.

        Args:
            codes: (N, R) class indices, -1 for no answer.
            classes: Names.
            labelers: (R,) names.
            clusters: (N,) image of each row; every row on its own if left out.
            unseen: Index of the class "not seen".

        Returns:
            The table.

        Raises:
            InvalidInputError: The shapes do not fit, or a code is no class.
        """
        table = np.asarray(codes)
        if table.size == 0:
            table = np.zeros((len(table), len(labelers)), dtype=np.intp)
        if table.ndim != 2 or table.shape[1] != len(labelers) or table.dtype.kind not in "iu":
            raise InvalidInputError(
                f"ratings must be whole numbers of shape (N, {len(labelers)}),"
                f" found {table.dtype} of shape {table.shape}"
            )
        if table.size and not NO_ANSWER <= table.min() <= table.max() < len(classes):
            raise InvalidInputError(
                f"ratings must lie in -1..{len(classes) - 1},"
                f" found {table.min()} to {table.max()}"
            )
        images = np.arange(len(table)) if clusters is None else np.asarray(clusters)
        if images.shape != (len(table),):
            raise InvalidInputError(
                f"there must be one image per row: {len(table)} rows, {images.shape} images"
            )
        return Ratings(
            table.astype(np.intp),
            tuple(classes),
            tuple(labelers),
            images.astype(np.intp),
            unseen,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The labelers, each once, in the order of their columns."""
        return tuple(dict.fromkeys(self.labelers))

    def columns(self, labeler: str) -> Ints:
        """All trials of one labeler.

        Args:
            labeler: A name.

        Returns:
            (N, T) codes.
        """
        return self.codes[:, [n for n, who in enumerate(self.labelers) if who == labeler]]

    def only(self, labelers: Iterable[str]) -> Ratings:
        """The answers of some labelers; what none of them saw is left out.

        Args:
            labelers: Names.

        Returns:
            A table with fewer columns and rows.
        """
        wanted = set(labelers)
        kept = [n for n, who in enumerate(self.labelers) if who in wanted]
        codes = self.codes[:, kept]
        seen = codes != NO_ANSWER
        if self.unseen is not None:
            seen &= codes != self.unseen
        rows = seen.any(axis=1)
        return replace(
            self,
            codes=codes[rows],
            labelers=tuple(self.labelers[n] for n in kept),
            clusters=self.clusters[rows],
        )

    def against_rest(self, index: int) -> Ratings:
        """One class against all others.

        Args:
            index: Of the class.

        Returns:
            A table with two classes: others (0), this class (1).
        """
        codes = np.where(self.codes == NO_ANSWER, NO_ANSWER, self.codes == index)
        table = replace(self, codes=codes.astype(np.intp), unseen=None)
        if self.unseen is not None:
            # What is not of this class is not seen as such: the others agree on nothing.
            said = (codes == 1).any(axis=1)
            table = replace(
                table, codes=table.codes[said], clusters=self.clusters[said], unseen=0
            )
        return replace(table, classes=("other", self.classes[index]))
