"""From the pixels of an image to what the network sees: one way, for training and edge.

Two modes. `letterbox` shrinks the whole image into one patch and pads the right and lower
rim. `tile` cuts overlapping patches at a fixed scale, so that small defects of large
images keep their pixels. Grey images are repeated to three channels; 16-bit images are
mapped from [low, high] to [0, 1] and never cut to 8 bits first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pitmark.core.errors import InvalidInputError

Pixels = NDArray[Any]
_MOST = 255  # of 8 bits


@dataclass(frozen=True, slots=True)
class ByteScale:
    """What a byte stands for in a patch: (byte - `zero`) * `step` + `rest`.

    `zero` is the byte next to the value 0, `rest` the less than half a step between them.
    """

    step: float
    zero: int
    rest: float


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """How images become patches; it travels with every model.

    `input_wh` is the size of a patch in pixels, both multiples of 32. `low` and `high`
    are the stored values that map to 0 and 1. In tile mode the image is first resized by
    `scale`, and neighbors share at least `overlap_px`. Patches are (x - mean) / std.
    """

    input_wh: tuple[int, int]
    mode: Literal["letterbox", "tile"] = "letterbox"
    low: float = 0.0
    high: float = 255.0
    scale: float = 1.0
    overlap_px: int = 64
    mean: float = 0.5
    std: float = 0.25

    def __post_init__(self) -> None:
        if self.mode not in ("letterbox", "tile"):
            raise InvalidInputError(f"no such preprocessing: mode {self.mode!r}")
        if any(side < 32 or side % 32 for side in self.input_wh):
            raise InvalidInputError(
                f"input size must be multiples of 32, found {self.input_wh}"
            )
        if not self.high > self.low or not self.scale > 0:
            raise InvalidInputError(
                f"need high > low and scale > 0, found {self.low}, {self.high}, {self.scale}"
            )
        if self.mode == "tile" and not 0 <= self.overlap_px < min(self.input_wh):
            raise InvalidInputError(
                f"overlap {self.overlap_px} px does not fit patches of {self.input_wh}"
            )

    @property
    def byte_scale(self) -> ByteScale | None:
        """How 8-bit images are patches as they are; None where values have another range."""
        if (self.low, self.high) != (0, _MOST):
            return None
        zero = int(np.clip(round(_MOST * self.mean), 0, _MOST))
        return ByteScale(1 / (_MOST * self.std), zero, (zero / _MOST - self.mean) / self.std)

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON types."""
        return {**asdict(self), "input_wh": list(self.input_wh)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> PreprocessSpec:
        """The spec that `to_json` wrote.

        Args:
            data: The JSON object.

        Returns:
            The spec.

        Raises:
            InvalidInputError: A key is missing, unknown or of the wrong type.
        """
        try:
            width, height = data["input_wh"]
            size = (int(width), int(height))
            return PreprocessSpec(**{**data, "input_wh": size})
        except (KeyError, TypeError, ValueError) as exc:
            raise InvalidInputError(f"not a preprocessing spec: {exc}") from exc


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a patch lies: image pixel = (patch pixel + offset) / scale, per axis.

    `valid_wh` is the part of the patch that shows the image; the rest is padding.
    """

    offset_xy: tuple[int, int]
    scale_xy: tuple[float, float]
    valid_wh: tuple[int, int]


class Patches:
    """One image cut up; patches are made when they are asked for.

    A large image is thus never held as floating point all at once. `len` counts the
    patches, and a slice of this object is an array (N, 3, H, W) float32.

    Args:
        scaled: (H, W) or (H, W, 3), resized, values in the stored range.
        placements: Where each patch lies.
        spec: The preprocessing.
    """

    def __init__(
        self, scaled: Pixels, placements: tuple[Placement, ...], spec: PreprocessSpec
    ) -> None:
        self._scaled, self.placements, self._spec = scaled, placements, spec

    def __len__(self) -> int:
        return len(self.placements)

    def __getitem__(self, wanted: slice) -> NDArray[np.float32]:
        width, height = self._spec.input_wh
        places = self.placements[wanted]
        data = np.zeros((len(places), 3, height, width), dtype=np.float32)
        for patch, place in zip(data, places, strict=True):
            (left, top), (wide, high) = place.offset_xy, place.valid_wh
            part = self._scaled[top : top + high, left : left + wide]
            planes = part.transpose(2, 0, 1) if part.ndim == 3 else part[None]
            patch[:, :high, :wide] = self._normalized(planes)
        return data

    def only(self, place: int) -> Patches:
        """One of the patches.

        Args:
            place: Which, from 0.

        Returns:
            The patches of the image without the others.
        """
        return Patches(self._scaled, self.placements[place : place + 1], self._spec)

    def as_bytes(self, wanted: slice) -> NDArray[np.uint8]:
        """Some patches with the pixels as they are, channels last.

        Padding, and only that, is half a step off the value 0 of a patch at most.

        Args:
            wanted: Which.

        Returns:
            (N, H, W, 3); what the bytes stand for says `PreprocessSpec.byte_scale`.

        Raises:
            InvalidInputError: The spec is for images of another range of values.
        """
        scale = self._spec.byte_scale
        if scale is None:
            raise InvalidInputError(
                f"patches of values from {self._spec.low} to {self._spec.high} are no bytes"
            )
        width, height = self._spec.input_wh
        places = self.placements[wanted]
        data = np.empty((len(places), height, width, 3), dtype=np.uint8)
        for patch, place in zip(data, places, strict=True):
            (left, top), (wide, high) = place.offset_xy, place.valid_wh
            patch[high:] = patch[:, wide:] = scale.zero
            part = self._scaled[top : top + high, left : left + wide]
            if part.dtype != np.uint8:
                part = np.rint(np.clip(part, 0, _MOST))
            if part.ndim == 3:
                patch[:high, :wide] = part
                continue
            for channel in range(3):  # Several times faster than all three at once.
                patch[:high, :wide, channel] = part
        return data

    @property
    def scaled_wh(self) -> tuple[int, int]:
        """Width and height of the resized image in pixels."""
        return self._scaled.shape[1], self._scaled.shape[0]

    @property
    def data(self) -> NDArray[np.float32]:
        """All patches, (P, 3, H, W)."""
        return self[:]

    def _normalized(self, values: Pixels) -> NDArray[np.float32]:
        if values.dtype == np.uint8:  # Each of 256 values once, then looked up.
            return np.take(self._of_bytes, values, mode="clip")
        return _normalized(values.astype(np.float32), self._spec)

    @cached_property
    def _of_bytes(self) -> NDArray[np.float32]:
        return _normalized(np.arange(256, dtype=np.float32), self._spec)


def _normalized(values: NDArray[np.float32], spec: PreprocessSpec) -> NDArray[np.float32]:
    inside = np.clip((values - spec.low) / (spec.high - spec.low), 0, 1)
    return np.asarray((inside - spec.mean) / spec.std, dtype=np.float32)


def check_pixels(image: Pixels) -> None:
    """Make sure that an array is an image Pitmark can work with.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.

    Raises:
        InvalidInputError: Another shape or type, or no pixels.
    """
    shaped = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if not shaped or image.dtype not in (np.uint8, np.uint16) or 0 in image.shape:
        raise InvalidInputError(
            f"an image must be (H, W) or (H, W, 3) of uint8 or uint16,"
            f" found {image.shape} of {image.dtype}"
        )


def check_reference(image: Pixels, reference: Pixels) -> None:
    """Make sure that an image can be compared with a reference.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
        reference: Of the same height, width and depth; one may be gray and the other not.

    Raises:
        InvalidInputError: One is no image array, or they are of different kinds.
    """
    check_pixels(image)
    check_pixels(reference)
    if image.shape[:2] != reference.shape[:2] or image.dtype != reference.dtype:
        found, wanted = (
            f"{a.shape[1]}x{a.shape[0]} pixels of {a.dtype}" for a in (reference, image)
        )
        raise InvalidInputError(
            f"the reference has {found}, its image {wanted}",
            hint="A reference shows the same part without defects, pixel upon pixel.",
        )


def resize(image: Pixels, size_wh: tuple[int, int]) -> Pixels:
    """An image resampled (bilinear with antialiasing) without loss of bit depth.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
        size_wh: Wanted width and height in pixels.

    Returns:
        The same number of channels and range of values: uint8 stays uint8, uint16
        becomes float32. An image of the wanted size is given back as it is.
    """
    check_pixels(image)
    how = Image.Resampling.BILINEAR
    if (image.shape[1], image.shape[0]) == size_wh:
        return image
    if image.dtype == np.uint8:
        return np.asarray(Image.fromarray(image).resize(size_wh, how))
    planes = [image] if image.ndim == 2 else [image[..., c] for c in range(3)]
    small = [
        np.asarray(Image.fromarray(p.astype(np.float32)).resize(size_wh, how)) for p in planes
    ]
    return small[0] if image.ndim == 2 else np.stack(small, axis=2)


def scaled_size(image_wh: tuple[int, int], spec: PreprocessSpec) -> tuple[int, int]:
    """Width and height of an image after resizing, before it is cut or padded.

    Args:
        image_wh: Stored width and height in pixels.
        spec: The preprocessing.

    Returns:
        Width and height in pixels, each at least 1.
    """
    width, height = image_wh
    scale = spec.scale
    if spec.mode == "letterbox":
        scale = min(spec.input_wh[0] / width, spec.input_wh[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def cut(image: Pixels, spec: PreprocessSpec) -> Patches:
    """An image as the network sees it.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.
        spec: The preprocessing.

    Returns:
        One patch in letterbox mode, at least one in tile mode.

    Raises:
        InvalidInputError: Not an image array.
    """
    check_pixels(image)
    image_wh = (image.shape[1], image.shape[0])
    scaled_wh = scaled_size(image_wh, spec)
    width, height = spec.input_wh
    scale_xy = (scaled_wh[0] / image_wh[0], scaled_wh[1] / image_wh[1])
    placements = tuple(
        Placement(
            (left, top),
            scale_xy,
            (min(width, scaled_wh[0] - left), min(height, scaled_wh[1] - top)),
        )
        for left, top in _corners(scaled_wh, spec)
    )
    return Patches(resize(image, scaled_wh), placements, spec)


def _corners(scaled_wh: tuple[int, int], spec: PreprocessSpec) -> list[tuple[int, int]]:
    """Upper left corners of the patches, row by row, evenly spread."""
    if spec.mode == "letterbox":
        return [(0, 0)]
    xs, ys = (
        _starts(total, side, spec.overlap_px)
        for total, side in zip(scaled_wh, spec.input_wh, strict=True)
    )
    return [(x, y) for y in ys for x in xs]


def _starts(total: int, side: int, overlap: int) -> list[int]:
    if total <= side:
        return [0]
    count = -(-(total - overlap) // (side - overlap))
    return [round(i * (total - side) / (count - 1)) for i in range(count)]
