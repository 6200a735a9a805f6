"""Labels: shapes as they travel, and what people said about an image."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from pitmark.wire.message import Message


class ClassShape(Message):
    """The class of a whole image."""

    kind: Literal["class"]
    label: str


class BoxShape(Message):
    """A box (x1, y1, x2, y2) in pixels of the image."""

    kind: Literal["box"]
    label: str
    xyxy: list[FiniteFloat] = Field(min_length=4, max_length=4)


class PolygonShape(Message):
    """Rings of corners (x, y) in pixels, even-odd filled."""

    kind: Literal["polygon"]
    label: str
    rings: list[list[list[FiniteFloat]]]


class MaskShape(Message):
    """Pixels as run lengths over the whole image, column by column, background first."""

    kind: Literal["mask"]
    label: str
    size_wh: list[Annotated[int, Field(ge=1, le=10**6)]] = Field(min_length=2, max_length=2)
    counts: list[Annotated[int, Field(ge=0, le=10**9)]]


Shape = Annotated[ClassShape | BoxShape | PolygonShape | MaskShape, Field(discriminator="kind")]


class Annotation(Message):
    """What one labeler said at one time."""

    labeler: str
    revision: int
    shapes: list[Shape]
    at: datetime
    book_revision: int
    reason: str
    review: bool


class Labels(Message):
    """What is held to be true of an image, and who said what.

    `consensus` is None for an image that nobody has labeled; no shapes mean "nothing to
    mark". `mine` is the newest word of the person who asks.
    """

    consensus: list[Shape] | None
    mine: Annotation | None
    history: list[Annotation]


class SaveLabels(Message):
    """All shapes of an image as a new revision of the person who saves.

    `key` makes saving again harmless: the same key is the same revision.
    """

    shapes: list[Shape] = Field(max_length=10_000)
    reason: str = ""
    key: str = Field(default="", max_length=100)


class Suggestion(Message):
    """A shape that a model proposes, with its score in [0, 1]."""

    shape: Shape
    score: float


class Suggestions(Message):
    """What the newest model proposes for an image; empty `run` where there is none."""

    run: str
    items: list[Suggestion]
