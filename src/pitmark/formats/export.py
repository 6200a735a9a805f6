"""Names and files for the writers: safe on every file system, unique, inside `out`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pitmark.core.labels import Shape
from pitmark.core.records import LabeledImage
from pitmark.formats.containers import SUFFIXES, container_of
from pitmark.formats.listing import WriteJob
from pitmark.formats.scan import stem_of, suffix_of

_UNSAFE = re.compile(r"[^\w .()+=,@-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_part(text: str) -> str:
    """A file or folder name that every system takes and that leads nowhere.

    Args:
        text: Any text.

    Returns:
        The text where it is harmless, otherwise a changed one; never empty.
    """
    part = _UNSAFE.sub("_", text).strip(". ")
    while len(part.encode()) > 120:
        part = part[:-1]
    part = part.strip(". ") or "_"
    return f"_{part}" if _RESERVED.fullmatch(part) else part


def stems(images: Iterable[LabeledImage]) -> Iterator[tuple[LabeledImage, str]]:
    """Each image with the file name, without suffix, under which it is written.

    Args:
        images: In any order.

    Yields:
        The image and a stem that no other image has, whatever the case of letters.
    """
    taken: set[str] = set()
    for item in images:
        first = safe_part(stem_of(item.image.name.replace("\\", "/")))
        stem, number = first, 1
        while stem.casefold() in taken:
            more = f"-{number}" if number > 1 else ""
            stem, number = f"{first}-{item.image.sha256[:8]}{more}", number + 1
        taken.add(stem.casefold())
        yield item, stem


def put_image(job: WriteJob, item: LabeledImage, folder: str, stem: str) -> str:
    """Write the bytes of an image as they are.

    Args:
        job: The export.
        item: The image.
        folder: Below `out`, with forward slashes.
        stem: File name without suffix; the suffix follows from the bytes.

    Returns:
        The name of the file below `out`.
    """
    data = job.read_bytes(item.image.sha256)
    kind = container_of(data[:16])
    suffix = SUFFIXES[kind] if kind else suffix_of(item.image.name)
    name = f"{folder}/{stem}{suffix}" if folder else f"{stem}{suffix}"
    put(job.out / name, data)
    job.written.append((name, item))
    return name


def put(path: Path, data: bytes | str) -> None:
    """Write a file, with the folders it needs.

    Args:
        path: Where.
        data: Bytes, or text to be written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def lose(losses: dict[str, int], text: str, shapes: Iterable[Shape]) -> None:
    """Count shapes that a format cannot hold as they are.

    Args:
        losses: The counts so far.
        text: What happens to them.
        shapes: Those it happens to.
    """
    count = sum(1 for _ in shapes)
    if count:
        losses[text] = losses.get(text, 0) + count
