"""The images of a project: one row per content, and all names under which it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from pitmark.core.errors import InvalidInputError
from pitmark.core.provenance import PROVENANCE
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.store.blobs import BlobStore, check_sha
from pitmark.store.image_reader import ImageReader
from pitmark.store.image_rows import known_metadata, shown, values_of
from pitmark.store.schema import image_occurrences, images
from pitmark.store.scope import Scope, chunks


class Images(ImageReader):
    """The images of one project.

    Args:
        scope: The project.
        blobs: Where the bytes of the images are.
    """

    def __init__(self, scope: Scope, blobs: BlobStore) -> None:
        super().__init__(scope)
        self._blobs = blobs

    def add(self, record: ImageRecord, *, source: str) -> bool:
        """Add an image whose bytes are in the blob store already, its reference's as well.

        Args:
            record: The image; metadata that is not a finite number is left out.
            source: Where it came from, such as the name of the imported folder.

        Returns:
            False if these bytes are known; a new name for them is remembered then, and
            the reference where the record has one.

        Raises:
            StorageError: There is no blob with the bytes of the image or its reference.
        """
        return self.add_many([(record, source)])[0]

    def add_many(self, records: Sequence[tuple[ImageRecord, str]]) -> list[bool]:
        """Add images whose bytes are in the blob store already: all or none.

        Args:
            records: Image and source, as for `add`.

        Returns:
            For each image whether it was new.

        Raises:
            StorageError: There is no blob with the bytes of an image.
        """
        out: list[bool] = []
        with self._scope.write() as connection:
            for part in chunks(records):
                out += self._add_part(connection, part)
        return out

    def _add_part(
        self, connection: Connection, part: Sequence[tuple[ImageRecord, str]]
    ) -> list[bool]:
        # Checked inside the transaction: deleting a project removes blobs inside one.
        self._blobs.require(record.sha256 for record, _ in part)
        self._blobs.require(r.reference for r, _ in part if r.reference is not None)
        known = self._ids([record.sha256 for record, _ in part])
        first: dict[str, tuple[ImageRecord, str]] = {}
        again: list[tuple[ImageRecord, str]] = []
        out = []
        for record, source in part:
            new = record.sha256 not in known and record.sha256 not in first
            out.append(new)
            if new:
                first[record.sha256] = (record, source)
            else:
                again.append((record, source))
        self._scope.insert(connection, images, [values_of(*pair) for pair in first.values()])
        self._remember(connection, again)
        self._compare(connection, [record for record, _ in again])
        return out

    def _compare(self, connection: Connection, again: Sequence[ImageRecord]) -> None:
        """Known images take the reference they come with this time."""
        for record in again:
            if record.reference is None:
                continue
            change = self._scope.update(images).where(images.c.sha256 == record.sha256)
            connection.execute(change.values(reference_sha=check_sha(record.reference)))

    def _remember(
        self, connection: Connection, again: Sequence[tuple[ImageRecord, str]]
    ) -> None:
        """Keep the names under which known bytes came again, each once."""
        if not again:
            return
        ids = self._ids([record.sha256 for record, _ in again])
        mine = list(ids.values())
        main = self._scope.select(images, images.c.id, images.c.name, images.c.source)
        more = self._scope.select(
            image_occurrences,
            image_occurrences.c.image_id,
            image_occurrences.c.name,
            image_occurrences.c.source,
        )
        seen = {tuple(r) for r in connection.execute(main.where(images.c.id.in_(mine)))}
        also = more.where(image_occurrences.c.image_id.in_(mine))
        seen |= {tuple(r) for r in connection.execute(also)}
        wanted = dict.fromkeys((ids[r.sha256], shown(r.name), shown(s)) for r, s in again)
        new = [dict(zip(("image_id", "name", "source"), w, strict=True)) for w in wanted]
        fresh = [n for n, w in zip(new, wanted, strict=True) if w not in seen]
        self._scope.insert(connection, image_occurrences, fresh)

    def set_metadata(self, sha256: str, metadata: Mapping[str, MetadataValue]) -> None:
        """Merge metadata into that of an image; keys that exist are replaced.

        Args:
            sha256: The image.
            metadata: What to add; what is not a finite number is left out.

        Raises:
            NotFoundError: The project has no such image.
            InvalidInputError: It is synthetic, and what it was made from would change.
        """
        with self._scope.write() as connection:
            before = self.get(sha256)
            merged = {**before.metadata, **known_metadata(metadata)}
            made = [k for k in PROVENANCE if merged.get(k) != before.metadata.get(k)]
            if before.synthetic and made:
                raise InvalidInputError(
                    f"{before.name} is synthetic: its {made[0]!r} cannot be changed"
                )
            change = self._scope.update(images).where(images.c.sha256 == sha256)
            connection.execute(change.values(metadata=merged))

    def set_group(self, groups: Mapping[str, str | None]) -> None:
        """Say which physical part (or lot, or time run) images show.

        Args:
            groups: sha256 to group, None for none.

        Raises:
            NotFoundError: The project has no such image; nothing is changed then.
        """
        with self._scope.write() as connection:
            for part in chunks(list(groups)):
                self._ids(part, complete=True)
                for sha256 in part:
                    change = self._scope.update(images).where(images.c.sha256 == sha256)
                    connection.execute(change.values(group_name=groups[sha256]))
