"""What the light of a picture is like, cell by cell: targets that need no label.

Mean color and contrast, and how strongly the grey changes along eight directions at four
scales. These numbers alone tell rolled scale from scratches and a dark finger from a
crack; a network that must name them for every cell cannot look past them.

Sources: Bruna and Mallat, "Invariant scattering convolution networks", 2013 (the energies
are scattering coefficients of first order).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

TONES = 4
_DIRECTIONS = 8
_SCALES = 4
ENERGIES = 2 * _DIRECTIONS * _SCALES
# An image as a whole is looked at more coarsely, too.
_IMAGE_SCALES = 5
IMAGE_ENERGIES = 3 * _DIRECTIONS * _IMAGE_SCALES
_REACH_PX = 4
_WAVE_PX = 4.0
_ENVELOPE_PX = 1.6
# Of the envelope along the wave's crests.
_SLENDER = 0.7
# About the energy of a good camera's noise: what is fainter is all the same.
_FLOOR = 0.02


def cell_tones(images: Tensor, stride: int) -> Tensor:
    """Mean of each color, and deviation of the grey.

    Args:
        images: (B, 3, S, S) normalized.
        stride: Side of a cell in pixels.

    Returns:
        (B, TONES, S / stride, S / stride).
    """
    mean = functional.avg_pool2d(images, stride)
    grey = images.mean(1, keepdim=True)
    square = functional.avg_pool2d(grey**2, stride)
    spread = (square - functional.avg_pool2d(grey, stride) ** 2).clamp(min=1e-6).sqrt()
    return torch.cat([mean, spread], dim=1)


def cell_energies(images: Tensor, strides: tuple[int, ...]) -> list[Tensor]:
    """Logarithms of usual and largest response in each cell, by scale and direction.

    Args:
        images: (B, 3, S, S) normalized; S a multiple of 32.
        strides: Sides of cells in pixels, 8, 16 or 32.

    Returns:
        (B, ENERGIES, S / stride, S / stride) for each stride.
    """
    found: list[list[Tensor]] = [[] for _ in strides]
    for scale, power in enumerate(_powers(images, _SCALES)):
        for place, stride in enumerate(strides):
            cell = stride // 2**scale
            for pooled in (
                functional.avg_pool2d(power, cell),
                functional.max_pool2d(power, cell),
            ):
                found[place].append((pooled + _FLOOR**2).log() / 2)
    return [torch.cat(parts, dim=1) for parts in found]


def image_energies(images: Tensor) -> Tensor:
    """Logarithms of mean, largest and varying response, by scale and direction.

    Args:
        images: (B, 3, H, W) normalized, sides at least 64 px.

    Returns:
        (B, IMAGE_ENERGIES).
    """
    found = []
    for power in _powers(images, _IMAGE_SCALES):
        strength = (power + 1e-8).sqrt()
        mean = strength.mean((2, 3))
        spread = (power.mean((2, 3)) - mean.square()).clamp(min=0).sqrt()
        found += [(part + _FLOOR).log() for part in (mean, strength.amax((2, 3)), spread)]
    return torch.cat(found, dim=1)


def _powers(images: Tensor, scales: int) -> Iterator[Tensor]:
    """Squared responses (B, directions, h, w), each scale half the size of the one before."""
    grey = images.mean(1, keepdim=True)
    # A tensor must not outlive the call: one made while a network is exported is no number.
    waves = torch.from_numpy(_waves()).to(grey.device)
    for _ in range(scales):
        padded = functional.pad(grey, (_REACH_PX,) * 4, mode="replicate")
        answers = functional.conv2d(padded, waves).square()
        yield answers[:, :_DIRECTIONS] + answers[:, _DIRECTIONS:]
        grey = functional.avg_pool2d(grey, 2)


@cache
def _waves() -> NDArray[np.float32]:
    """(2 directions, 1, 9, 9): even waves of all directions, then odd ones; unit length."""
    y, x = np.mgrid[-_REACH_PX : _REACH_PX + 1, -_REACH_PX : _REACH_PX + 1].astype(np.float64)
    even, odd = [], []
    for number in range(_DIRECTIONS):
        turn = math.pi * number / _DIRECTIONS
        u = x * math.cos(turn) + y * math.sin(turn)
        v = y * math.cos(turn) - x * math.sin(turn)
        envelope = np.exp(-(u**2 + (_SLENDER * v) ** 2) / (2 * _ENVELOPE_PX**2))
        wave = envelope * np.cos(2 * math.pi / _WAVE_PX * u)
        even.append(wave - envelope * wave.sum() / envelope.sum())
        odd.append(envelope * np.sin(2 * math.pi / _WAVE_PX * u))
    waves = np.stack([*even, *odd])
    unit = waves / np.sqrt(np.square(waves).sum(axis=(1, 2), keepdims=True))
    return np.asarray(unit[:, None], dtype=np.float32)
