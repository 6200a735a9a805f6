"""Anomaly head: what was painted onto good images, fused with what was never seen.

Two maps of the same cells. One comes from a segmentation head trained on anomalies
painted onto the user's own good images, the other is the distance of whitened features
to their nearest neighbor in a memory of good ones. Each is brought to the scale of its
own upper tail on held-out good images; the score of an image is how many deviations
its strongest cells lie above those of held-out good images, squashed so that three
deviations give 0.5.

Sources: Roth et al., "Towards total recall in industrial anomaly detection"
(PatchCore), 2022; Schlueter et al., "Natural synthetic anomalies", 2022.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.segment import STRIDE, SegmentHead
from pitmark.train.targets import Batch

MEMORY_SIZE = 1000
MEMORY_CHANNELS = 256
# Of a wide backbone the coarsest stage is left out: more channels than cells to learn from.
_MOST_CHANNELS = 512
_LIMIT_DEVIATIONS = 3.0
_TOP_CELLS = 0.001
_CORESET_POOL = 20_000
# Directions in which good images hardly differ are stretched, but not beyond this share of
# the usual variance.
_SHRINKAGE = 1e-2


class AnomalyHead(nn.Module):
    """Backbone features to one anomaly map and a score.

    Args:
        widths: Channels of the backbone's stages.
        memory_size: Vectors in the memory of good features.
        trained: Whether there is a trained segmentation map to fuse with.
    """

    mean: Tensor
    whiten: Tensor
    memory: Tensor
    tails: Tensor
    peaks: Tensor

    def __init__(
        self, widths: Sequence[int], *, memory_size: int = MEMORY_SIZE, trained: bool = True
    ) -> None:
        super().__init__()
        self.stages = 4 if sum(widths[1:]) <= _MOST_CHANNELS else 3
        depth = sum(widths[1 : self.stages])
        channels = min(depth, MEMORY_CHANNELS)
        self.segment = SegmentHead(widths, 1) if trained else None
        self.register_buffer("mean", torch.zeros(depth))
        self.register_buffer("whiten", torch.zeros(depth, channels))
        self.register_buffer("memory", torch.zeros(memory_size, channels))
        # Middle and tail of the two maps, then mean and deviation of the peaks.
        self.register_buffer("tails", torch.tensor([0.0, 1.0, 0.0, 1.0]))
        self.register_buffer("peaks", torch.tensor([0.0, 1.0]))

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Features to `logits` (B, 2, H / 4, W / 4) and `distance` (B, 1, H / 4, W / 4)."""
        raw = {} if self.segment is None else self.segment(features)
        if not self.training:
            near = self.distance(self.describe(features).float())
            raw["distance"] = functional.interpolate(
                near, scale_factor=2.0, mode="bilinear", align_corners=False
            )
        return raw

    def describe(self, features: Sequence[Tensor]) -> Tensor:
        """Features of strides 8 and more, joined and smoothed: (B, C, H / 8, W / 8)."""
        size = features[1].shape[2:]
        coarse = [
            functional.interpolate(f, size=size, mode="bilinear", align_corners=False)
            for f in features[2 : self.stages]
        ]
        both = torch.cat([features[1], *coarse], dim=1)
        return functional.avg_pool2d(both, 3, 1, 1, count_include_pad=False)

    def distance(self, described: Tensor) -> Tensor:
        """Distance of every cell to its nearest neighbor in the memory.

        Args:
            described: (B, C, h, w) from `describe`.

        Returns:
            (B, 1, h, w), >= 0.
        """
        cells = described.flatten(2).transpose(1, 2)
        white = (cells - self.mean) @ self.whiten
        square = (white**2).sum(2, keepdim=True) + (self.memory**2).sum(1)
        gap = (square - 2 * white @ self.memory.T).amin(2)
        near = gap.clamp(min=1e-4).sqrt()
        return near.reshape(described.shape[0], 1, described.shape[2], described.shape[3])

    def fused(self, raw: dict[str, Tensor]) -> Tensor:
        """Both maps on a common scale, added: (B, 1, H / 4, W / 4), higher is stranger."""
        total = (raw["distance"] - self.tails[2]) / self.tails[3]
        if "logits" in raw:
            margin = raw["logits"][:, 1:] - raw["logits"][:, :1]
            total = total + (margin - self.tails[0]) / self.tails[1]
        return total

    def outputs(self, raw: dict[str, Tensor], images: Tensor) -> dict[str, Tensor]:
        """`maps` (B, 1, H / 4, W / 4) and `score` (B,), both in [0, 1]."""
        fused = self.fused(raw)
        peak = strongest(fused, shown_cells(images))
        return {"maps": self.squashed(fused), "score": self.squashed(peak)}

    def squashed(self, fused: Tensor) -> Tensor:
        """Fused values to [0, 1]: 0.25 is usual for a good image, 0.5 three deviations above.

        The curve flattens slowly, so that strong anomalies still differ in rank.
        """
        deviations = (fused - self.peaks[0]) / self.peaks[1]
        beyond = deviations / _LIMIT_DEVIATIONS - 1
        return 0.5 + 0.5 * beyond / (1 + beyond.abs())

    def loss(self, raw: dict[str, Tensor], batch: Batch, progress: float) -> Tensor:
        """Of the segmentation of painted anomalies.

        Args:
            raw: From `forward`.
            batch: The truth.
            progress: Share of the training done.

        Returns:
            A scalar.
        """
        assert self.segment is not None
        return self.segment.loss(raw, batch, progress)


