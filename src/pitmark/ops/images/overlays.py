"""Outlines, fills and chips on a canvas: labels are solid, predictions are dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from pitmark.core.labels import Box
from pitmark.ops.images.palette import BLACK, WHITE, Rgb, class_color, class_stripes
from pitmark.ops.images.picture_chips import Chip, draw_chip

Floats = NDArray[np.float64]

# Lines are drawn twice as large and shrunken, which smooths their edges.
OVERSAMPLE = 2
_HALO = (0, 0, 0, 175)
# A predicted box often lies on its label, whose color must stay visible.
_FAINT = (0, 0, 0, 100)
_SMALLEST_OUTLINE = 8.0


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an image that is shown, and how large it is shown.

    `left`, `top`, `right`, `bottom` are whole pixels of the stored image; `size_wh` is
    the size of the canvas.
    """

    left: int
    top: int
    right: int
    bottom: int
    size_wh: tuple[int, int]

    @property
    def scale_xy(self) -> Floats:
        """Canvas pixels per pixel of the stored image, across and down."""
        shown = (self.right - self.left, self.bottom - self.top)
        return np.asarray(self.size_wh, dtype=np.float64) / np.asarray(shown, dtype=np.float64)

    @property
    def unit(self) -> float:
        """Width of a thin line, so that it looks the same in every 4:3 frame of a page."""
        width, height = self.size_wh
        return max(max(width, height * 4 / 3) / 320, 0.75)

    def place(self, points_xy: ArrayLike) -> Floats:
        """Points of the stored image on the canvas.

        Args:
            points_xy: (N, 2) in pixels of the stored image.

        Returns:
            (N, 2) in pixels of the canvas.
        """
        points = np.asarray(points_xy, dtype=np.float64).reshape(-1, 2)
        return np.asarray((points - (self.left, self.top)) * self.scale_xy)

    def shows(self, box_xyxy: Sequence[float]) -> bool:
        """Whether any part of a box is on the canvas.

        Args:
            box_xyxy: In pixels of the stored image.

        Returns:
            True when it is.
        """
        x1, y1, x2, y2 = box_xyxy
        across = x1 <= self.right and x2 >= self.left
        return across and y1 <= self.bottom and y2 >= self.top


