"""Which image is compared with which reference: one rule, for imports and for devices.

A rule is one of

    golden.png               one file for all images, of the folder or from elsewhere
    {name}_temp              by the name of the image, its suffix left out
    {n}_test={n}_temp        the same for images that are called otherwise themselves
    {reference}              what the metadata of the image says, here in a column `reference`

A reference is looked for in the folder of its image, then in each folder above it. A file
that the rule could name is a reference, whether an image asks for it or not.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import InvalidInputError
from pitmark.core.records import MetadataValue
from pitmark.formats.listing import ImportedImage, Listing, classes_of
from pitmark.formats.metadata import FIELD, compile_pattern
from pitmark.formats.scan import IMAGE_SUFFIXES, Folder, stem_of, suffix_of

_NAME = "name"
_UP = re.compile(r"(\.\./)+")


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """How the reference of an image is called.

    `image` is the pattern that the names of images match, None for any; `reference` is
    the text with fields to be filled. Make one with `parse`.
    """

    image: str | None
    reference: str

    @staticmethod
    def parse(text: str) -> ReferenceRule:
        """The rule that a person wrote.

        Args:
            text: See the head of this module.

        Returns:
            The rule.

        Raises:
            InvalidInputError: It is empty, a brace is left open, or a field is no name.
        """
        image, equals, reference = text.rpartition("=")
        if not equals or not FIELD.search(image):
            image, reference = "", text
        parts = FIELD.split(reference)
        wrong = [f for f in parts[1::2] if not f.isidentifier()]
        if wrong or not reference.strip("/. ") or re.search("[{}]", "".join(parts[0::2])):
            raise InvalidInputError(
                f"the rule {text!r} names no reference",
                hint="Name a file, or write fields in braces, as in {name}_temp.",
            )
        if image:
            compile_pattern(image)
        return ReferenceRule(image or None, posixpath.normpath(reference.replace("\\", "/")))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to be filled; none where one file serves all images."""
        return tuple(FIELD.split(self.reference)[1::2])

    @property
    def by_name(self) -> bool:
        """Whether the name of an image tells its reference, without metadata."""
        known = {_NAME}
        if self.image is not None:
            known |= set(compile_pattern(self.image).groupindex)
        return set(self.fields) <= known

    def file(self) -> Path | None:
        """The one file that serves all images and may lie anywhere, if there is such."""
        path = Path(self.reference)
        return path.resolve() if not self.fields and path.is_file() else None

    def find(
        self,
        name: str,
        exists: Callable[[str], bool],
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> str | None:
        """The reference of an image.

        Args:
            name: Of the image, below the root of its folder, with forward slashes.
            exists: Whether there is a file of such a name.
            metadata: What else is known about the image.

        Returns:
            Its name below the root; None where there is none.
        """
        wanted = self._filled(name, metadata or {})
        if wanted is None:
            return None
        return next((n for n in _places(name, wanted) if n != name and exists(n)), None)

    def wanted(self, name: str, metadata: Mapping[str, MetadataValue] | None = None) -> str:
        """How the reference of an image should be called, for messages.

        Args:
            name: Of the image.
            metadata: What else is known about the image.

        Returns:
            The name, or what is missing to tell it.
        """
        filled = self._filled(name, metadata or {})
        if filled is not None:
            return f"looked for {filled}"
        return f"it does not match {self.image or self.reference}"

    def names(self, name: str) -> bool:
        """Whether a file is a reference by its name, and thus no image to be inspected.

        Args:
            name: Below the root, with forward slashes.

        Returns:
            Never True for a rule that is nothing but a field, and for what the rule says
            is an image.
        """
        parts = FIELD.split(_UP.sub("", self.reference))
        if self.image is not None:
            if self._captured(name) is not None:
                return False
        elif not any(re.search(r"\w", text) for text in parts[0::2]):
            return False
        regex = "".join(re.escape(t) if n % 2 == 0 else "[^/]+" for n, t in enumerate(parts))
        depth = "".join(parts[0::2]).count("/") + 1
        tail = "/".join(name.split("/")[-depth:])
        whole = suffix_of(parts[-1]) in IMAGE_SUFFIXES
        return re.fullmatch(regex, tail if whole else posixpath.splitext(tail)[0]) is not None

    def _filled(self, name: str, metadata: Mapping[str, MetadataValue]) -> str | None:
        known: dict[str, MetadataValue] = {**metadata, _NAME: stem_of(name)}
        captured = self._captured(name)
        if captured is None:
            return None
        known |= captured
        if any(f not in known for f in self.fields):
            return None
        return FIELD.sub(lambda m: str(known[m.group(1)]), self.reference)

    def _captured(self, name: str) -> dict[str, str] | None:
        """The fields of an image's own pattern; None where its name does not match."""
        if self.image is None:
            return {}
        stem = posixpath.splitext(name)[0]
        tail = "/".join(stem.split("/")[-(self.image.count("/") + 1) :])
        match = compile_pattern(self.image).fullmatch(tail)
        return None if match is None else match.groupdict()


def _places(name: str, wanted: str) -> Iterator[str]:
    """Where a reference may lie: beside the image, then above, with any suffix."""
    suffixes = [""]
    if suffix_of(wanted) not in IMAGE_SUFFIXES:
        own = posixpath.splitext(name)[1]
        rest = sorted(IMAGE_SUFFIXES)
        suffixes = [own, *rest, *(s.upper() for s in rest)]
    folder = posixpath.dirname(name)
    while True:
        for suffix in suffixes:
            place = posixpath.normpath(posixpath.join(folder, wanted + suffix))
            if not place.startswith(("../", "/")):
                yield place
        if not folder:
            return
        folder = posixpath.dirname(folder)


def pair_references(listing: Listing, folder: Folder, rule: ReferenceRule) -> None:
    """Give every image its reference, and take references out of the images.

    Args:
        listing: Changed in place; a note counts what was taken out.
        folder: That was read.
        rule: How references are called.

    Raises:
        InvalidInputError: An image has none; the message counts them.
    """
    elsewhere = rule.file()
    found: dict[str, Path] = {}
    for image in listing.images:
        inside = None
        if not rule.names(image.name):
            inside = rule.find(image.name, folder.__contains__, image.metadata)
        path = elsewhere if inside is None else folder.path(inside)
        if path is not None and path != image.path:
            found[image.name] = path
    used = set(found.values())
    apart = [i for i in listing.images if rule.names(i.name) or i.path in used]
    _take_out(listing, apart)
    lacking = [i for i in listing.images if i.name not in found]
    if lacking:
        first = lacking[0]
        raise InvalidInputError(
            f"{len(lacking)} of {len(listing.images)} images have no reference (first:"
            f" {first.name}, {rule.wanted(first.name, first.metadata)})",
            hint="Add the missing ones, or import these images from a folder of their own.",
        )
    for image in listing.images:
        image.reference = found[image.name]


def _take_out(listing: Listing, apart: list[ImportedImage]) -> None:
    if not apart:
        return
    names = {i.name for i in apart}
    listing.images = [i for i in listing.images if i.name not in names]
    kept = classes_of(i.shapes for i in listing.images)
    lost = set(classes_of(i.shapes for i in apart)) - set(kept)
    listing.classes = tuple(c for c in listing.classes if c not in lost)
    listing.notes.append(
        f"{len(apart)} files are references, not imported as images (first: {apart[0].name})"
    )
