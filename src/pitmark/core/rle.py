"""Run-length coding of masks, compatible with COCO.

Counts run down the columns (column-major order) and begin with the number of unset
pixels. The compressed string is COCO's: six-bit groups, each count after the second as
the difference to the one two before.
Source: the format used by the COCO API (Lin et al., "Microsoft COCO", 2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError


def encode_mask(mask_hw: NDArray[np.bool_]) -> tuple[int, ...]:
    """Run lengths of a mask.

    Args:
        mask_hw: (H, W) bool.

    Returns:
        Counts in column-major order, beginning with unset pixels; they sum to H * W.
    """
    flat = np.asarray(mask_hw, dtype=bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts = np.diff(edges).tolist()
    if flat.size and flat[0]:
        counts.insert(0, 0)
    return tuple(int(c) for c in counts)


def decode_mask(counts: Sequence[int], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask of some run lengths.

    Args:
        counts: As `encode_mask` gives them.
        size_wh: Width and height of the mask in pixels.

    Returns:
        (H, W) bool.

    Raises:
        InvalidInputError: The counts do not cover the mask exactly.
    """
    width, height = size_wh
    runs = np.asarray(counts, dtype=np.int64)
    if (runs.size and (runs < 0).any()) or int(runs.sum()) != width * height:
        raise InvalidInputError(
            f"mask runs cover {int(runs.sum())} pixels, the image has {width * height}",
            hint="The mask belongs to an image of another size.",
        )
    values = np.arange(runs.size) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order="F")


def counts_to_text(counts: Sequence[int]) -> str:
    """COCO's compressed string of some run lengths.

    Args:
        counts: Run lengths >= 0.

    Returns:
        ASCII text.
    """
    out = []
    for position, count in enumerate(counts):
        value = count - counts[position - 2] if position > 2 else count
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != (-1 if group & 0x10 else 0)
            out.append(chr((group | 0x20 if more else group) + 48))
    return "".join(out)


def text_to_counts(text: str) -> tuple[int, ...]:
    """Run lengths of COCO's compressed string.

    Args:
        text: As `counts_to_text` gives it.

    Returns:
        Run lengths.

    Raises:
        InvalidInputError: The text breaks off or holds a character that cannot occur.
    """
    counts: list[int] = []
    value, shift = 0, 0
    for char in text:
        code = ord(char) - 48
        if not 0 <= code < 64:
            raise InvalidInputError(f"mask text holds the character {char!r}")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise InvalidInputError("mask text breaks off in the middle of a number")
    return tuple(counts)
