"""Where images come from: a folder as it is, a folder as it fills, arrays of a camera.

Every source gives pairs of a name and an image. A file that cannot be opened comes as
empty bytes, so that it gets the verdict error instead of being passed over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pitmark.core.errors import InvalidInputError, NotFoundError, StorageError
from pitmark.core.preprocess import Pixels
from pitmark.formats.references import ReferenceRule

IMAGE_SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".bmp",
        ".tif",
        ".tiff",
        ".webp",
        ".gif",
        ".jp2",
        ".pgm",
        ".ppm",
    }
)
DEFAULT_POLL_S = 0.5

# Size, time of change and number of a file: another stamp is another image.
_Stamp = tuple[int, int, int]


class FolderReferences:
    """The references of the images in a folder, by the rule they were imported with.

    Args:
        path: The folder.
        rule: See `pitmark.formats.references`; None where nothing is compared.

    Raises:
        InvalidInputError: The rule cannot be used, or needs metadata, which a device
            does not have.
    """

    def __init__(self, path: Path, rule: str | None) -> None:
        self._root = path
        self._rule = None if rule is None else ReferenceRule.parse(rule)
        self._elsewhere = None if self._rule is None else self._rule.file()
        if self._rule is not None and not self._rule.by_name:
            raise InvalidInputError(
                f"the rule {rule!r} needs metadata, and a device knows only names",
                hint="Tell references by name, as in {name}_temp.",
            )

    def __call__(self, name: str) -> bytes | None:
        """The bytes of the reference of an image, as they are now; None without one."""
        if self._rule is None:
            return None
        found = self._rule.find(name, self._holds)
        path = self._elsewhere if found is None else self._root / found
        return None if path is None else _read(path)

    def is_reference(self, name: str) -> bool:
        """Whether a file of the folder is a reference, and no image to inspect."""
        if self._rule is None:
            return False
        return self._rule.names(name) or (self._root / name).resolve() == self._elsewhere

    def _holds(self, name: str) -> bool:
        path = self._root / name
        return path.is_file() and path.resolve().is_relative_to(self._root.resolve())


def iterate_folder(
    path: Path, *, recursive: bool = False, leave_out: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, bytes]]:
    """The images in a folder, in the order of their names.

    Hidden files, and links that lead out of the folder, are left out.

    Args:
        path: The folder.
        recursive: Whether to look into folders inside it.
        leave_out: Whether a file, by its name, is no image to inspect.

    Returns:
        Pairs of name (relative to the folder, with /) and file bytes, read one by one.

    Raises:
        NotFoundError: There is no such folder.
        StorageError: It, or a folder inside it, cannot be read.
    """
    _check_folder(path)
    return _each_file(path, recursive, leave_out)


def watch_folder(
    path: Path,
    *,
    poll_s: float = DEFAULT_POLL_S,
    stop: threading.Event,
    recursive: bool = False,
    existing: bool = False,
    leave_out: Callable[[str], bool] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Images as they appear in a folder, until told to stop.

    A file counts as complete when it has the same size and time of change at two looks
    in a row. One that is written again comes again. A folder that vanishes for a while,
    as network drives do, is waited for.

    Args:
        path: The folder.
        poll_s: Seconds between two looks.
        stop: Set it to end the iteration within one image.
        recursive: Whether to look into folders inside it.
        existing: Whether to begin with the images that are there already.
        leave_out: Whether a file, by its name, is no image to inspect.

    Returns:
        Pairs of name (relative to the folder, with /) and file bytes.

    Raises:
        NotFoundError: There is no such folder at the start.
    """
    _check_folder(path)
    known = {} if existing else _stamps(path, recursive) or {}
    found = _each_new_file(path, poll_s, stop, recursive, known)
    return (pair for pair in found if leave_out is None or not leave_out(pair[0]))


def name_arrays(
    images: Iterable[Pixels], *, prefix: str = "image"
) -> Iterator[tuple[str, Pixels]]:
    """Arrays, as a camera's driver gives them, with running names.

    Args:
        images: (H, W) or (H, W, 3), uint8 or uint16.
        prefix: Before the number.

    Yields:
        Pairs of name and array, counted from 1.
    """
    for number, image in enumerate(images, start=1):
        yield f"{prefix}{number:06d}", image


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise NotFoundError(f"there is no folder {path}")


def _each_file(
    path: Path, recursive: bool, leave_out: Callable[[str], bool] | None
) -> Iterator[tuple[str, bytes]]:
    stamps = _stamps(path, recursive)
    if stamps is None:
        raise StorageError(f"the folder {path} cannot be read")
    for name in sorted(stamps):
        if leave_out is None or not leave_out(name):
            yield name, _read(path / name)


def _each_new_file(
    path: Path,
    poll_s: float,
    stop: threading.Event,
    recursive: bool,
    known: dict[str, _Stamp],
) -> Iterator[tuple[str, bytes]]:
    before: dict[str, _Stamp] = {}
    while not stop.is_set():
        now = _stamps(path, recursive)
        if now is None:
            stop.wait(poll_s)
            continue
        known = {name: stamp for name, stamp in known.items() if name in now}
        for name in sorted(now):
            stamp = now[name]
            complete = before.get(name) == stamp and stamp[0] > 0
            if not complete or known.get(name) == stamp:
                continue
            known[name] = stamp
            yield name, _read(path / name)
            if stop.is_set():
                return
        before = now
        stop.wait(poll_s)


def _stamps(path: Path, recursive: bool) -> dict[str, _Stamp] | None:
    """Image files by name; None where a folder cannot be looked through just now."""
    found: dict[str, _Stamp] = {}
    root = os.path.realpath(path)
    pending = [""]
    while pending:
        inside = pending.pop()
        try:
            with os.scandir(path / inside) as listing:
                entries = [e for e in listing if not e.name.startswith(".")]
        except OSError:
            return None
        for entry in entries:
            name = f"{inside}{entry.name}"
            if _leads_out(entry, root):
                continue
            if entry.is_dir(follow_symlinks=False):
                pending += [f"{name}/"] if recursive else []
            elif Path(name).suffix.lower() in IMAGE_SUFFIXES:
                stamp = _stamp(entry)
                if stamp is not None:
                    found[name] = stamp
    return found


def _leads_out(entry: os.DirEntry[str], root: str) -> bool:
    if not entry.is_symlink():
        return False
    target = os.path.realpath(entry.path)
    return os.path.commonpath([root, target]) != root


def _stamp(entry: os.DirEntry[str]) -> _Stamp | None:
    try:
        if not entry.is_file():
            return None
        state = entry.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