class Overlay:
    """A transparent sheet over the canvas, and the chips that lie on top of it.

    Args:
        window: What is shown.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        width, height = window.size_wh
        self._large_wh = (width * OVERSAMPLE, height * OVERSAMPLE)
        self._sheet = Image.new("RGBA", self._large_wh, (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._sheet)
        self._chips: list[Chip] = []

    def outline(self, ring_xy: ArrayLike, index: int, *, dashed: bool = False) -> None:
        """Draw a closed line in the color of a class.

        Args:
            ring_xy: (N, 2) corners in pixels of the canvas.
            index: Of the class.
            dashed: For what a model says.
        """
        ring = np.asarray(ring_xy, dtype=np.float64).reshape(-1, 2) * OVERSAMPLE
        closed = np.concatenate([ring, ring[:1]])
        unit = self._window.unit * OVERSAMPLE
        # Three dashes a side at least, or a small box would fall to pieces.
        around = float(np.hypot(*np.diff(closed, axis=0).T).sum())
        dash = max(min(7 * unit, around / 20), 0.5)
        pieces = dashes(closed, dash, dash * 5 / 7) if dashed else [closed]
        for piece in pieces:
            self._line(piece, (4 if dashed else 6) * unit, _FAINT if dashed else _HALO)
        for piece in pieces:
            self._line(piece, 2 * unit, class_color(index))
        for stripe in striped(closed, class_stripes(index), unit):
            self._line(stripe, 2 * unit, WHITE)

    def box(self, box_xyxy: Sequence[float], index: int, *, dashed: bool = False) -> Box:
        """Draw a box; one that is too small to see is drawn around its place.

        Args:
            box_xyxy: In pixels of the stored image.
            index: Of the class.
            dashed: For what a model says.

        Returns:
            The box as drawn, in pixels of the canvas.
        """
        low, high = self._window.place(np.reshape(box_xyxy, (2, 2)))
        middle, half = (low + high) / 2, (high - low) / 2
        half = np.maximum(half, _SMALLEST_OUTLINE * self._window.unit / 2)
        (x1, y1), (x2, y2) = (middle - half).tolist(), (middle + half).tolist()
        self.outline([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], index, dashed=dashed)
        return x1, y1, x2, y2

    def region(
        self, mask_hw: NDArray[np.bool_], index: int, *, dashed: bool = False, fill: int = 44
    ) -> None:
        """Tint a region in the color of a class and draw its border.

        Args:
            mask_hw: As large as the oversampled canvas (`large_wh`).
            index: Of the class.
            dashed: For what a model says.
            fill: Opacity of the tint in 0..255.
        """
        unit = self._window.unit * OVERSAMPLE
        reach = max(1, round(1.5 * unit))
        border = mask_hw & grown(~mask_hw, reach)
        halo = grown(mask_hw, reach) & ~mask_hw
        if dashed:
            rows, columns = np.indices(mask_hw.shape)
            border &= ((rows + columns) // max(1, round(5 * unit))) % 2 == 0
        self._tint(mask_hw, class_color(index), fill)
        self._tint(halo, BLACK, _HALO[3] if not dashed else 90)
        self._tint(border, class_color(index), 255)

    @property
    def large_wh(self) -> tuple[int, int]:
        """Size of the sheet that is drawn on."""
        return self._large_wh

    def heat(self, share_hw: NDArray[np.float32]) -> None:
        """Lay a glow over the image, from nothing at 0.2 to amber at 1.

        Args:
            share_hw: In [0, 1], as large as the oversampled canvas.
        """
        strength = np.clip((share_hw - 0.2) / 0.8, 0, 1)[..., None]
        color = np.concatenate(
            [255 + 0 * strength, 40 + 175 * strength, 40 * strength, 140 * strength**0.7],
            axis=2,
        )
        glow = Image.fromarray(color.astype(np.uint8))
        self._sheet.alpha_composite(glow)

    def chip(self, chip: Chip) -> None:
        """Put a small text next to a place, where it covers no earlier one.

        Args:
            chip: It is left out where there is no room for it.
        """
        self._chips.append(chip)

    def over(self, image: Image.Image) -> Image.Image:
        """The canvas with everything that was drawn.

        Args:
            image: RGB, of the window's size.

        Returns:
            RGB of the same size.
        """
        out = image.convert("RGBA")
        small = self._sheet.resize(self._window.size_wh, Image.Resampling.BOX)
        out.alpha_composite(small)
        draw = ImageDraw.Draw(out)
        taken: list[Box] = []
        for chip in self._chips:
            draw_chip(draw, chip, taken, size_wh=self._window.size_wh, unit=self._window.unit)
        return out.convert("RGB")

    def _line(
        self, points: Floats, width: float, color: tuple[int, int, int] | tuple[int, ...]
    ) -> None:
        flat = [(float(x), float(y)) for x, y in points]
        self._draw.line(flat, fill=tuple(color), width=max(1, round(width)), joint="curve")

    def _tint(self, mask_hw: NDArray[np.bool_], color: Rgb, opacity: int) -> None:
        layer = Image.new("RGBA", self._large_wh, (*color, 0))
        layer.putalpha(Image.fromarray(mask_hw.astype(np.uint8) * opacity))
        self._sheet.alpha_composite(layer)


def grown(mask_hw: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """A mask with everything that lies at most so many pixels across or down from it.

    Args:
        mask_hw: (H, W) bool.
        reach: In pixels, at least 0.

    Returns:
        (H, W) bool.
    """
    out = mask_hw
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(out, padding), axis=axis, dtype=np.int32)
        length = mask_hw.shape[axis]
        high = np.take(sums, np.arange(2 * reach + 1, 2 * reach + 1 + length), axis=axis)
        out = high > np.take(sums, np.arange(length), axis=axis)
    return out


def dashes(points: Floats, on: float, off: float) -> list[Floats]:
    """The pieces of a dashed line.

    Args:
        points: (N, 2) corners of the line, N at least 2.
        on: Length of a dash, above 0.
        off: Length of a gap, at least 0.

    Returns:
        One line per dash, bent where the line bends; none without length.
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    total = float(along[-1])
    out = []
    for start in np.arange(0.0, total, on + off):
        end = min(start + on, total)
        inside = along[(along > start) & (along < end)]
        at = np.concatenate([[start], inside, [end]])
        out.append(np.stack([np.interp(at, along, points[:, k]) for k in (0, 1)], axis=1))
    return out


def striped(points: Floats, pattern: int, unit: float) -> list[Floats]:
    """The white stripes on the line of a class beyond the twelfth.

    Args:
        points: (N, 2) corners of the line.
        pattern: 0 for none; the higher, the farther apart.
        unit: Width of a thin line.

    Returns:
        The stripes.
    """
    return dashes(points, 4 * unit, (2 + 6 * pattern) * unit) if pattern else []
