"""What a backbone is taught before it meets a customer: to outline, to name, to recognize.

Every cell says which kind of defect it shows (at four scales) and which pattern it
belongs to; the picture as a whole says which kinds are on it; and two pictures of one
surface, under other light and with other defects, must be found together among many.
The last alone would teach to look past defects and light, which some customers' classes
are made of: hence its small share, and the light of every cell to be told.

Sources: Oord et al., "Representation learning with contrastive predictive coding", 2018
(the loss over pairs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.synth.painted_scenes import SCENE_KINDS
from pitmark.synth.patterns import FAMILIES
from pitmark.train.backbone import Backbone, ConvNorm, init_weights
from pitmark.train.neck import CHANNELS, Pyramid

_SOUND_WEIGHT = 0.2
_PAIR_TEMPERATURE = 0.15
_PAIR_SIZE = 128
# Numbers that describe the light of a cell.
_TONES = 4


@dataclass(frozen=True, slots=True)
class LossShares:
    """How much each part of the objective counts; 0 leaves it out."""

    outline: float = 1.0
    coarse: float = 0.3
    pattern: float = 0.5
    pair: float = 0.1
    present: float = 0.5
    tone: float = 0.5

    @staticmethod
    def parse(text: str) -> LossShares:
        """Shares from a text such as "pair=0,pattern=0.5"; the others keep their default.

        Args:
            text: Names and numbers.

        Returns:
            The shares.

        Raises:
            ValueError: An unknown name or no number.
        """
        given = dict(part.split("=") for part in text.split(",") if part)
        unknown = set(given) - {f.name for f in fields(LossShares)}
        if unknown:
            raise ValueError(f"unknown part of the loss: {', '.join(sorted(unknown))}")
        return LossShares(**{name: float(value) for name, value in given.items()})


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Two pictures each of N surfaces: the first N are the one, the last N the other.

    `images` (2N, 3, S, S); `kinds` (2N, S, S) int64, 0 for sound; `families`
    (2N, S / 8, S / 8) int64.
    """

    images: Tensor
    kinds: Tensor
    families: Tensor

    def to(self, device: torch.device) -> PairBatch:
        """The same on a device."""
        return PairBatch(
            self.images.to(device, memory_format=torch.channels_last),
            self.kinds.to(device),
            self.families.to(device),
        )


