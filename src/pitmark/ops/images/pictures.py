"""Pictures for pages: an image as JPEG with its labels and what a model says about it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pitmark.core.geometry import polygon_mask
from pitmark.core.labels import (
    Box,
    BoxShape,
    ImageClass,
    MaskShape,
    PolygonShape,
    Shape,
    shape_box,
)
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import check_pixels
from pitmark.core.rle import decode_mask
from pitmark.ops.images.overlays import OVERSAMPLE, Overlay, Window
from pitmark.ops.images.palette import all_names
from pitmark.ops.images.picture_chips import Chip, chip_text

JPEG_QUALITY = 80
_MOST_ENLARGED = 8.0
_MOST_CHIPS = 16
_CALLED = 0.5
_SAMPLES = 1_000_000
_STRIP = 256


def picture(
    pixels: NDArray[np.generic],
    *,
    shapes: Sequence[Shape] = (),
    prediction: Prediction | None = None,
    classes: tuple[str, ...] = (),
    max_side: int = 320,
    focus_xyxy: Box | None = None,
) -> bytes:
    """An image with its labels as solid outlines and predictions as dashed ones.

    Masks and maps are translucent. Maps are shown class by class where there is one for
    each of `classes`, otherwise as one glow.

    Args:
        pixels: (H, W) or (H, W, 3), uint8 or uint16; 16 bits are stretched to be seen.
        shapes: Labels in pixels of the image.
        prediction: What a model says about the image.
        classes: In the order of their colors; names that are not in it come after.
        max_side: Longer side of the picture in pixels; small images are enlarged.
        focus_xyxy: Show only this part of the image.

    Returns:
        A JPEG file.

    Raises:
        InvalidInputError: The pixels are no image.
    """
    check_pixels(pixels)
    window = _window(pixels.shape[1], pixels.shape[0], max_side, focus_xyxy)
    names = all_names(classes, [s.label for s in shapes], prediction)
    overlay = Overlay(window)
    if prediction is not None:
        _draw_maps(overlay, window, prediction, len(classes))
    for number, shape in enumerate(shapes):
        _draw_shape(overlay, window, shape, names.index(shape.label), chip=number < _MOST_CHIPS)
    if prediction is not None:
        _draw_boxes(overlay, window, prediction, names)
        _draw_class(overlay, window, prediction, names)
    out = io.BytesIO()
    shown = overlay.over(_scaled(pixels, window))
    # Full color resolution: halved, as is usual, thin colored lines turn gray.
    shown.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, subsampling=0)
    return out.getvalue()


def data_uri(jpeg: bytes) -> str:
    """A JPEG as the address of an image in a page.

    Args:
        jpeg: The file.

    Returns:
        A `data:` address.
    """
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def around(box_xyxy: Box, size_wh: tuple[int, int], *, least_px: float = 96.0) -> Box:
    """The part of an image in which a box is seen large, with its surroundings.

    Args:
        box_xyxy: In pixels of the image.
        size_wh: Width and height of the image in pixels.
        least_px: Shortest side of the part.

    Returns:
        At least two and a half times as large as the box, 4:3, moved to lie on the image.
    """
    sides = (box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1])
    high = max(2.5 * sides[1], 2.5 * sides[0] * 3 / 4, least_px)
    out = []
    for axis, length in enumerate((high * 4 / 3, high)):
        limit = float(size_wh[axis])
        middle = (box_xyxy[axis] + box_xyxy[axis + 2]) / 2
        length = min(length, limit)
        start = min(max(middle - length / 2, 0.0), limit - length)
        out.append((start, start + length))
    return out[0][0], out[1][0], out[0][1], out[1][1]


def eight_bits(
    pixels: NDArray[np.generic], *, like: NDArray[np.generic] | None = None
) -> NDArray[np.uint8]:
    """Pixels as a screen can show them: 16 bits are stretched, 8 bits stay as they are.

    Args:
        pixels: (H, W) or (H, W, 3), uint8 or uint16.
        like: The image whose range is stretched; the pixels themselves when None.

    Returns:
        The same shape in uint8.
    """
    if pixels.dtype != np.uint16:
        return np.asarray(pixels, dtype=np.uint8)
    whole = pixels if like is None else like
    step = max(1, int(np.sqrt(whole.size / _SAMPLES)))
    low, high = np.percentile(whole[::step, ::step].astype(np.float32), (0.1, 99.9))
    factor = np.float32(255 / max(float(high - low), 1.0))
    out = np.empty(pixels.shape, dtype=np.uint8)
    # Strip by strip: a large image as floats would take four times its memory.
    for top in range(0, len(pixels), _STRIP):
        strip = pixels[top : top + _STRIP].astype(np.float32)
        out[top : top + _STRIP] = np.clip((strip - np.float32(low)) * factor, 0, 255)
    return out


def _window(width: int, height: int, max_side: int, focus_xyxy: Box | None) -> Window:
    left, top, right, bottom = 0, 0, width, height
    if focus_xyxy is not None:
        left = int(np.clip(np.floor(focus_xyxy[0]), 0, width - 1))
        top = int(np.clip(np.floor(focus_xyxy[1]), 0, height - 1))
        right = int(np.clip(np.ceil(focus_xyxy[2]), left + 1, width))
        bottom = int(np.clip(np.ceil(focus_xyxy[3]), top + 1, height))
    scale = min(max_side / max(right - left, bottom - top), _MOST_ENLARGED)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    return Window(left, top, right, bottom, size)


def _scaled(pixels: NDArray[np.generic], window: Window) -> Image.Image:
    cut = pixels[window.top : window.bottom, window.left : window.right]
    # The range of the whole image, so that a detail looks as it does in the whole.
    cut = eight_bits(cut, like=pixels)
    image = Image.fromarray(np.ascontiguousarray(cut)).convert("RGB")
    enlarged = float(window.scale_xy.max())
    how = Image.Resampling.NEAREST if enlarged > 3 else Image.Resampling.BICUBIC
    return image.resize(window.size_wh, how, reducing_gap=2.0 if enlarged < 1 else None)


def _draw_shape(
    overlay: Overlay, window: Window, shape: Shape, index: int, *, chip: bool
) -> None:
    text = chip_text(shape.label, index)
    if isinstance(shape, ImageClass):
        overlay.chip(Chip(text, index, (window.unit,) * 4))
        return
    box = shape_box(shape)
    if box is None or not window.shows(box):
        return
    if isinstance(shape, BoxShape):
        place = overlay.box(box, index)
    else:
        corners = window.place(np.reshape(box, (2, 2)))
        (x1, y1), (x2, y2) = corners.tolist()
        place = (x1, y1, x2, y2)
        overlay.region(_region(overlay, window, shape), index)
    if chip:
        overlay.chip(Chip(text, index, place))


def _region(
    overlay: Overlay, window: Window, shape: PolygonShape | MaskShape
) -> NDArray[np.bool_]:
    if isinstance(shape, PolygonShape):
        rings = [
            [(float(x), float(y)) for x, y in window.place(ring) * OVERSAMPLE]
            for ring in shape.rings
            if ring
        ]
        return polygon_mask(rings, overlay.large_wh)
    mask = decode_mask(shape.counts, shape.size_wh)
    cut = mask[window.top : window.bottom, window.left : window.right]
    if cut.size == 0:
        return np.zeros(overlay.large_wh[::-1], dtype=bool)
    plane = Image.fromarray(cut.astype(np.uint8) * 255)
    # Any covered pixel counts, or a hair-thin scratch would vanish in a small picture.
    return np.asarray(plane.resize(overlay.large_wh, Image.Resampling.BOX)) > 0


def _draw_boxes(
    overlay: Overlay, window: Window, prediction: Prediction, names: Sequence[str]
) -> None:
    found = zip(
        prediction.boxes_xyxy.tolist(),
        prediction.box_scores.tolist(),
        prediction.box_classes.tolist(),
        strict=True,
    )
    shown = [f for f in found if window.shows(f[0])]
    for number, (box, score, index) in enumerate(shown):
        place = overlay.box(box, index, dashed=True)
        if number < _MOST_CHIPS:
            text = chip_text(names[index], index, score)
            overlay.chip(Chip(text, index, place, hollow=True))


def _draw_class(
    overlay: Overlay, window: Window, prediction: Prediction, names: Sequence[str]
) -> None:
    if prediction.class_probs is None or not len(prediction.class_probs):
        return
    index = int(np.argmax(prediction.class_probs))
    text = chip_text(names[index], index, float(prediction.class_probs[index]))
    low = window.size_wh[1] - 4.0 * window.unit
    overlay.chip(Chip(text, index, (window.unit, low, window.unit, low), hollow=True))


def _draw_maps(
    overlay: Overlay, window: Window, prediction: Prediction, class_count: int
) -> None:
    maps = prediction.maps_khw
    if maps is None or not maps.size:
        return
    width, height = prediction.size_wh
    scale = (maps.shape[2] / width, maps.shape[1] / height)
    part = (
        min(window.left * scale[0], maps.shape[2] - 1e-3),
        min(window.top * scale[1], maps.shape[1] - 1e-3),
        min(window.right * scale[0], maps.shape[2]),
        min(window.bottom * scale[1], maps.shape[1]),
    )
    planes = np.stack(
        [
            np.asarray(
                Image.fromarray(plane.astype(np.float32)).resize(
                    overlay.large_wh, Image.Resampling.BILINEAR, box=part
                )
            )
            for plane in maps
        ]
    )
    planes = np.nan_to_num(planes)
    if len(planes) != class_count:
        overlay.heat(planes.max(axis=0))
        return
    best = planes.argmax(axis=0)
    for index in range(len(planes)):
        called = (best == index) & (planes[index] >= _CALLED)
        if called.any():
            overlay.region(called, index, dashed=True, fill=52)
