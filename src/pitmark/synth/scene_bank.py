"""Painted scenes on disk, so that training need not wait for the painter.

A bank is a folder of shards; each is three plain numpy files. Painting can be stopped and
started again: finished shards stay, a half-written one is never seen.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotFoundError
from pitmark.synth.arrays import Bytes
from pitmark.synth.painted_scenes import paint_scene

SHARD_SCENES = 1000
SIDE_PX = 144
# Patterns are coarse: one family per cell of this many pixels is enough.
FAMILY_STRIDE = 8
_PARTS = ("images", "kinds", "families")


def paint_bank(
    folder: Path,
    numbers: Sequence[int],
    *,
    seed: int,
    workers: int | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Paint the shards that a bank still lacks.

    Args:
        folder: Where the bank is, or will be.
        numbers: Of the shards wanted.
        seed: Of the series.
        workers: Processes; None takes one per core.
        tell: Called with shards done and wanted after each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [n for n in numbers if not _part(folder, n, _PARTS[-1]).exists()]
    count = workers or os.cpu_count() or 1
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(paint_shard, folder, n, seed) for n in missing]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            tell(done, len(missing))


def paint_shard(folder: Path, number: int, seed: int, *, scenes: int = SHARD_SCENES) -> None:
    """Paint one shard; its last part appears only when all is complete.

    Args:
        folder: Of the bank.
        number: Of the shard; it starts at scene `number * SHARD_SCENES` of the series.
        seed: Of the series.
        scenes: How many.
    """
    images = np.empty((scenes, 2, SIDE_PX, SIDE_PX, 3), np.uint8)
    kinds = np.empty((scenes, 2, SIDE_PX, SIDE_PX), np.uint8)
    cells = SIDE_PX // FAMILY_STRIDE
    families = np.empty((scenes, cells, cells), np.uint8)
    middle = slice(FAMILY_STRIDE // 2, None, FAMILY_STRIDE)
    for place in range(scenes):
        scene = paint_scene(seed, number * SHARD_SCENES + place, SIDE_PX)
        for k, shot in enumerate(scene.shots):
            images[place, k], kinds[place, k] = shot.image_hwc, shot.kinds_hw
        families[place] = scene.families_hw[middle, middle]
    for name, array in zip(_PARTS, (images, kinds, families), strict=True):
        draft = folder / f".{number:05d}.{name}.npy"
        np.save(draft, array)
        draft.replace(_part(folder, number, name))


def _part(folder: Path, number: int, name: str) -> Path:
    return folder / f"{number:05d}.{name}.npy"


@dataclass(frozen=True)
class SceneBatch:
    """Scenes drawn from a bank.

    Attributes:
        images_nshwc: uint8 (N, 2, side, side, 3).
        kinds_nshw: uint8 (N, 2, side, side), 0 for sound.
        families_nhw: uint8 (N, side / 8, side / 8).
    """

    images_nshwc: Bytes
    kinds_nshw: Bytes
    families_nhw: Bytes


class SceneBank:
    """The finished shards of a bank, read as they are needed.

    Args:
        folder: Of the bank.

    Raises:
        NotFoundError: There is no finished shard.
    """

    def __init__(self, folder: Path) -> None:
        names = sorted(p.name[:5] for p in folder.glob(f"[0-9]*.{_PARTS[-1]}.npy"))
        if not names:
            raise NotFoundError(f"no painted scenes in {folder}", hint="Paint some first.")
        self._shards = [
            tuple(np.load(_part(folder, int(n), part), mmap_mode="r") for part in _PARTS)
            for n in names
        ]
        self._starts = np.cumsum([0] + [len(s[0]) for s in self._shards])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def draw(self, numbers: NDArray[np.int64]) -> SceneBatch:
        """Some scenes.

        Args:
            numbers: (N,) in [0, len).

        Returns:
            The scenes in that order.
        """
        where = np.searchsorted(self._starts, numbers, side="right") - 1
        rows = [
            [part[n - self._starts[w]] for part in self._shards[w]]
            for w, n in zip(where.tolist(), numbers.tolist(), strict=True)
        ]
        images, kinds, families = (np.stack(part) for part in zip(*rows, strict=True))
        return SceneBatch(images, kinds, families)
