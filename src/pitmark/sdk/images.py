"""The images of a project on a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.sdk.connection import Connection
from pitmark.wire.images import ImageCard, ImageDetail, ImagePage, MetadataValue

_PAGE = 200
_SHORTEST_PREFIX, _WHOLE_SHA = 4, 64
_DIGITS = frozenset("0123456789abcdef")


class Image:
    """One image; what the list does not tell is asked for when it is looked at.

    Args:
        connection: To the server.
        path: Of the project.
        card: The image as the list tells of it.
    """

    def __init__(self, connection: Connection, path: str, card: ImageCard) -> None:
        self._connection, self._path = connection, path
        self.card = card
        self.sha256, self.name = card.sha256, card.name
        self.width, self.height = card.width, card.height
        self.synthetic = card.synthetic

    @property
    def mode(self) -> str:
        """The mode of its pixels, such as L or RGB."""
        return self._detail.mode

    @property
    def metadata(self) -> dict[str, MetadataValue]:
        """What is known about it beside its labels."""
        return dict(self._detail.metadata)

    @property
    def group(self) -> str | None:
        """The physical part (or lot, or time run) that it shows."""
        return self._detail.group

    @property
    def reference(self) -> str | None:
        """The sha256 of the image that it is compared with."""
        return self._detail.reference

    @cached_property
    def _detail(self) -> ImageDetail:
        return self._connection.get(f"{self._path}/images/{self.sha256}", ImageDetail)


@dataclass(frozen=True)
class Images:
    """Some images of a project."""

    records: list[Image]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Image]:
        return iter(self.records)


def list_images(connection: Connection, path: str, filter: str) -> Images:
    """The images that a filter leaves, in the order of their names.

    Args:
        connection: To the server.
        path: Of the project.
        filter: As for GET .../images; empty for all.

    Returns:
        The images.
    """
    return Images([Image(connection, path, card) for card in _cards(connection, path, filter)])


def find_image(connection: Connection, path: str, name_or_sha: str) -> str:
    """The one image that is meant by a name or the beginning of a sha256.

    Args:
        connection: To the server.
        path: Of the project.
        name_or_sha: A name as it was imported, or at least four digits.

    Returns:
        Its sha256.

    Raises:
        NotFoundError: No image is meant.
        InvalidInputError: Several are meant.
    """
    if len(name_or_sha) == _WHOLE_SHA and set(name_or_sha) <= _DIGITS:
        return connection.get(f"{path}/images/{name_or_sha}", ImageDetail).card.sha256
    escaped = name_or_sha.replace("\\", "\\\\").replace('"', '\\"')
    found = [c.sha256 for c in _cards(connection, path, f'name = "{escaped}"')]
    prefix = name_or_sha.lower()
    if not found and len(prefix) >= _SHORTEST_PREFIX and set(prefix) <= _DIGITS:
        cards = _cards(connection, path, "")
        found = [c.sha256 for c in cards if c.sha256.startswith(prefix)]
    if len(found) > 1:
        listed = ", ".join(sorted(found)[:5])
        raise InvalidInputError(
            f"{name_or_sha!r} is the name of several images",
            hint=f"Name one by its sha256: {listed}.",
        )
    if not found:
        raise NotFoundError(
            f"the project has no image {name_or_sha!r}",
            hint="Give a name as it was imported, or the first digits of the sha256.",
        )
    return found[0]


def _cards(connection: Connection, path: str, filter: str) -> Iterator[ImageCard]:
    offset, total = 0, 1
    while offset < total:
        page = connection.get(
            f"{path}/images",
            ImagePage,
            filter=filter or None,
            sort="name",
            offset=offset,
            limit=_PAGE,
        )
        yield from page.items
        offset, total = offset + _PAGE, page.total
