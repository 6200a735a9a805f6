"""Twelve class colors that color-blind eyes tell apart, and stripes for further classes.

The colors were searched for the largest distance in OKLab between any two, as seen with
normal vision, without red cones and without green cones; a test pins that distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pitmark.core.predictions import Prediction

Rgb = tuple[int, int, int]

CLASS_COLORS: tuple[Rgb, ...] = (
    (255, 170, 0),
    (64, 191, 255),
    (212, 0, 170),
    (212, 255, 0),
    (149, 128, 234),
    (255, 64, 0),
    (0, 234, 149),
    (255, 128, 191),
    (170, 0, 255),
    (128, 255, 255),
    (191, 106, 128),
    (64, 149, 42),
)
BLACK: Rgb = (17, 17, 17)
WHITE: Rgb = (255, 255, 255)


def class_color(index: int) -> Rgb:
    """The color of a class.

    Args:
        index: Its place in the list of classes, at least 0.

    Returns:
        Red, green, blue in 0..255; it repeats after twelve classes.
    """
    return CLASS_COLORS[index % len(CLASS_COLORS)]


def class_stripes(index: int) -> int:
    """The pattern that tells a class from the one with the same color.

    Args:
        index: Its place in the list of classes, at least 0.

    Returns:
        0 for a plain line, n for the n-th pattern of white stripes.
    """
    return index // len(CLASS_COLORS)


def ink_on(color: Rgb) -> Rgb:
    """Black or white, whichever reads better on a color.

    Args:
        color: Of the ground.

    Returns:
        The color of the text.
    """
    return max((BLACK, WHITE), key=lambda ink: contrast(ink, color))


def contrast(first: Rgb, second: Rgb) -> float:
    """The contrast ratio of two colors.

    Args:
        first: One color.
        second: The other.

    Returns:
        From 1 (equal) to 21; text needs 4.5.

    Source:
        Web Content Accessibility Guidelines 2.2, "contrast ratio".
    """
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def all_names(
    classes: Sequence[str], labels: Iterable[str], prediction: Prediction | None = None
) -> list[str]:
    """The classes in the order of their colors, with those that the list lacks.

    Args:
        classes: Known classes in order.
        labels: Names in use.
        prediction: Its classes are known by number only.

    Returns:
        All names; a predicted class without a name is called by its number.
    """
    names = list(dict.fromkeys(classes))
    count = 0
    if prediction is not None:
        count = int(max(prediction.box_classes, default=-1)) + 1
        if prediction.class_probs is not None:
            count = max(count, len(prediction.class_probs))
    names += [f"class {n + 1}" for n in range(len(names), count)]
    return names + sorted(set(labels) - set(names))


def _luminance(color: Rgb) -> float:
    shares = [v / 255 for v in color]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