class PretrainNetwork(nn.Module):
    """Backbone, pyramid and the heads of pretraining.

    Args:
        blocks: Of the backbone.
        seed: Of the first weights.
    """

    def __init__(self, *, blocks: int = 2, seed: int = 0) -> None:
        super().__init__()
        self.backbone = Backbone(blocks)
        widths = self.backbone.widths
        self.pyramid = Pyramid(widths, (0, 1, 2, 3))
        self.mix = ConvNorm(CHANNELS, CHANNELS)
        kinds = len(SCENE_KINDS) + 1
        self.scores = nn.ModuleList(nn.Conv2d(CHANNELS, kinds, 1) for _ in range(4))
        self.pattern = nn.Conv2d(widths[1] + widths[2], len(FAMILIES), 1)
        pooled = widths[2] + widths[3]
        self.present = nn.Linear(2 * pooled, kinds - 1)
        self.tones = nn.ModuleList(nn.Conv2d(w, _TONES, 1) for w in widths[2:])
        self.project = nn.Sequential(
            nn.Linear(pooled, 256), nn.ReLU(inplace=True), nn.Linear(256, _PAIR_SIZE)
        )
        init_weights(self, seed=seed)
        for layer in (self.project[0], self.project[2]):
            assert isinstance(layer, nn.Linear)
            generator = torch.Generator().manual_seed(seed + 1)
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5, generator=generator)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """(B, 3, S, S) to `kinds0` .. `kinds3` (strides 4 .. 32), and the rest.

        The rest: `families` at stride 8, `tone0` and `tone1` (B, 4, h, w) at strides 16
        and 32, `present` (B, kinds), `pairs` (B, D).
        """
        features = self.backbone(images)
        levels = self.pyramid(features)
        levels[0] = self.mix(levels[0])
        out = {f"kinds{n}": score(levels[n]) for n, score in enumerate(self.scores)}
        coarse = functional.interpolate(features[2], scale_factor=2.0, mode="nearest")
        out["families"] = self.pattern(torch.cat([features[1], coarse], dim=1))
        pooled = torch.cat([f.mean((2, 3)) for f in features[2:]], dim=1)
        strongest = torch.cat([f.amax((2, 3)) for f in features[2:]], dim=1)
        for n, tone in enumerate(self.tones):
            out[f"tone{n}"] = tone(features[2 + n])
        out["present"] = self.present(torch.cat([pooled, strongest], dim=1))
        out["pairs"] = functional.normalize(self.project(pooled), dim=1)
        return out

    def loss(self, batch: PairBatch, shares: LossShares) -> tuple[Tensor, dict[str, float]]:
        """The objective.

        Args:
            batch: Pictures and truth.
            shares: Of the parts.

        Returns:
            A scalar, and the parts before they were weighted.
        """
        found = {name: value.float() for name, value in self(batch.images).items()}
        parts: dict[str, Tensor] = {}
        weights = torch.ones(len(SCENE_KINDS) + 1, device=batch.images.device)
        weights[0] = _SOUND_WEIGHT
        for level in range(4):
            truth = largest(batch.kinds, 4 * 2**level)
            name = "outline" if level == 0 else "coarse"
            entropy = functional.cross_entropy(found[f"kinds{level}"], truth, weights)
            parts[name] = parts.get(name, torch.zeros_like(entropy)) + entropy
        parts["pattern"] = functional.cross_entropy(found["families"], batch.families)
        parts["pair"] = pair_loss(found["pairs"])
        seen = torch.zeros(len(batch.kinds), len(SCENE_KINDS) + 1, device=batch.kinds.device)
        seen.scatter_(1, batch.kinds.flatten(1), 1.0)
        tones = [
            functional.mse_loss(found[f"tone{n}"], cell_tones(batch.images, 16 * 2**n))
            for n in range(2)
        ]
        parts["tone"] = torch.stack(tones).sum()
        parts["present"] = functional.binary_cross_entropy_with_logits(
            found["present"], seen[:, 1:]
        )
        share: Mapping[str, float] = {f.name: getattr(shares, f.name) for f in fields(shares)}
        total = torch.stack([share[n] * p for n, p in parts.items() if share[n]]).sum()
        return total, {name: float(value.detach()) for name, value in parts.items()}


def largest(kinds: Tensor, stride: int) -> Tensor:
    """The truth of cells: any defect in a cell is the cell's, so that thin ones survive.

    Args:
        kinds: (B, S, S) int64.
        stride: Side of a cell in pixels.

    Returns:
        (B, S / stride, S / stride) int64.
    """
    return functional.max_pool2d(kinds[:, None].float(), stride)[:, 0].long()


def cell_tones(images: Tensor, stride: int) -> Tensor:
    """What light a cell sends: mean of each color, and deviation of the grey.

    Args:
        images: (B, 3, S, S) normalized.
        stride: Side of a cell in pixels.

    Returns:
        (B, 4, S / stride, S / stride).
    """
    mean = functional.avg_pool2d(images, stride)
    grey = images.mean(1, keepdim=True)
    square = functional.avg_pool2d(grey**2, stride)
    spread = (square - functional.avg_pool2d(grey, stride) ** 2).clamp(min=1e-6).sqrt()
    return torch.cat([mean, spread], dim=1)


def pair_loss(vectors: Tensor) -> Tensor:
    """How badly the two pictures of each surface are found among all others.

    Args:
        vectors: (2N, D) of length 1; row n and row N + n belong together.

    Returns:
        A scalar, >= 0.
    """
    count = len(vectors) // 2
    alike = vectors @ vectors.T / _PAIR_TEMPERATURE
    alike = alike.masked_fill(torch.eye(2 * count, dtype=torch.bool, device=alike.device), -1e4)
    other = torch.arange(2 * count, device=alike.device).roll(count)
    return functional.cross_entropy(alike, other)
