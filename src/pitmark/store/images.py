"""The images of a project: one row per content, and all names under which it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.provenance import PROVENANCE
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.store.blobs import BlobStore, check_sha
from pitmark.store.image_rows import (
    RECORD_COLUMNS,
    known_metadata,
    record_of,
    shown,
    values_of,
)
from pitmark.store.schema import annotation_table, image_occurrences, images
from pitmark.store.scope import Scope, chunks

_SHORTEST_PREFIX = 4


class Images:
    """The images of one project.

    Args:
        scope: The project.
        blobs: Where the bytes of the images are.
    """

    def __init__(self, scope: Scope, blobs: BlobStore) -> None:
        self._scope, self._blobs = scope, blobs

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

    def get(self, sha256: str) -> ImageRecord:
        """One image.

        Args:
            sha256: The hash of its bytes.

        Returns:
            The image.

        Raises:
            NotFoundError: The project has no such image.
        """
        row = self._scope.first(
            self._scope.select(images, *RECORD_COLUMNS).where(images.c.sha256 == sha256)
        )
        if row is None:
            raise NotFoundError(f"the project has no image with the sha256 {sha256!r}")
        return record_of(row)

    def many(self, shas: Sequence[str]) -> list[ImageRecord]:
        """Some images.

        Args:
            shas: Hashes of their bytes.

        Returns:
            Those that the project has, in no order.
        """
        query = self._scope.select(images, *RECORD_COLUMNS)
        return [
            record_of(row)
            for part in chunks(shas)
            for row in self._scope.rows(query.where(images.c.sha256.in_(part)))
        ]

    def any_synthetic(self) -> bool:
        """Whether the project has a synthetic image."""
        query = self._scope.select(images, images.c.id).where(images.c.synthetic)
        return self._scope.first(query.limit(1)) is not None

    def find(self, name_or_sha: str) -> ImageRecord:
        """The one image that is meant by a name or the beginning of a sha256.

        Args:
            name_or_sha: A name under which the image came, or at least four digits.

        Returns:
            The image.

        Raises:
            NotFoundError: No image is meant.
            InvalidInputError: Several images are meant.
        """
        for condition in self._meanings(name_or_sha):
            query = self._scope.select(images, *RECORD_COLUMNS).where(condition)
            rows = self._scope.rows(query.order_by(images.c.sha256).limit(6))
            if len(rows) > 1:
                listed = ", ".join(r.sha256[:12] for r in rows[:5])
                raise InvalidInputError(
                    f"{name_or_sha!r} is the name of several images",
                    hint=f"Name one by its sha256: {listed}{', ...' * (len(rows) > 5)}.",
                )
            if rows:
                return record_of(rows[0])
        raise NotFoundError(
            f"the project has no image {name_or_sha!r}",
            hint="Give a name as it was imported, or the first digits of the sha256.",
        )

    def _meanings(self, text: str) -> Iterator[Any]:
        yield images.c.name == shown(text)
        again = self._scope.select(image_occurrences, image_occurrences.c.image_id)
        yield images.c.id.in_(again.where(image_occurrences.c.name == shown(text)))
        prefix = text.lower()
        if len(prefix) >= _SHORTEST_PREFIX and all(c in "0123456789abcdef" for c in prefix):
            # "g" comes after all digits: a range, which an index can serve.
            yield and_(images.c.sha256 >= prefix, images.c.sha256 < prefix + "g")

    def all(self) -> list[ImageRecord]:
        """All images in the order of their names."""
        return list(self.iterate())

    def iterate(self, batch: int = 1000) -> Iterator[ImageRecord]:
        """All images in the order of their names, few in memory at a time.

        An unlabeled image that serves another as reference is no longer one of them.

        Args:
            batch: How many to fetch at once.

        Yields:
            The images.
        """
        served = self._only_references()
        query = self._scope.select(images, images.c.id, *RECORD_COLUMNS).limit(batch)
        query = query.order_by(images.c.name, images.c.id)
        rows = self._scope.rows(query)
        while rows:
            yield from (record_of(row) for row in rows if row.id not in served)
            name, key = rows[-1].name, rows[-1].id
            later = or_(images.c.name > name, and_(images.c.name == name, images.c.id > key))
            rows = self._scope.rows(query.where(images.c.name >= name, later))

    def count(self) -> int:
        """How many images there are, as `iterate` tells them."""
        every = self._scope.value(self._scope.select(images, func.count()))
        return int(every) - len(self._only_references())

    def _only_references(self) -> set[int]:
        """Images that are nothing more than the reference of another.

        Asked once for all images: a condition on each of them is slow with many.
        """
        other = images.alias("other")
        said = self._scope.select(annotation_table, annotation_table.c.id).where(
            annotation_table.c.image_id == images.c.id
        )
        query = self._scope.select(other, images.c.id).join(
            images,
            and_(
                images.c.organisation_id == other.c.organisation_id,
                images.c.project_id == other.c.project_id,
                images.c.sha256 == other.c.reference_sha,
                images.c.id != other.c.id,
            ),
        )
        query = query.where(other.c.reference_sha.is_not(None), ~said.exists()).distinct()
        return {row.id for row in self._scope.rows(query)}

    def occurrences(self) -> dict[str, list[str]]:
        """All names of the images that came under more than one.

        Returns:
            sha256 to names; the first is that of the image record.
        """
        other = image_occurrences.c.name.label("other")
        query = self._scope.select(image_occurrences, images.c.sha256, images.c.name, other)
        query = query.join(images, images.c.id == image_occurrences.c.image_id)
        names: dict[str, dict[str, None]] = {}
        for row in self._scope.rows(query.order_by(images.c.name)):
            names.setdefault(row.sha256, {row.name: None})[row.other] = None
        return {sha: list(found) for sha, found in names.items() if len(found) > 1}

    def names_of(self, sha256: str) -> list[str]:
        """All names under which an image came.

        Args:
            sha256: The image.

        Returns:
            Names, that of the image record first.

        Raises:
            NotFoundError: The project has no such image.
        """
        record, key = self.get(sha256), self.ids([sha256])[sha256]
        query = self._scope.select(image_occurrences, image_occurrences.c.name)
        more = self._scope.rows(query.where(image_occurrences.c.image_id == key))
        return list(dict.fromkeys([record.name, *sorted(r.name for r in more)]))

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

    def ids(self, shas: Sequence[str]) -> dict[str, int]:
        """The keys of images in the database.

        Args:
            shas: Images.

        Returns:
            sha256 to key.

        Raises:
            NotFoundError: The project lacks one of them.
        """
        out: dict[str, int] = {}
        for part in chunks(shas):
            out |= self._ids(part, complete=True)
        return out

    def known(self, shas: Sequence[str]) -> set[str]:
        """Which of some bytes are images of the project.

        Args:
            shas: Hashes of bytes.

        Returns:
            Those that are.
        """
        return {sha for part in chunks(shas) for sha in self._ids(part)}

    def shows(self, sha256: str) -> bool:
        """Whether some bytes are an image of the project or the reference of one.

        Args:
            sha256: Their hash.

        Returns:
            True where the project may show them.
        """
        query = self._scope.select(images, images.c.id)
        columns = (images.c.sha256, images.c.reference_sha)
        return any(self._scope.first(query.where(c == sha256)) is not None for c in columns)

    def _ids(self, shas: Sequence[str], *, complete: bool = False) -> dict[str, int]:
        query = self._scope.select(images, images.c.sha256, images.c.id)
        rows = self._scope.rows(query.where(images.c.sha256.in_(set(shas))))
        found = {r.sha256: r.id for r in rows}
        missing = next((s for s in shas if s not in found), None) if complete else None
        if missing is not None:
            raise NotFoundError(f"the project has no image with the sha256 {missing!r}")
        return found
