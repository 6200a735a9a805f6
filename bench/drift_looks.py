"""What a drift watch sees of real images: statistics, embedding, score, and how they shift.

The embedding is that of the shipped network; the score is ridge regression on it, learned
from images that are neither in a reference nor on a line. Both are kept in a folder between
runs, by what the images and the shift are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bench.shape import tell
from pitmark.core.preprocess import Pixels, resize
from pitmark.formats.images import decode_image
from pitmark.formats.registry import ImportedImage
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.train.closed_form import ridge
from pitmark.train.embed import embed_images

Floats = NDArray[np.float64]
_SIDE = 512


@dataclass(frozen=True)
class Looks:
    """Of N images: statistics (N, 11), embeddings (N, D), scores (N,)."""

    statistics: Floats
    embeddings: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def at(self, rows: NDArray[np.int64]) -> Looks:
        """Those of some images."""
        return Looks(self.statistics[rows], self.embeddings[rows], self.scores[rows])


def joined(parts: Sequence[Looks]) -> Looks:
    """One after the other."""
    return Looks(
        np.concatenate([p.statistics for p in parts]),
        np.concatenate([p.embeddings for p in parts]),
        np.concatenate([p.scores for p in parts]),
    )


def loader(image: ImportedImage) -> Callable[[], Pixels]:
    """Gives the pixels of an image when asked."""
    return lambda: decode_image(image.path.read_bytes(), name=image.name).pixels


def seen(
    load: Sequence[Callable[[], Pixels]], shift: str, strength: float, *, keep: Path, key: str
) -> Looks:
    """How images look under a shift; scores are 0 until `scored`.

    Args:
        load: Give the pixels of N images.
        shift: One of `SHIFTS`, or "" for none.
        strength: In (0, 1].
        keep: Folder of what was measured before.
        key: Names the images.

    Returns:
        (N, ...) looks.
    """
    name = hashlib.sha256(f"{key} {len(load)} {shift} {strength} 1".encode()).hexdigest()[:20]
    path = keep / f"{name}.npz"
    if not path.is_file():
        tell(f"embedding {len(load)} images of {key}: {shift or 'as they are'} {strength:g}")
        pixels = {
            str(n): _shifted(_small(one()), shift, strength, n) for n, one in enumerate(load)
        }
        rows = embed_images(list(pixels), pixels.__getitem__)
        keep.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            statistics=np.stack([image_statistics(p) for p in pixels.values()]),
            embeddings=np.stack([rows[k] for k in pixels]),
        )
    with np.load(path) as kept:
        statistics = kept["statistics"].astype(np.float64)
        embeddings = kept["embeddings"].astype(np.float64)
    return Looks(statistics, embeddings, np.zeros(len(statistics)))


def scorer(known: Looks, defect: NDArray[np.bool_]) -> Callable[[Looks], Looks]:
    """A score of images learned from some of them; 0 for all where only one kind is known."""
    if len(set(defect.tolist())) < 2:
        return lambda looks: looks
    center = known.embeddings.mean(axis=0)
    fitted = ridge(known.embeddings - center, defect[:, None].astype(np.float64))

    def scored(looks: Looks) -> Looks:
        raw = (looks.embeddings - center) @ fitted.weights + fitted.offset
        return Looks(looks.statistics, looks.embeddings, np.clip(raw[:, 0], 0.0, 1.0))

    return scored


def _small(pixels: Pixels) -> Pixels:
    """At most 512 pixels to a side, as uint8, so that a shift is as strong in every set."""
    if pixels.dtype != np.uint8:
        pixels = (pixels >> 8).astype(np.uint8)
    longest = max(pixels.shape[:2])
    if longest <= _SIDE:
        return pixels
    height, width = (max(1, round(s * _SIDE / longest)) for s in pixels.shape[:2])
    return np.asarray(resize(pixels, (width, height)), dtype=np.uint8)


def _noise(values: Floats, strength: float, rng: np.random.Generator) -> Floats:
    return values + rng.normal(0, 25 * strength, values.shape)


def _blur(values: Floats, strength: float, rng: np.random.Generator) -> Floats:
    soft = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    radius = strength * max(values.shape[:2]) / 100
    return np.asarray(soft.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64)


def _brightness(values: Floats, strength: float, rng: np.random.Generator) -> Floats:
    return values * (1 - 0.4 * strength)


def _color(values: Floats, strength: float, rng: np.random.Generator) -> Floats:
    color = values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)
    return color * (1 + strength * np.array([0.15, 0.0, -0.15]))


def _move(values: Floats, strength: float, rng: np.random.Generator) -> Floats:
    """The camera was knocked: a crop of the upper left, enlarged to the old size."""
    height, width = (round(s * (1 - 0.3 * strength)) for s in values.shape[:2])
    cut = Image.fromarray(np.clip(values[:height, :width], 0, 255).astype(np.uint8))
    return np.asarray(
        cut.resize(values.shape[1::-1], Image.Resampling.BILINEAR), dtype=np.float64
    )


_Shift = Callable[[Floats, float, np.random.Generator], Floats]
SHIFTS: Mapping[str, _Shift] = {
    "noise": _noise,
    "blur": _blur,
    "brightness": _brightness,
    "color": _color,
    "move": _move,
}


def _shifted(pixels: Pixels, shift: str, strength: float, seed: int) -> Pixels:
    if not shift:
        return pixels
    rng = np.random.default_rng(seed)
    values = SHIFTS[shift](pixels.astype(np.float64), strength, rng)
    return np.clip(values.round(), 0, 255).astype(np.uint8)
