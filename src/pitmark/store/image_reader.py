"""Reading the images of a project: which there are, and which one a name means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, func, or_

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.records import ImageRecord
from pitmark.store.image_rows import RECORD_COLUMNS, record_of, shown
from pitmark.store.schema import annotation_table, image_occurrences, images
from pitmark.store.scope import Scope, chunks

_SHORTEST_PREFIX = 4


class ImageReader:
    """The images of one project, to be read.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

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
