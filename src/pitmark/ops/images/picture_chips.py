"""Chips: small texts on a picture that name what is outlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

from pitmark.core.labels import Box
from pitmark.ops.images.palette import WHITE, class_color, ink_on

_LONGEST_CHIP = 24


@dataclass(frozen=True, slots=True)
class Chip:
    """A small text at a place on the canvas; hollow for what a model says."""

    text: str
    index: int
    place_xyxy: Box
    hollow: bool = False


def chip_text(name: str, index: int, score: float | None = None) -> str:
    """What a chip says; the built-in font knows Latin letters only.

    Args:
        name: Of the class.
        index: Of the class; it stands in for a name that the font cannot write.
        score: In [0, 1], for what a model says.

    Returns:
        A short text.
    """
    shown = " ".join(name.split())
    if not shown or any(ord(c) > 0x17F or not c.isprintable() for c in shown):
        shown = f"#{index + 1}"
    if len(shown) > _LONGEST_CHIP:
        shown = shown[: _LONGEST_CHIP - 3] + "..."
    return shown if score is None else f"{shown} {score:.2f}"


def draw_chip(
    draw: ImageDraw.ImageDraw,
    chip: Chip,
    taken: list[Box],
    *,
    size_wh: tuple[int, int],
    unit: float,
) -> None:
    """Draw a chip near its place where it covers no earlier one, or not at all.

    Args:
        draw: On the canvas.
        chip: What to draw.
        taken: Where earlier chips lie; this one is added.
        size_wh: Of the canvas in pixels.
        unit: Width of a thin line in pixels.
    """
    font = ImageFont.load_default(round(13 * unit))
    pad = 3 * unit
    left, _, right, _ = draw.textbbox((0, 0), chip.text, font=font)
    # One height for all chips, whether or not a letter reaches below the line.
    _, top, _, bottom = draw.textbbox((0, 0), "Ag", font=font)
    size = (right - left + 2 * pad, bottom - top + 2 * pad)
    area = _free_place(chip, (size, size_wh), unit, taken)
    if area is None:
        return
    taken.append(area)
    color = class_color(chip.index)
    if chip.hollow:
        edge = max(1, round(unit))
        draw.rounded_rectangle(area, 2 * unit, fill=(20, 22, 24), outline=color, width=edge)
    else:
        draw.rounded_rectangle(area, 2 * unit, fill=color)
    ink = WHITE if chip.hollow else ink_on(color)
    draw.text((area[0] + pad - left, area[1] + pad - top), chip.text, font=font, fill=ink)


def _free_place(
    chip: Chip,
    sizes: tuple[tuple[float, float], tuple[int, int]],
    unit: float,
    taken: Sequence[Box],
) -> Box | None:
    """Above, below or beside the place, on the canvas and clear of earlier chips."""
    (width, height), canvas_wh = sizes
    gap = 3 * unit
    x1, y1, x2, y2 = chip.place_xyxy
    above, below = (x1, y1 - gap - height), (x1, y2 + gap)
    vertical = [below, above] if chip.hollow else [above, below]
    for x, y in [*vertical, (x2 + gap, y1), (x1 - gap - width, y1)]:
        left = min(max(x, 0), max(canvas_wh[0] - width, 0))
        top = min(max(y, 0), max(canvas_wh[1] - height, 0))
        area = (left, top, left + width - 1, top + height - 1)
        if not any(_meet(area, other) for other in taken):
            return area
    return None


def _meet(first: Box, second: Box) -> bool:
    across = first[0] <= second[2] and second[0] <= first[2]
    return across and first[1] <= second[3] and second[1] <= first[3]
