"""Uploaded files as the folder that they were: what an import job reads.

The bytes were uploaded, see `ops.uploading`; their names come from strangers. They are laid
out in a folder of the job alone, archives are unpacked beside them, and the import then
reads it as it reads any folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pitmark.core.errors import InvalidInputError, NotFoundError, StorageError
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.formats.archives import archive_stem, is_archive, unpack
from pitmark.formats.folder_words import is_generic
from pitmark.formats.safe_names import Names

_TELL_EVERY = 100


def lay_out(
    files: Sequence[tuple[str, str]],
    find: Callable[[str], Path],
    folder: Path,
    *,
    report: Reporter = silent,
) -> Path:
    """Lay uploaded files out as the folder they came from.

    Args:
        files: Path and sha256 of each; a path may be that of an archive.
        find: Gives the file with the bytes of a sha256; raises NotFoundError.
        folder: Made here; must not exist.
        report: Told of the progress.

    Returns:
        The folder to import: where all files are below one folder, as in an archive of a
        folder, that one.

    Raises:
        InvalidInputError: A name or an archive that is not let in.
        NotFoundError: Bytes that were not uploaded.
        StorageError: The folder cannot be written.
    """
    names = Names()
    placed = [(names.take(path), sha256) for path, sha256 in files]
    for done, (name, sha256) in enumerate(placed, start=1):
        uploaded = _found(name, sha256, find)
        if is_archive(name):
            top = archive_stem(name)
            if not top.rpartition("/")[2]:
                raise InvalidInputError(f"the archive {name!r} has no name")
            _unpack(uploaded, folder / names.take(top, folder=True), name)
        else:
            _place(uploaded, folder / name)
        if done % _TELL_EVERY == 0 or done == len(placed):
            report(Progress("lay out", done, len(placed)))
    return root_of(folder)


def _found(name: str, sha256: str, find: Callable[[str], Path]) -> Path:
    try:
        return find(sha256)
    except NotFoundError as exc:
        raise NotFoundError(
            f"the bytes of {name!r} are not on the server", hint=exc.hint
        ) from exc


def root_of(folder: Path) -> Path:
    """The folder that a person would have named: without a wrapping around it.

    Args:
        folder: Where files were laid out.

    Returns:
        The folder itself, or the one within it that holds everything. What is further
        inside may be a class or a split, and is left as it is unless its name says
        nothing.
    """
    inner = _only_folder(folder)
    if inner is None:
        return folder
    deeper = _only_folder(inner)
    while deeper is not None and (is_generic(deeper.name) or _alike(inner, deeper)):
        inner, deeper = deeper, _only_folder(deeper)
    return inner


def _only_folder(folder: Path) -> Path | None:
    shown = [p for p in folder.iterdir() if not p.name.startswith((".", "__MACOSX"))]
    return shown[0] if len(shown) == 1 and shown[0].is_dir() else None


def _alike(outer: Path, inner: Path) -> bool:
    """Whether a folder is only the wrapping of another, as photos/photos-main."""
    one, other = outer.name.casefold(), inner.name.casefold()
    return one.startswith(other) or other.startswith(one)


def _unpack(archive: Path, target: Path, name: str) -> None:
    try:
        unpack(archive, target)
    except InvalidInputError as exc:
        # The upload is called by its hash, which tells a person nothing.
        told = exc.message.replace(archive.name, name)
        raise InvalidInputError(
            told if name in told else f"{name}: {told}", hint=exc.hint
        ) from exc


def _place(uploaded: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(uploaded, target)
        except OSError:
            # Another file system, or one without links.
            shutil.copyfile(uploaded, target)
    except OSError as exc:
        raise StorageError(
            f"{target.name} cannot be laid out for the import: {exc.strerror}",
            hint="Check free space and write permission.",
        ) from exc
