"""The columns of a gallery, filled from what the store knows of each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.ops.images.gallery_metadata import MetadataColumns
from pitmark.quality.facets.columns import Grown
from pitmark.quality.facets.index import NO, YES, FacetIndex, yes_or_no
from pitmark.quality.facets.name_column import NameColumn
from pitmark.quality.facets.number_column import NumberColumn
from pitmark.quality.facets.sha_column import ShaColumn
from pitmark.quality.facets.word_columns import SetColumn, WordColumn
from pitmark.store.image_facts import FindingFact, ImageFact, SaidFact

TRUTHS = ("labeled", "right", "synthetic")
# Beside the columns of filters: what images can be sorted by.
FINDINGS, FINDING_SCORE, UNCERTAINTY = "findings", "finding_score", "uncertainty"
FACETS = (
    "class",
    "labeled",
    "split",
    "finding",
    "right",
    "labeler",
    "group",
    "synthetic",
    "width",
    "height",
)
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ModelSays:
    """What a model says of images that it was not trained on, by sha256.

    `defect` is its verdict, `uncertainty` in [0, 1] how near the score is to the
    threshold, `label` its class in classification.
    """

    sha256: tuple[str, ...]
    defect: tuple[bool, ...]
    uncertainty: tuple[float, ...]
    label: tuple[str | None, ...]


class GalleryColumns:
    """One row per image in the order of import, one column per thing known about it."""

    def __init__(self) -> None:
        self._keys, self._shas = Grown(np.int64), Grown(np.dtype("V32"))
        self._said, self._verdict = Grown(np.bool_), Grown(np.int8)
        self._model_label = WordColumn()
        self._references: dict[int, bytes] = {}
        self._served: Rows | None = None
        self.name, self.classes, self.labeled = NameColumn(), SetColumn(), WordColumn()
        self.split, self.kinds, self.right = WordColumn(), SetColumn(), WordColumn()
        self.synthetic, self.findings = WordColumn(), NumberColumn()
        self.width, self.height = NumberColumn(), NumberColumn()
        self._labelers, self._group = SetColumn(), WordColumn()
        self._score, self._uncertainty = NumberColumn(), NumberColumn()
        self.index = FacetIndex(
            {
                "class": self.classes,
                "labeled": self.labeled,
                "split": self.split,
                "finding": self.kinds,
                "right": self.right,
                "labeler": self._labelers,
                "group": self._group,
                "synthetic": self.synthetic,
                "name": self.name,
                "width": self.width,
                "height": self.height,
                "sha": ShaColumn(self._shas),
                FINDINGS: self.findings,
                FINDING_SCORE: self._score,
                UNCERTAINTY: self._uncertainty,
            },
            TRUTHS,
        )
        self._metadata = MetadataColumns(self.index.columns)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def metadata_columns(self) -> list[str]:
        """The columns of metadata, such as "meta.lot"."""
        return self._metadata.names

    @property
    def facet_names(self) -> list[str]:
        """The columns that are shown as facets, in their order."""
        return [*FACETS, *self.metadata_columns]

    def sha256(self, row: int) -> str:
        """The image of a row."""
        return bytes(self._shas.view[row]).hex()

    def shas(self, rows: Rows | None) -> list[str]:
        """The images of some rows, None for all."""
        held = self._shas.view if rows is None else self._shas.view[rows]
        digits = held.tobytes().hex()
        return [digits[n : n + 64] for n in range(0, len(digits), 64)]

    @property
    def last_key(self) -> int:
        """The highest key of an image, 0 where there is none."""
        return int(self._keys.view[-1]) if len(self) else 0

    def known(self, keys: Sequence[int]) -> list[bool]:
        """Which images by key are rows."""
        there: list[bool] = self._placed(keys)[1].tolist()
        return there

    def places_of(self, shas: Sequence[str]) -> dict[str, int]:
        """The rows of images by sha256, for those that are rows."""
        wanted = {bytes.fromhex(s): s for s in shas}
        held = self._shas.view.tobytes()
        digests = (held[n : n + 32] for n in range(0, len(held), 32))
        return {wanted[d]: row for row, d in enumerate(digests) if d in wanted}

    def rows_of(self, keys: Sequence[int]) -> Rows:
        """The rows of images by key; those that are no rows are left out.

        Args:
            keys: In any order.

        Returns:
            (M,) row numbers in the order of the keys that there are.
        """
        places, _ = self._placed(keys)
        return places

    def add(self, facts: Sequence[ImageFact]) -> None:
        """Add images whose keys come after all others.

        Args:
            facts: In the order of their keys.
        """
        first, count = len(self), len(facts)
        self._keys.extend(np.array([f.id for f in facts], dtype=np.int64))
        digests = b"".join(bytes.fromhex(f.sha256) for f in facts)
        self._shas.extend(np.frombuffer(digests, dtype="V32"))
        self._said.extend(np.zeros(count, dtype=np.bool_))
        self._verdict.extend(np.full(count, -1, dtype=np.int8))
        self.name.extend([f.name for f in facts])
        self.width.extend([f.width for f in facts])
        self.height.extend([f.height for f in facts])
        self.synthetic.extend([yes_or_no(f.synthetic) for f in facts])
        self._group.extend([f.group for f in facts])
        self.labeled.extend([NO] * count)
        for words in (self.split, self.right, self._model_label):
            words.extend([None] * count)
        for sets in (self.classes, self.kinds, self._labelers):
            sets.extend([()] * count)
        for numbers in (self._score, self._uncertainty):
            numbers.extend([None] * count)
        self.findings.extend([0] * count)
        self._metadata.extend([f.metadata for f in facts])
        self._note_references(range(first, first + count), facts)

    def update(self, facts: Sequence[ImageFact]) -> None:
        """Change the group, metadata and reference of images that are rows already.

        Args:
            facts: In any order.
        """
        rows, there = self._placed([f.id for f in facts])
        known = [f for f, t in zip(facts, there, strict=True) if t]
        self._group.put(rows, [f.group for f in known])
        self._metadata.put(rows, [f.metadata for f in known])
        self._note_references(rows.tolist(), known)

    def say(self, facts: Sequence[SaidFact]) -> Rows:
        """Change what people said about images.

        Args:
            facts: In any order.

        Returns:
            The rows changed.
        """
        rows, there = self._placed([f.image_id for f in facts])
        known = [f for f, t in zip(facts, there, strict=True) if t]
        self._said.view[rows] = True
        self.classes.put(rows, [f.classes or () for f in known])
        self.labeled.put(rows, [yes_or_no(f.classes is not None) for f in known])
        self._labelers.put(rows, [f.labelers for f in known])
        return rows

    def find(self, facts: Sequence[FindingFact], keys: Sequence[int] = ()) -> None:
        """Change the open findings of images.

        Args:
            facts: Of images with open findings.
            keys: Images whose other findings are gone.
        """
        gone = self.rows_of(keys)
        self.kinds.put(gone, [()] * len(gone))
        self.findings.put(gone, [0] * len(gone))
        self._score.put(gone, [None] * len(gone))
        rows, there = self._placed([f.image_id for f in facts])
        known = [f for f, t in zip(facts, there, strict=True) if t]
        self.kinds.put(rows, [f.kinds for f in known])
        self.findings.put(rows, [f.found for f in known])
        self._score.put(rows, [f.score for f in known])

    def clear_splits(self) -> None:
        """Forget the splits of an older snapshot."""
        self.split.put(np.arange(len(self)), [None] * len(self))

    def put_splits(self, splits: Sequence[tuple[int, str]]) -> None:
        """Say in which split images are.

        Args:
            splits: Pairs of key and split.
        """
        rows, there = self._placed([key for key, _ in splits])
        self.split.put(rows, [s for (_, s), t in zip(splits, there, strict=True) if t])

    def model_says(self, says: ModelSays) -> None:
        """Take what a model says instead of what an earlier one said.

        Args:
            says: By sha256.
        """
        count = len(self)
        every = np.arange(count)
        self._verdict.view[:] = -1
        self._uncertainty.put(every, [None] * count)
        self._model_label.put(every, [None] * count)
        places = self.places_of(says.sha256)
        kept = [n for n, sha in enumerate(says.sha256) if sha in places]
        rows = np.array([places[says.sha256[n]] for n in kept], dtype=np.intp)
        self._verdict.view[rows] = [says.defect[n] for n in kept]
        self._uncertainty.put(rows, [says.uncertainty[n] for n in kept])
        self._model_label.put(rows, [says.label[n] for n in kept])

    def judge(self, good: frozenset[str], rows: Rows | None = None) -> None:
        """Work out whether the model was right, by the labels of now.

        Args:
            good: The classes that are no defect.
            rows: Only these; all when None.
        """
        verdicts = self._verdict.view
        wanted = np.arange(len(self)) if rows is None else rows
        told = wanted[verdicts[wanted] >= 0]
        if rows is None:
            self.right.put(wanted, [None] * len(wanted))
        judged = [self._right(int(r), int(verdicts[r]), good) for r in told]
        self.right.put(told, judged)

    def settle(self) -> None:
        """Make the index ready for questions after changes."""
        if self._served is None or not self._references:
            self._served = self._serving()
        hidden = self._served[~self._said.view[self._served]]
        self.index.changed(hidden)

    def _right(self, row: int, defect: int, good: frozenset[str]) -> str | None:
        if self.labeled.word(row) != YES:
            return None
        classes = self.classes.words(row)
        truth = any(c not in good for c in classes)
        label = self._model_label.word(row)
        return yes_or_no(truth == bool(defect) and (not label or classes == (label,)))

    def _serving(self) -> Rows:
        """Rows that are the reference of another image."""
        served = {s for row, s in self._references.items() if bytes(self._shas.view[row]) != s}
        if not served:
            return np.zeros(0, dtype=np.intp)
        held = self._shas.view.tobytes()
        return np.array(
            [n for n in range(len(self)) if held[32 * n : 32 * n + 32] in served],
            dtype=np.intp,
        )

    def _note_references(self, rows: Sequence[int], facts: Sequence[ImageFact]) -> None:
        for row, fact in zip(rows, facts, strict=True):
            if fact.reference is not None:
                self._references[row] = bytes.fromhex(fact.reference)
        self._served = None

    def _placed(self, keys: Sequence[int]) -> tuple[Rows, NDArray[np.bool_]]:
        """Rows of the keys that are there, and which those are."""
        wanted = np.array(keys, dtype=np.int64)
        held = self._keys.view
        places = np.minimum(np.searchsorted(held, wanted), max(len(held) - 1, 0))
        there = held[places] == wanted if len(held) else np.zeros(len(wanted), dtype=bool)
        return places[there], there