def shown_cells(images: Tensor) -> Tensor:
    """Which cells show the image; padding is exactly 0 in all channels.

    Args:
        images: (B, 3, H, W) normalized.

    Returns:
        (B, 1, H / 4, W / 4), 1 where a cell shows the image, else 0.
    """
    lit = (images.abs().amax(1, keepdim=True) > 0).float()
    return functional.max_pool2d(lit, STRIDE)


def strongest(map_bhw: Tensor, shown: Tensor) -> Tensor:
    """Mean of the strongest cells that show the image.

    Args:
        map_bhw: (B, 1, h, w).
        shown: (B, 1, h, w) of 0 and 1.

    Returns:
        (B,).
    """
    cells = torch.where(shown > 0, map_bhw, -1e3).flatten(1)
    count = min(cells.shape[1], max(4, round(cells.shape[1] * _TOP_CELLS)))
    return torch.topk(cells, count, dim=1).values.mean(1)


def set_whitening(head: AnomalyHead, cells: NDArray[np.float32]) -> None:
    """Learn in which directions the features of good images vary, and how much.

    Every direction counts, those most in which good images hardly differ: there anomalies
    are seen. A random rotation then makes the vectors shorter and keeps their distances.

    Args:
        head: Changed in place.
        cells: (N, C) described cells of good images.
    """
    mean = cells.mean(axis=0)
    centered = (cells - mean).astype(np.float64)
    values, vectors = np.linalg.eigh(centered.T @ centered / len(cells))
    floor = _SHRINKAGE * max(float(values.mean()), 1e-12)
    whiten = vectors / np.sqrt(np.maximum(values, 0) + floor)
    rng = np.random.default_rng(len(values))
    turn, _ = np.linalg.qr(rng.standard_normal((len(values), head.whiten.shape[1])))
    head.mean.copy_(torch.from_numpy(mean))
    head.whiten.copy_(torch.from_numpy((whiten @ turn).astype(np.float32)))


def fill_memory(head: AnomalyHead, cells: NDArray[np.float32], *, seed: int) -> None:
    """Remember cells that cover all that good images look like.

    Args:
        head: Changed in place; its whitening is set.
        cells: (N, C) described cells of good images.
        seed: Decides which cells are considered.
    """
    pool = np.random.default_rng(seed).permutation(len(cells))[:_CORESET_POOL]
    white = (cells[pool] - head.mean.numpy()) @ head.whiten.numpy()
    chosen = farthest_points(white, len(head.memory))
    # With few cells the memory holds some of them twice, which changes no distance.
    memory = np.resize(white[chosen], head.memory.shape)
    head.memory.copy_(torch.from_numpy(memory.astype(np.float32)))


def farthest_points(points: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Points that cover a cloud: each new one is the farthest from those before.

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.

    Args:
        points: (N, D).
        count: How many at most.

    Returns:
        Indices, at most N.
    """
    count = min(count, len(points))
    chosen = np.zeros(count, dtype=np.int64)
    norms = (points**2).sum(axis=1)
    gap = norms + norms[0] - 2 * points @ points[0]
    for position in range(1, count):
        chosen[position] = int(gap.argmax())
        new = points[chosen[position]]
        np.minimum(gap, norms + norms[chosen[position]] - 2 * points @ new, out=gap)
    return chosen


def calibrate(
    head: AnomalyHead, raws: Sequence[dict[str, Tensor]], shown: Sequence[Tensor]
) -> None:
    """Set the scales of a head from held-out good images.

    Args:
        head: Changed in place; its memory is filled.
        raws: What `forward` gives for views of held-out good images.
        shown: From `shown_cells`, for the same views.
    """
    tails: list[float] = []
    margins = [r["logits"][:, 1:] - r["logits"][:, :1] for r in raws if "logits" in r]
    for maps in (margins, [r["distance"] for r in raws]):
        pairs = zip(maps, shown, strict=False)
        values = np.concatenate([m[s > 0].numpy() for m, s in pairs] or [np.zeros(1)])
        middle, tail = np.percentile(values, (50, 99.5))
        tails += [float(middle), max(float(tail - middle), 1e-3)]
    head.tails.copy_(torch.tensor(tails))
    peaks = torch.cat(
        [strongest(head.fused(r), s) for r, s in zip(raws, shown, strict=True)]
    ).numpy()
    spread = max(float(peaks.std(ddof=1)) if len(peaks) > 1 else 0.0, 0.05)
    head.peaks.copy_(torch.tensor([float(peaks.mean()), spread]))
