"""Images that are planted as copies of others, as people store them by augmenting."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

Pixels = NDArray[Any]
Rng = np.random.Generator


def _turned(image: Pixels, rng: Rng) -> Pixels:
    turn = int(rng.integers(1, 8))
    flipped = image[:, ::-1] if turn >= 4 else image
    return np.ascontiguousarray(np.rot90(flipped, turn % 4))


def _noisy(image: Pixels, rng: Rng) -> Pixels:
    grain = rng.normal(0, 6, image.shape[:2])
    return _bytes(image + (grain[..., None] if image.ndim == 3 else grain))


def _brighter(image: Pixels, rng: Rng) -> Pixels:
    gamma, gain = rng.uniform(0.7, 1.4), rng.choice([0.6, 0.75, 1.25, 1.5])
    return _bytes(255 * (image / 255) ** gamma * gain)


def _cropped(image: Pixels, rng: Rng) -> Pixels:
    height, width = image.shape[:2]
    share = rng.uniform(0.8, 0.95)
    tall, wide = round(share * height), round(share * width)
    y, x = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    return np.ascontiguousarray(image[y : y + tall, x : x + wide])


def _compressed(image: Pixels, rng: Rng) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=int(rng.integers(35, 70)))
    with Image.open(file) as read:
        return np.asarray(read)


def _bytes(values: Pixels) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


COPIES: dict[str, Callable[[Pixels, Rng], Pixels]] = {
    "turned": _turned,
    "noise": _noisy,
    "brightness": _brighter,
    "crop": _cropped,
    "jpeg": _compressed,
}


def plain_hash(image: Pixels) -> NDArray[np.uint8]:
    """The peer: 64 bits of the 8 x 8 lowest frequencies of a 32 x 32 picture."""
    grey = Image.fromarray(image).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    low = dctn(np.asarray(grey, np.float64))[:8, :8].ravel()
    return np.packbits(low > np.median(low[1:]))


def hash_distances(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, N) differing bits."""
    words = bits.view(np.uint64)[:, 0]
    return np.asarray(np.bitwise_count(words[:, None] ^ words[None]), np.uint8)
