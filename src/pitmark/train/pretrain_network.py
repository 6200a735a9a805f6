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

from pitmark.synth.painted_scenes import SCENE_FAMILIES, SCENE_KINDS
from pitmark.train.backbone import Backbone, ConvNorm, init_weights
from pitmark.train.cell_light import ENERGIES, TONES, cell_energies, cell_tones
from pitmark.train.neck import CHANNELS, Pyramid

_SOUND_WEIGHT = 0.2
_PAIR_TEMPERATURE = 0.15
_PAIR_SIZE = 128
# Stages, by place, that must tell the light of their cells, and their strides.
_TELLING = {1: 8, 2: 16, 3: 32}


@dataclass(frozen=True, slots=True)
class LossShares:
    """How much each part of the objective counts; 0 leaves it out."""

    outline: float = 1.0
    coarse: float = 0.3
    pattern: float = 0.5
    pair: float = 0.1
    present: float = 0.5
    tone: float = 0.5
    energy: float = 0.5

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
        self.pattern = nn.Conv2d(widths[1] + widths[2], len(SCENE_FAMILIES), 1)
        pooled = widths[2] + widths[3]
        self.present = nn.Linear(2 * pooled, kinds - 1)
        self.light = nn.ModuleList(nn.Conv2d(widths[n], TONES + ENERGIES, 1) for n in _TELLING)
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

        The rest: `families` at stride 8, `light8`, `light16` and `light32` by stride,
        (B, TONES + ENERGIES, h, w), `present` (B, kinds), `pairs` (B, D).
        """
        features = self.backbone(images)
        levels = self.pyramid(features)
        levels[0] = self.mix(levels[0])
        out = {f"kinds{n}": score(levels[n]) for n, score in enumerate(self.scores)}
        coarse = functional.interpolate(features[2], scale_factor=2.0, mode="nearest")
        out["families"] = self.pattern(torch.cat([features[1], coarse], dim=1))
        pooled = torch.cat([f.mean((2, 3)) for f in features[2:]], dim=1)
        strongest = torch.cat([f.amax((2, 3)) for f in features[2:]], dim=1)
        for (stage, stride), light in zip(_TELLING.items(), self.light, strict=True):
            out[f"light{stride}"] = light(features[stage])
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
        parts |= _light_losses(found, batch.images)
        parts["present"] = functional.binary_cross_entropy_with_logits(
            found["present"], seen[:, 1:]
        )
        share: Mapping[str, float] = {f.name: getattr(shares, f.name) for f in fields(shares)}
        total = torch.stack([share[n] * p for n, p in parts.items() if share[n]]).sum()
        return total, {name: float(value.detach()) for name, value in parts.items()}


def _light_losses(found: Mapping[str, Tensor], images: Tensor) -> dict[str, Tensor]:
    strides = tuple(_TELLING.values())
    tones, energies = [], []
    for stride, energy in zip(strides, cell_energies(images, strides), strict=True):
        told = found[f"light{stride}"]
        tones.append(functional.mse_loss(told[:, :TONES], cell_tones(images, stride)))
        energies.append(functional.mse_loss(told[:, TONES:], energy))
    return {"tone": torch.stack(tones).mean(), "energy": torch.stack(energies).mean()}


def largest(kinds: Tensor, stride: int) -> Tensor:
    """The truth of cells: any defect in a cell is the cell's, so that thin ones survive.

    Args:
        kinds: (B, S, S) int64.
        stride: Side of a cell in pixels.

    Returns:
        (B, S / stride, S / stride) int64.
    """
    return functional.max_pool2d(kinds[:, None].float(), stride)[:, 0].long()


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
