"""How alike two pictures are when one is laid over the other at the best shift.

The picture of an image keeps its marks at 128 x 128 cells and drops its light: logarithm of
brightness, without coarse parts, every place brought to the same local contrast. All
pictures of a collection then have their frequencies brought to the same power, and within a
picture strong frequencies are held down: what all parts share (a seam, bus bars, brushed
metal) says little, and what one part alone has says much. The similarity is the highest
correlation over all shifts, in [-1, 1], larger is more alike; pictures that have nothing in
common reach about 0.1.

Sources: the registration by the phase of the cross spectrum is that of Kuglin and Hines,
"The phase correlation image alignment method", 1975.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter

SIDE_PX = 128
TURNS = 8
TURN_WORDS = (
    "as it is",
    "turned by 90°",
    "turned by 180°",
    "turned by 270°",
    "mirrored left to right",
    "mirrored and turned by 90°",
    "mirrored top to bottom",
    "mirrored and turned by 270°",
)
# Added before the logarithm: dark noise of a few grey levels must not turn into marks.
_DARK_LEVEL = 5.0
_FINE_PX, _COARSE_PX, _LOCAL_PX = 0.7, 6.4, 8.0
_CLIP, _STEP = 2.5, 50.0
_FLAT = 1e-3
# Quiet places hold noise: they are not raised to the contrast of the others.
_QUIET = 0.5
# Share of a frequency's size that is taken off: 0 keeps it, 1 keeps the phase alone.
_PHASE_SHARE = 0.5
_LEAST_POWER = 1e-2
FEWEST_FOR_POWER = 12
_MOST_FOR_POWER = 2000
# Of more pictures than this, half as fine ones are compared, at a quarter of the cost.
_MOST_FINE = 3000
_MOST_HELD = 40_000
_AT_ONCE = 256
_ALL_CORES = -1
# Longer sides of one camera's crops follow each other in smaller steps than this.
_SAME_CAMERA, _WIDEST = 1.5, 3.0

Picture = NDArray[np.int8]


def picture(grey_hw: NDArray[np.floating[Any]], *, px_per_cell: float | None = None) -> Picture:
    """The marks of an image without its light.

    Args:
        grey_hw: (H, W) brightness, 0 to 255.
        px_per_cell: Pixels of the image along one cell; images of one camera should share
            it, so that another crop has the same scale. None fits the longer side.

    Returns:
        (128, 128) int8, the image in the upper left, 0 outside; all 0 for one without
        any marks.
    """
    height, width = grey_hw.shape
    cell = px_per_cell or max(height, width) / SIDE_PX
    size = [max(4, min(SIDE_PX, round(side / cell))) for side in (width, height)]
    way = Image.Resampling.BOX if cell >= 1 else Image.Resampling.BILINEAR
    cells = Image.fromarray(np.asarray(grey_hw, np.float32)).resize((size[0], size[1]), way)
    light = np.log(np.maximum(np.asarray(cells), 0) + np.float32(_DARK_LEVEL))
    marks = gaussian_filter(light, _FINE_PX) - gaussian_filter(light, _COARSE_PX)
    contrast = np.sqrt(gaussian_filter(np.square(marks), _LOCAL_PX))
    marks = np.clip(marks / (contrast + _FLAT + _QUIET * contrast.mean()), -_CLIP, _CLIP)
    marks *= np.outer(_taper(size[1]), _taper(size[0]))
    out = np.zeros((SIDE_PX, SIDE_PX), np.int8)
    if contrast.max() > _FLAT:
        out[: size[1], : size[0]] = np.round((marks - marks.mean()) * _STEP).clip(-127, 127)
    return out


def _taper(size: int) -> NDArray[np.float64]:
    """Rises from the rim, where another crop differs first."""
    steps = np.arange(size)
    return np.minimum(1, np.minimum(steps + 1, size - steps) / _COARSE_PX)


def turned(picture_hw: NDArray[Any], turn: int) -> NDArray[Any]:
    """A picture in one of the eight ways in which a square can lie.

    Args:
        picture_hw: (S, S), anything square.
        turn: 0 to 7, see TURN_WORDS.

    Returns:
        (S, S), turned; 0 gives the picture itself.
    """
    flipped = picture_hw[:, ::-1] if turn >= 4 else picture_hw
    return np.rot90(flipped, turn % 4)


class Registered:
    """The pictures of one collection, ready to be laid over each other.

    Args:
        pictures: (128, 128) int8 each, as `picture` gives them.
    """

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        count = len(pictures)
        self._step = 1 if count <= _MOST_FINE else 2
        side = SIDE_PX // self._step
        power = np.zeros((side, side // 2 + 1))
        sample = np.unique(np.linspace(0, max(count - 1, 0), _MOST_FOR_POWER).astype(int))
        for start in range(0, min(len(sample), count), _AT_ONCE):
            part = [pictures[i] for i in sample[start : start + _AT_ONCE]]
            power += np.square(np.abs(_unit(fft.rfft2(_stack(part, self._step))))).sum(axis=0)
        floor = _LEAST_POWER * power.mean() + 1e-12
        # What few pictures share may be the very thing that makes them the same.
        few = count < FEWEST_FOR_POWER
        self._gain = (np.ones_like(power) if few else 1 / np.sqrt(power + floor)).astype("f4")
        self._held: NDArray[np.complex64] | None = None
        if count <= _MOST_HELD:
            self._held = np.empty((count, *power.shape), np.complex64)
            for start in range(0, count, _AT_ONCE):
                part = list(pictures[start : start + _AT_ONCE])
                self._held[start : start + _AT_ONCE] = self._spectra(part)

    def similarity(
        self, first: NDArray[np.intp], second: NDArray[np.intp], *, turn: int = 0
    ) -> NDArray[np.float32]:
        """How alike pairs of pictures are at their best shift.

        Args:
            first: (P,) numbers of pictures; sorted ones are quicker.
            second: (P,) numbers of the others.
            turn: How the first ones are turned before, 0 to 7.

        Returns:
            (P,) in [-1, 1], larger is more alike; 0 with an empty picture.
        """
        out = np.empty(len(first), np.float32)
        side = SIDE_PX // self._step
        for start in range(0, len(first), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            product = self._of(first[part], turn).conj() * self._of(second[part], 0)
            peaks = fft.irfft2(product, s=(side, side), workers=_ALL_CORES)
            out[part] = peaks.max(axis=(1, 2))
        return out

    def _of(self, numbers: NDArray[np.intp], turn: int) -> NDArray[np.complex64]:
        if turn == 0 and self._held is not None:
            return np.asarray(self._held[numbers])
        distinct, place = np.unique(numbers, return_inverse=True)
        return self._spectra([turned(self._pictures[i], turn) for i in distinct])[place]

    def _spectra(self, pictures: Sequence[Picture]) -> NDArray[np.complex64]:
        spectra = fft.rfft2(_stack(pictures, self._step), workers=_ALL_CORES) * self._gain
        size = np.abs(spectra)
        least = _LEAST_POWER * size.mean(axis=(1, 2), keepdims=True) + 1e-12
        return _unit(spectra / (size + least) ** np.float32(_PHASE_SHARE))


def _stack(pictures: Sequence[Picture], step: int) -> NDArray[np.float32]:
    """(B, S / step, S / step) pictures, each cell the mean of step x step."""
    rows = np.stack(pictures).astype(np.float32)
    if step == 1:
        return rows
    cells = rows.reshape(len(rows), SIDE_PX // step, step, SIDE_PX // step, step)
    return np.asarray(cells.mean(axis=(2, 4)))


def _unit(spectra: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Scaled so that the picture behind each has the sum of squares 1."""
    squares = np.square(np.abs(spectra))
    # Of the half that is kept, all columns but the first and last stand for two.
    total = 2 * squares.sum(axis=(1, 2)) - squares[:, :, [0, -1]].sum(axis=(1, 2))
    size = np.sqrt(total / spectra.shape[1] ** 2)[:, None, None]
    return np.asarray(spectra / np.where(size > 1e-9, size, 1), np.complex64)


def common_scale(sizes_wh: Sequence[tuple[int, int]]) -> list[float]:
    """Pixels per cell for every image, the same for images that may be of one camera.

    Images whose longer sides follow each other in steps of less than a half share the
    scale at which the largest of them fits.

    Args:
        sizes_wh: Width and height of the images.

    Returns:
        One figure per image, for `picture`.
    """
    sides = np.array([max(wh) for wh in sizes_wh], dtype=np.float64)
    order = np.argsort(sides)
    out = np.empty(len(sides))
    start = 0
    for end in range(1, len(order) + 1):
        inside = end < len(order) and sides[order[end]] < _SAME_CAMERA * sides[order[end - 1]]
        wide = end < len(order) and sides[order[end]] > _WIDEST * sides[order[start]]
        if not inside or wide:
            out[order[start:end]] = sides[order[end - 1]] / SIDE_PX
            start = end
    return [float(v) for v in out]
