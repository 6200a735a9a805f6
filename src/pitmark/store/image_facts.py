"""Everything that a list of images shows, read for many images at once, and what changed.

Read in batches of plain values: a million images pass through here when a gallery is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func

from pitmark.core.labels import Task
from pitmark.core.records import MetadataValue
from pitmark.store.consensus import Said, consensus_of, latest_by_labeler, standing
from pitmark.store.schema import (
    annotation_table,
    book_revisions,
    changes,
    findings,
    images,
    snapshot_items,
    snapshots,
)
from pitmark.store.scope import Scope, chunks

# Labels shorter than this as text are likely to be said of many images.
_OFTEN_SAID = 200
_MOST_REMEMBERED = 10_000
_LABEL = re.compile(r'"label":("(?:[^"\\]|\\.)*")')


class ImageFact(NamedTuple):
    """An image as it was imported; `id` is its key, in the order of import."""

    id: int
    sha256: str
    name: str
    width: int
    height: int
    metadata: Mapping[str, MetadataValue]
    group: str | None
    synthetic: bool
    reference: str | None


class SaidFact(NamedTuple):
    """What people said about an image.

    `classes` are those of the labels that hold, None where none do; `labelers` everybody
    who said anything that still stands.
    """

    image_id: int
    classes: tuple[str, ...] | None
    labelers: tuple[str, ...]


class FindingFact(NamedTuple):
    """The open findings of an image: their kinds, how many, and the highest score."""

    image_id: int
    kinds: tuple[str, ...]
    found: int
    score: float


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed between two moments: images by key, and whether other things did."""

    images: frozenset[int] = frozenset()
    labels: frozenset[int] = frozenset()
    findings: frozenset[int] = frozenset()
    others: frozenset[str] = frozenset()


class ImageFacts:
    """The images of one project with what is known about them.

    Args:
        scope: The project.
        task: Of the project.
    """

    def __init__(self, scope: Scope, task: Task) -> None:
        self._scope, self._task = scope, task

    def stamp(self) -> int:
        """A number that grows with every change; the same number means the same answers."""
        newest = self._scope.select(changes, func.max(changes.c.id))
        return int(self._scope.value(newest) or 0)

    def changed(self, since: int) -> Changed:
        """What changed after a stamp.

        Args:
            since: From `stamp`.

        Returns:
            Keys of images by what changed about them; the words book, snapshot and run
            where one of those came or changed.
        """
        query = self._scope.select(changes, changes.c.what, changes.c.image_id)
        found: dict[str, set[int]] = {}
        for row in self._scope.stream(query.where(changes.c.id > since).distinct()):
            found.setdefault(row.what, set()).add(row.image_id or 0)
        return Changed(
            images=frozenset(found.pop("image", ())),
            labels=frozenset(found.pop("label", ())),
            findings=frozenset(found.pop("finding", ())),
            others=frozenset(found),
        )

    def images(self, keys: Sequence[int] | None = None) -> Iterator[list[ImageFact]]:
        """Images in the order of their keys.

        Args:
            keys: Only these; all when None.

        Yields:
            Some thousand at a time.
        """
        columns = (
            images.c.id,
            images.c.sha256,
            images.c.name,
            images.c.width,
            images.c.height,
            cast(images.c.metadata, Text).label("known"),
            images.c.group_name,
            images.c.synthetic,
            images.c.reference_sha,
        )
        query = self._scope.select(images, *columns).order_by(images.c.id)
        for part in _parts(query, images.c.id, keys):
            for rows in self._scope.batches(part):
                # One call for all texts: a million calls would take seconds by themselves.
                known = json.loads(f"[{','.join([row[5] or '{}' for row in rows])}]")
                yield [
                    ImageFact(
                        key, sha, name, width, height, about, group, bool(made), reference
                    )
                    for (
                        key,
                        sha,
                        name,
                        width,
                        height,
                        _,
                        group,
                        made,
                        reference,
                    ), about in zip(rows, known, strict=True)
                ]

    def said(self, keys: Sequence[int] | None = None) -> Iterator[list[SaidFact]]:
        """What people said, for images about which somebody said anything.

        Args:
            keys: Only these images; all when None.

        Yields:
            Some thousand images at a time, in the order of their keys.
        """
        table = annotation_table
        columns = (
            table.c.image_id,
            table.c.id,
            table.c.labeler,
            table.c.labels_hash,
            table.c.review,
            table.c.withdraws,
            cast(table.c.shapes, Text).label("shapes"),
        )
        query = self._scope.select(table, *columns).order_by(table.c.image_id, table.c.id)
        reader = _SaidReader(self._task)
        for part in _parts(query, table.c.image_id, keys):
            held: list[Any] = []
            for rows in self._scope.batches(part):
                # The last image of a batch may go on in the next one.
                done = [*held, *rows]
                last = done[-1][0]
                held = [row for row in done if row[0] == last]
                yield reader.read_all(done[: len(done) - len(held)])
            yield reader.read_all(held)

    def open_findings(self, keys: Sequence[int] | None = None) -> Iterator[list[FindingFact]]:
        """Open findings by image.

        Args:
            keys: Only these images; all when None.

        Yields:
            Some images at a time, those without an open finding left out.
        """
        table = findings
        query = self._scope.select(table, table.c.image_id, table.c.kind, table.c.score)
        query = query.where(table.c.state == "open")
        held: dict[int, list[Any]] = {}
        for part in _parts(query, table.c.image_id, keys):
            for row in self._scope.stream(part):
                held.setdefault(row.image_id, []).append(row)
        yield [
            FindingFact(
                key,
                tuple(sorted({r.kind for r in rows})),
                len(rows),
                max(r.score for r in rows),
            )
            for key, rows in held.items()
        ]

    def splits(self) -> Iterator[list[tuple[int, str]]]:
        """The split of each image in the newest snapshot.

        Yields:
            Some thousand pairs of key and split at a time; nothing without a snapshot.
        """
        newest = self._scope.select(snapshots, func.max(snapshots.c.key))
        key = self._scope.value(newest)
        if key is None:
            return
        query = self._scope.select(
            snapshot_items, snapshot_items.c.image_id, snapshot_items.c.split
        ).where(snapshot_items.c.snapshot_key == key)
        for rows in self._scope.batches(query):
            yield [(image_id, split) for image_id, split in rows]

    def count(self) -> int:
        """How many images there are, references among them."""
        return int(self._scope.value(self._scope.select(images, func.count())) or 0)

    def book_revision(self) -> int:
        """The newest revision of the label book."""
        newest = self._scope.select(book_revisions, func.max(book_revisions.c.revision))
        return int(self._scope.value(newest) or 0)


