"""The map of a project: every image a point, images that look alike near each other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError, StorageError
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.images.embeddings import embed_all
from pitmark.quality.plane_map import plane_of
from pitmark.store.db import ProjectStore

FEWEST = 3
_UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class EmbeddingMap:
    """A map: `xy` is (N, 2) in [-1, 1] in the order of `sha256`."""

    sha256: tuple[str, ...]
    xy: NDArray[np.float32]
    made: datetime


def make_map(project: ProjectStore, *, report: Reporter = silent) -> EmbeddingMap:
    """Place all images on a map; images that were on an earlier one are not looked at again.

    Args:
        project: The project.
        report: Told of the progress.

    Returns:
        The map, which is kept until the next one.

    Raises:
        NotEnoughDataError: Fewer than three images.
        StorageError: It cannot be written.
    """
    records = list(project.images.iterate())
    if len(records) < FEWEST:
        raise NotEnoughDataError(
            f"the project has {len(records)} images, too few for a map",
            hint="Import images first.",
        )
    vectors = _known_vectors(project)
    new = [LabeledImage(r, None, "train") for r in records if r.sha256 not in vectors]
    found: Mapping[str, NDArray[np.floating]] = {
        **vectors,
        **embed_all(project, new, report),
    }
    shas = tuple(r.sha256 for r in records)
    rows = np.stack([np.asarray(found[s], dtype=np.float16) for s in shas])
    made = EmbeddingMap(shas, plane_of(rows.astype(np.float32)), datetime.now(UTC))
    _write(_file(project), made, rows)
    return made


def read_map(project: ProjectStore) -> EmbeddingMap | None:
    """The map as it was made last.

    Args:
        project: The project.

    Returns:
        The map; None before the first. It may lack images that came since.
    """
    try:
        with np.load(_file(project), allow_pickle=False) as held:
            made = datetime.fromisoformat(str(held["made"]))
            return EmbeddingMap(_shas(held["sha256"]), held["xy"], made)
    except _UNREADABLE:
        # What is in the folder may be removed at any time, and can be made again.
        return None


def _known_vectors(project: ProjectStore) -> dict[str, NDArray[np.floating]]:
    try:
        with np.load(_file(project), allow_pickle=False) as held:
            return dict(zip(_shas(held["sha256"]), held["vectors"], strict=True))
    except _UNREADABLE:
        return {}


def _file(project: ProjectStore) -> Path:
    return project.work / "map.npz"


def _shas(held: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(bytes(row).hex() for row in held)


def _digests(shas: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(shas)), dtype=np.uint8).reshape(-1, 32)


def _write(path: Path, made: EmbeddingMap, vectors: NDArray[np.float16]) -> None:
    out = io.BytesIO()
    np.savez(
        out,
        sha256=_digests(made.sha256),
        xy=made.xy,
        vectors=vectors,
        made=np.array(made.made.isoformat()),
    )
    temporary = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        temporary.write_bytes(out.getvalue())
        temporary.replace(path)
    except OSError as exc:
        raise StorageError(f"the map cannot be written: {exc.strerror}") from exc
    finally:
        temporary.unlink(missing_ok=True)
