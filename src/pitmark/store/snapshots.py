"""Snapshots: versions of the data that never change, with the labels as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pitmark.core.errors import InvalidInputError, NotFoundError, StorageError
from pitmark.core.provenance import check_only_learned
from pitmark.core.records import LabeledImage, Snapshot, SnapshotItem
from pitmark.store.image_rows import RECORD_COLUMNS, record_of
from pitmark.store.images import Images
from pitmark.store.plain_shapes import shapes_from_plain
from pitmark.store.schema import annotation_table, images, now, snapshot_items, snapshots
from pitmark.store.scope import Scope, chunks

LabeledImages = list[LabeledImage]
_PAGE = 2000
# Where images of one group were split apart, the side that must stay unseen wins a tie.
_PREFERENCE = {"test": 2, "val": 1, "train": 0}


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What is known about a snapshot without its items."""

    id: str
    created: datetime
    note: str
    images: int
    labeled: int
    book_revision: int


class Snapshots:
    """The snapshots of one project.

    Args:
        scope: The project.
        images: Its images.
    """

    def __init__(self, scope: Scope, images: Images) -> None:
        self._scope, self._images = scope, images

    def save(
        self,
        snapshot: Snapshot,
        annotation_ids: Mapping[str, int | None],
        *,
        note: str = "",
        book_revision: int,
    ) -> SnapshotInfo:
        """Keep a snapshot; one that exists already is kept as it is.

        Args:
            snapshot: The items.
            annotation_ids: sha256 to the annotation that holds, None for unlabeled.
            note: What this version is for.
            book_revision: The revision of the label book in force.

        Returns:
            The snapshot as it is kept.

        Raises:
            NotFoundError: The project lacks one of the images.
            InvalidInputError: An annotation is not that of the item, or its labels are
                not those that the snapshot was made from; a synthetic image is to be
                judged by, or was made from an image that is.
        """
        with self._scope.write() as connection:
            existing = self._row(snapshots.c.id == snapshot.id)
            if existing is not None:
                return _info(existing)
            ids = self._images.ids([i.sha256 for i in snapshot.items])
            self._check(snapshot, annotation_ids, ids)
            self._check_synthetic(snapshot)
            labeled = sum(bool(i.labels_hash) for i in snapshot.items)
            values = {
                "id": snapshot.id,
                "created": now(),
                "note": note,
                "images": len(snapshot.items),
                "labeled": labeled,
                "book_revision": book_revision,
                "classes": list(snapshot.classes),
            }
            key = self._scope.insert_returning(connection, snapshots.c.key, [values])[0]
            self._add_items(connection, key, snapshot.items, (ids, annotation_ids))
            return self.info(snapshot.id)

    def _add_items(
        self,
        connection: Connection,
        key: int,
        items: Sequence[SnapshotItem],
        ids: tuple[Mapping[str, int], Mapping[str, int | None]],
    ) -> None:
        image_ids, annotation_ids = ids
        for part in chunks(items, _PAGE):
            rows = [
                {
                    "snapshot_key": key,
                    "image_id": image_ids[i.sha256],
                    "annotation_id": annotation_ids.get(i.sha256),
                    "split": i.split,
                    "reference_sha": i.reference or None,
                }
                for i in part
            ]
            self._scope.insert(connection, snapshot_items, rows)

    def _check(
        self,
        snapshot: Snapshot,
        annotation_ids: Mapping[str, int | None],
        image_ids: Mapping[str, int],
    ) -> None:
        """Each item must name the annotation whose labels it was made from."""
        query = self._scope.select(
            annotation_table,
            annotation_table.c.id,
            annotation_table.c.image_id,
            annotation_table.c.labels_hash,
        )
        for part in chunks(snapshot.items):
            keys = [annotation_ids.get(i.sha256) for i in part]
            wanted = [k for k in keys if k is not None]
            rows = self._scope.rows(query.where(annotation_table.c.id.in_(wanted)))
            said = {r.id: (r.image_id, r.labels_hash) for r in rows}
            for item, key in zip(part, keys, strict=True):
                nothing = (image_ids[item.sha256], "")
                found = nothing if key is None else said.get(key)
                if found != (image_ids[item.sha256], item.labels_hash):
                    raise InvalidInputError(
                        f"annotation {key} does not say what the snapshot holds of image"
                        f" {item.sha256}"
                    )

    def _check_synthetic(self, snapshot: Snapshot) -> None:
        splits = {i.sha256: i.split for i in snapshot.items}
        if self._images.any_synthetic():
            check_only_learned(self._images.many(list(splits)), splits)

    def annotation_ids(self, id_or_prefix: str = "latest") -> dict[str, int | None]:
        """Which annotation holds for each image of a snapshot.

        Args:
            id_or_prefix: Its id or the beginning of it, or "latest".

        Returns:
            sha256 to the key of the annotation, None for unlabeled images.

        Raises:
            NotFoundError: No such snapshot.
        """
        row = self._find(id_or_prefix)
        own = snapshot_items.c.annotation_id.label("said")
        return {r.sha256: r.said for r in self._items(row.key, images.c.sha256, own)}

    def list(self) -> Sequence[SnapshotInfo]:
        """All snapshots, the newest first."""
        query = self._scope.select(snapshots).order_by(snapshots.c.key.desc())
        return [_info(row) for row in self._scope.rows(query)]

    def info(self, id_or_prefix: str = "latest") -> SnapshotInfo:
        """What is known about a snapshot without its items.

        Args:
            id_or_prefix: Its id or the beginning of it, or "latest".

        Returns:
            The snapshot's description.

        Raises:
            NotFoundError: No such snapshot.
            InvalidInputError: Several snapshots begin like this.
        """
        return _info(self._find(id_or_prefix))

    def key(self, id_or_prefix: str) -> int:
        """The key of a snapshot in the database.

        Args:
            id_or_prefix: Its id or the beginning of it, or "latest".

        Returns:
            The key.

        Raises:
            NotFoundError: No such snapshot.
        """
        return int(self._find(id_or_prefix).key)

    def get(self, id_or_prefix: str = "latest") -> Snapshot:
        """A snapshot with its items, checked against its id.

        Args:
            id_or_prefix: Its id or the beginning of it, or "latest".

        Returns:
            The snapshot.

        Raises:
            NotFoundError: No such snapshot.
            StorageError: The rows do not give the id any more.
        """
        row = self._find(id_or_prefix)
        items = (
            SnapshotItem(r.sha256, r.labels_hash or "", r.split, r.compared or "")
            for r in self._items(row.key, images.c.sha256, annotation_table.c.labels_hash)
        )
        snapshot = Snapshot.of(items, row.classes)
        if snapshot.id != row.id:
            raise StorageError(
                f"snapshot {row.id} was altered: its rows give {snapshot.id}",
                hint="Restore the workspace from a backup.",
            )
        return snapshot

    def load(self, id_or_prefix: str = "latest") -> tuple[SnapshotInfo, LabeledImages]:
        """The images of a snapshot with the shapes as they were.

        Names, metadata and groups are those of today: they describe, they do not label.
        References are those of the snapshot.

        Args:
            id_or_prefix: Its id or the beginning of it, or "latest".

        Returns:
            The description, and the images in the order of their sha256.

        Raises:
            NotFoundError: No such snapshot.
        """
        row = self._find(id_or_prefix)
        found = [
            LabeledImage(
                replace(record_of(r), reference=r.compared),
                None if r.shapes is None else shapes_from_plain(r.shapes),
                r.split,
            )
            for r in self._items(row.key, *RECORD_COLUMNS, annotation_table.c.shapes)
        ]
        return _info(row), sorted(found, key=lambda i: i.image.sha256)

    def last_splits(self) -> dict[str, str]:
        """In which split each group was in the newest snapshot.

        Groups are those of today. Where their images were in several splits, the one of
        most of them counts.

        Returns:
            Group key (of `ImageRecord.group_key`) to split; empty without a snapshot.
        """
        newest = self._row()
        if newest is None:
            return {}
        votes: dict[str, Counter[str]] = {}
        for row in self._items(newest.key, images.c.sha256, images.c.group_name):
            group = row.group_name if row.group_name is not None else row.sha256
            votes.setdefault(group, Counter())[row.split] += 1
        return {
            group: max(count, key=lambda s: (count[s], _PREFERENCE[s]))
            for group, count in votes.items()
        }

    def _items(self, key: int, *columns: Any) -> Iterator[Any]:
        """The items of a snapshot, page by page along its primary key."""
        image_id = snapshot_items.c.image_id
        compared = snapshot_items.c.reference_sha.label("compared")
        own = (image_id, snapshot_items.c.split, compared)
        query = self._scope.select(snapshot_items, *own, *columns)
        query = query.join(images, images.c.id == image_id)
        query = query.outerjoin(
            annotation_table, annotation_table.c.id == snapshot_items.c.annotation_id
        )
        query = query.where(snapshot_items.c.snapshot_key == key)
        query = query.order_by(image_id).limit(_PAGE)
        rows = self._scope.rows(query)
        while rows:
            yield from rows
            rows = self._scope.rows(query.where(image_id > rows[-1].image_id))

    def _row(self, *conditions: Any) -> Any:
        query = self._scope.select(snapshots).where(*conditions)
        return self._scope.first(query.order_by(snapshots.c.key.desc()))

    def _find(self, id_or_prefix: str) -> Any:
        if id_or_prefix == "latest":
            row = self._row()
            if row is None:
                raise NotFoundError(
                    "the project has no snapshot yet", hint="Make one: `pitmark snapshot`."
                )
            return row
        low = id_or_prefix.lower()
        begins = (snapshots.c.id >= low, snapshots.c.id < low + "g")
        query = self._scope.select(snapshots).where(*begins).limit(2)
        rows = self._scope.rows(query) if low else []
        if len(rows) > 1:
            raise InvalidInputError(f"several snapshots begin with {id_or_prefix!r}")
        if not rows:
            known = ", ".join(i.id[:12] for i in self.list()[:5])
            raise NotFoundError(
                f"the project has no snapshot {id_or_prefix!r}",
                hint=f"The newest: {known or 'none yet'}.",
            )
        return rows[0]


def _info(row: Any) -> SnapshotInfo:
    return SnapshotInfo(
        id=row.id,
        created=row.created,
        note=row.note,
        images=row.images,
        labeled=row.labeled,
        book_revision=row.book_revision,
    )
