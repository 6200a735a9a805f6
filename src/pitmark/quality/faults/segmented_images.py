"""Segmented images one at a time, however they are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import Shape
from pitmark.core.predictions import Prediction

SizedShapes = tuple[tuple[Shape, ...], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class SegmentedImage:
    """An image by its key: all shapes, (width, height) in pixels, and maps of every class."""

    key: str
    shapes: tuple[Shape, ...]
    size_wh: tuple[int, int]
    prediction: Prediction


class ImageWalk(Protocol):
    """Something that gives images as often as it is asked."""

    def walk(self, wanted: Collection[str] | None = None) -> Iterator[SegmentedImage]:
        """The images, or the wanted ones, in the same order every time."""
        ...


@dataclass(frozen=True)
class WalkedMappings:
    """Labels and predictions by key; both may load an image when asked."""

    images: Mapping[str, SizedShapes]
    predictions: Mapping[str, Prediction]

    def walk(self, wanted: Collection[str] | None = None) -> Iterator[SegmentedImage]:
        """The images, or the wanted ones.

        Args:
            wanted: Keys; None for all.

        Yields:
            One image after another.

        Raises:
            InvalidInputError: An image has no prediction.
        """
        for key in self.images:
            if wanted is not None and key not in wanted:
                continue
            try:
                # Not `in`: for a mapping that loads, that would load twice.
                prediction = self.predictions[key]
            except KeyError as exc:
                raise InvalidInputError(
                    f"image {key} has labels but no out-of-fold prediction"
                ) from exc
            yield SegmentedImage(key, *self.images[key], prediction)


@dataclass(frozen=True)
class WalkedIterable:
    """Images from something that can be iterated over several times, such as a reader of files.

    Raises:
        InvalidInputError: It is an iterator, which is used up after the first time.
    """

    images: Iterable[SegmentedImage]

    def __post_init__(self) -> None:
        if isinstance(self.images, Iterator):
            raise InvalidInputError(
                "the images must be given several times, an iterator gives them once",
                hint="Pass an object whose __iter__ begins again, not a generator.",
            )

    def walk(self, wanted: Collection[str] | None = None) -> Iterator[SegmentedImage]:
        """The images, or the wanted ones.

        Args:
            wanted: Keys; None for all.

        Yields:
            One image after another.
        """
        for image in self.images:
            if wanted is None or image.key in wanted:
                yield image