class _SaidReader:
    """Turns annotations of an image into what they say, fast for what is often said."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._known: dict[str, tuple[str, ...]] = {}

    def read_all(self, rows: Sequence[Any]) -> list[SaidFact]:
        """What annotations in the order of images, then of time, come to."""
        out = []
        for key, of_image in groupby(rows, itemgetter(0)):
            said = list(of_image)
            row = said[0]
            if len(said) == 1 and row[5] is None:
                out.append(SaidFact(key, self._classes(row[6]), (row[2],)))
            else:
                out.append(self._consensus(key, said))
        return out

    def _consensus(self, image_id: int, rows: Sequence[Any]) -> SaidFact:
        # Revisions count up with the keys; which of two is later is all that matters here.
        said = standing(
            [
                Said(r.id, r.labeler, r.labels_hash, r.review, n, r.withdraws)
                for n, r in enumerate(rows)
            ]
        )
        if not said:
            return SaidFact(image_id, None, ())
        labelers = dict.fromkeys([*latest_by_labeler(said), *(s.labeler for s in said)])
        held = consensus_of(said, self._task).id
        shapes = next(r.shapes for r in rows if r.id == held)
        return SaidFact(image_id, self._classes(shapes), tuple(sorted(labelers)))

    def _classes(self, shapes: str) -> tuple[str, ...]:
        known = self._known.get(shapes)
        if known is None:
            found = {json.loads(m) for m in _LABEL.findall(_compact(shapes))}
            known = tuple(sorted(found))
            if len(shapes) < _OFTEN_SAID and len(self._known) < _MOST_REMEMBERED:
                self._known[shapes] = known
        return known


def _compact(shapes: str) -> str:
    """JSON without the space after a colon that some databases add."""
    return shapes if '"label":"' in shapes else shapes.replace('"label": "', '"label":"')


def _parts(query: Any, key: Any, keys: Sequence[int] | None) -> list[Any]:
    if keys is None:
        return [query]
    return [query.where(key.in_(p)) for p in chunks(sorted(set(keys)))]
