"""Batches of pretraining: crops of painted scenes, turned, mirrored, and tinted anew."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pitmark.core.preprocess import PreprocessSpec
from pitmark.synth.scene_bank import FAMILY_STRIDE, SceneBank
from pitmark.train.ahead import made_ahead
from pitmark.train.pretrain_network import PairBatch

# Crops grow with the progress of the run: small ones are cheap, large ones come last.
_SIDES = ((0.6, 96), (1.01, 128))


def crop_side(progress: float) -> int:
    """Side of the crops in pixels at a moment of the run.

    Args:
        progress: In [0, 1].

    Returns:
        A multiple of 32, at most the side of the painted scenes.
    """
    return next(side for limit, side in _SIDES if progress < limit)


@dataclass(frozen=True, slots=True)
class PretrainBatches:
    """Makes the batch of any step; `pairs` surfaces a step, two pictures each."""

    bank: SceneBank
    pairs: int
    steps: int
    seed: int

    def batch(self, step: int) -> PairBatch:
        """The batch of one step; it depends on the bank, the seed and the step alone.

        Args:
            step: In [0, steps).

        Returns:
            The batch.
        """
        rng = np.random.default_rng([self.seed, step, 5])
        drawn = self.bank.draw(rng.integers(0, len(self.bank), self.pairs))
        side = crop_side(step / self.steps)
        shots = [
            _crop(
                drawn.images_nshwc[n, k],
                drawn.kinds_nshw[n, k],
                drawn.families_nhw[n],
                side,
                rng,
            )
            for k in (0, 1)
            for n in range(self.pairs)
        ]
        images, kinds, families = (np.stack(part) for part in zip(*shots, strict=True))
        return PairBatch(
            torch.from_numpy(_toned(images, rng)),
            torch.from_numpy(kinds.astype(np.int64)),
            torch.from_numpy(families.astype(np.int64)),
        )

    def from_step(self, start: int) -> Generator[PairBatch, None, None]:
        """All batches from a step on, the next one always made in the background.

        Args:
            start: The first step.

        Yields:
            Batches in order.
        """
        yield from made_ahead(self.batch, range(start, self.steps), beside=True)


def _crop(
    image: NDArray[np.uint8],
    kinds: NDArray[np.uint8],
    families: NDArray[np.uint8],
    side: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """One picture's crop at whole cells of the family map, turned and mirrored."""
    room = (image.shape[0] - side) // FAMILY_STRIDE
    top, left = (int(v) for v in rng.integers(0, room + 1, 2))
    y, x, cells = top * FAMILY_STRIDE, left * FAMILY_STRIDE, side // FAMILY_STRIDE
    parts = (
        image[y : y + side, x : x + side],
        kinds[y : y + side, x : x + side],
        families[top : top + cells, left : left + cells],
    )
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
    turned = [np.rot90(p, turns) for p in parts]
    a, b, c = (p[:, ::-1] if mirrored else p for p in turned)
    return a, b, c


def _toned(images_nhwc: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """(N, 3, H, W) as networks take them; gain, shift and color per picture."""
    count = len(images_nhwc)
    spec = PreprocessSpec((64, 64), overlap_px=0)
    gain = np.exp(rng.normal(0, 0.15, (count, 1))) * np.exp(rng.normal(0, 0.06, (count, 3)))
    shift = rng.normal(0, 0.08, (count, 1))
    # Around middle grey, so that contrast changes and brightness stays.
    scale = (gain / 255 / spec.std).astype(np.float32)
    offset = ((0.5 + shift - spec.mean) / spec.std).astype(np.float32) - scale * np.float32(
        127.5
    )
    planes = images_nhwc.transpose(0, 3, 1, 2).astype(np.float32)
    order = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    planes = planes[:, order] * scale[..., None, None] + offset[..., None, None]
    low, high = (0 - spec.mean) / spec.std, (1 - spec.mean) / spec.std
    return np.ascontiguousarray(np.clip(planes, low, high))
