"""One walk over a folder; everything later looks names up in what the walk found.

Nothing that a label file says is ever opened as a path, so no name leads outside.
"""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.records import Split
from pitmark.formats.containers import read_size

IMAGE_SUFFIXES = frozenset(
    (
        *(".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp"),
        *(".jp2", ".j2k", ".ppm", ".pgm"),
    )
)
MAX_LABEL_BYTES = 2_000_000_000
_SPLIT_WORDS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


class Folder:
    """The files below a root, by their names relative to it.

    Args:
        root: The folder.

    Raises:
        NotFoundError: There is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFoundError(f"there is no folder {root}")
        self.root = root.resolve()
        self.refused: list[tuple[str, str]] = []
        self.names: list[str] = sorted(self._walk())
        self._known = set(self.names)

    def _walk(self) -> Iterator[str]:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            try:
                with os.scandir(self.root / prefix) as entries:
                    found = list(entries)
            except OSError as exc:
                self.refused.append((prefix.rstrip("/"), f"cannot be opened: {exc.strerror}"))
                continue
            for entry in found:
                name = prefix + entry.name
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                reason = self._refusal(entry)
                if reason:
                    shown = name.encode("utf-8", "backslashreplace").decode()
                    self.refused.append((shown, reason))
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(name + "/")
                elif entry.is_file():
                    yield name

    def _refusal(self, entry: os.DirEntry[str]) -> str:
        """Why an entry is not looked at; empty when it is."""
        if not entry.name.isprintable():
            return "its name holds characters that cannot be shown"
        if not entry.is_symlink():
            return ""
        target = Path(entry.path).resolve()
        if target.is_file() and target.is_relative_to(self.root):
            return ""
        return "a link to a folder, to nothing, or out of the root folder is not followed"

    @cached_property
    def images(self) -> list[str]:
        """Names of all image files, by suffix, sorted."""
        return [n for n in self.names if suffix_of(n) in IMAGE_SUFFIXES]

    @cached_property
    def _images_by_base(self) -> dict[str, list[str]]:
        bases: dict[str, list[str]] = defaultdict(list)
        for name in self.images:
            bases[posixpath.basename(name)].append(name)
        return dict(bases)

    @cached_property
    def _images_by_stem(self) -> dict[str, list[str]]:
        stems: dict[str, list[str]] = defaultdict(list)
        for name in self.images:
            stems[stem_of(name)].append(name)
        return dict(stems)

    def with_suffix(self, suffix: str) -> list[str]:
        """Names of the files with one suffix.

        Args:
            suffix: With its dot, in lower case.

        Returns:
            Sorted names.
        """
        return [n for n in self.names if suffix_of(n) == suffix]

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def path(self, name: str) -> Path:
        """Where a file of this folder lies.

        Args:
            name: One of `names`.

        Returns:
            The path.
        """
        return self.root / name

    def find_image(self, reference: str, *, beside: str = "") -> str | None:
        """The image that a label file means.

        Looked for beside the label file, then from the root, then anywhere by its file
        name or, at last, its stem. Of several, the one whose folders are called most alike
        is taken, and none where that does not decide.

        Args:
            reference: What the label file says; may use backslashes or be absolute.
            beside: Name of the label file.

        Returns:
            One of `images`, or None.
        """
        wanted = reference.replace("\\", "/")
        for base in (posixpath.dirname(beside), ""):
            name = posixpath.normpath(posixpath.join(base, wanted))
            if name in self._known and suffix_of(name) in IMAGE_SUFFIXES:
                return name
        base_name = posixpath.basename(wanted)
        for found in (
            self._images_by_base.get(base_name, []),
            self._images_by_stem.get(base_name, []),
            self._images_by_stem.get(stem_of(base_name), []),
        ):
            nearest = _nearest(found, wanted, beside)
            if nearest:
                return nearest
        return None

    def text(self, name: str) -> str:
        """The text of a label file.

        Args:
            name: One of `names`.

        Returns:
            The text, without a byte order mark.

        Raises:
            InvalidInputError: It cannot be read, is too large, or is not UTF-8.
        """
        return read_text(self.path(name), name)

    def size(self, name: str) -> tuple[int, int]:
        """Width and height of an image, from its header.

        Args:
            name: One of `images`.

        Returns:
            (width, height) in pixels, after the EXIF rotation.

        Raises:
            UnreadableImageError: The header cannot be read.
        """
        with self.path(name).open("rb") as stream:
            return read_size(stream, name)


def read_text(path: Path, name: str) -> str:
    """The text of a file that a person gave.

    Args:
        path: The file.
        name: What it is called in messages.

    Returns:
        The text, without a byte order mark.

    Raises:
        InvalidInputError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            raise InvalidInputError(f"{name} is larger than {MAX_LABEL_BYTES} bytes")
        return path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise InvalidInputError(f"{name} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InvalidInputError(
            f"{name} is not UTF-8 text (byte {exc.start})", hint="Save it as UTF-8."
        ) from exc


def suffix_of(name: str) -> str:
    """The suffix of a name in lower case, with its dot.

    Args:
        name: With forward slashes.

    Returns:
        Such as ".png", or "".
    """
    return posixpath.splitext(name)[1].lower()


def stem_of(name: str) -> str:
    """The file name without folders and suffix.

    Args:
        name: With forward slashes.

    Returns:
        The stem.
    """
    return posixpath.splitext(posixpath.basename(name))[0]


def split_word(text: str) -> Split | None:
    """The split that a word stands for.

    Args:
        text: Such as "valid" or "Training".

    Returns:
        train, val or test, or None for any other word.
    """
    return _SPLIT_WORDS.get(text.strip().casefold())


def split_of(name: str) -> Split | None:
    """The split that the folders of a name stand for.

    Args:
        name: With forward slashes.

    Returns:
        The split of the outermost folder that is called after one, or None.
    """
    found = (split_word(part) for part in name.split("/")[:-1])
    return next((s for s in found if s is not None), None)


def _nearest(found: list[str], wanted: str, beside: str) -> str | None:
    """Of images with the same file name, the one that shares the most folder names."""
    if len(found) < 2:
        return found[0] if found else None
    near = {*wanted.split("/")[:-1], *beside.split("/")[:-1]}
    scores = [sum(part in near for part in name.split("/")[:-1]) for name in found]
    best = max(scores)
    return found[scores.index(best)] if scores.count(best) == 1 else None
