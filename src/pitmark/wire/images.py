"""Images: the gallery with its filters, one image in detail, uploads, the map."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from pitmark.wire.labels import Labels, Shape
from pitmark.wire.message import Message

MetadataValue = str | int | float | bool


class ImageCard(Message):
    """An image as the gallery shows it.

    `right` is whether the newest model was right about it where it was held out, `score`
    the value that the list is sorted by.
    """

    sha256: str
    name: str
    width: int
    height: int
    classes: list[str]
    labeled: bool
    split: str | None
    findings: int
    right: bool | None
    synthetic: bool
    score: float | str | None = None


class ImagePage(Message):
    """A part of the images that a filter leaves, and how many there are in all.

    `revision` changes whenever the answer to the same question may have changed.
    """

    total: int
    offset: int
    items: list[ImageCard]
    revision: str


class FacetValue(Message):
    """A value of a facet and how many images of the filter have it."""

    value: str
    count: int


class Facet(Message):
    """One column to filter by. Numbers come as ranges."""

    name: str
    title: str
    values: list[FacetValue]
    more: int


class Facets(Message):
    """All facets under a filter, and the columns that images can be sorted by."""

    total: int
    facets: list[Facet]
    sortable: list[str]


class Occurrence(Message):
    """What a model says about an image."""

    run: str
    shapes: list[Shape]
    scores: list[float]
    image_score: float | None


class ImageDetail(Message):
    """One image with all that is known about it."""

    card: ImageCard
    mode: str
    metadata: dict[str, MetadataValue]
    group: str | None
    names: list[str]
    reference: str | None
    labels: Labels
    prediction: Occurrence | None
    findings: list[str]


class Uploaded(Message):
    """Bytes that are on the server now."""

    sha256: str
    size_bytes: int


class UploadedFile(Message):
    """A file of a folder or archive that was uploaded: its path in there and its bytes."""

    path: str = Field(min_length=1, max_length=1000)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class MissingUploads(Message):
    """Which of some bytes the server has not got yet."""

    missing: list[str]


class AskUploads(Message):
    """Bytes that a client would like to upload, by sha256."""

    sha256: list[str] = Field(max_length=20_000)


class ImageSelection(Message):
    """Images by sha256, or all that a filter leaves."""

    sha256: list[str] = Field(default_factory=list, max_length=100_000)
    filter: str | None = None


class SelectionChange(Message):
    """One change to many images at once: a class, a group, or metadata.

    A class is for projects of the tasks classification and anomaly; it is a new revision
    of the labels of each image.
    """

    selection: ImageSelection
    label: str | None = None
    group: str | None = None
    metadata: dict[str, MetadataValue] | None = None
    reason: str = ""


class SelectionChanged(Message):
    """How many images were changed, and why others were not."""

    changed: int
    problems: list[str]


class MapPoints(Message):
    """The embedding map: one point per image, coordinates in [-1, 1].

    `sha256` are in the order of `x` and `y`; `value` numbers `values` by the color column.
    """

    sha256: list[str]
    x: list[float]
    y: list[float]
    value: list[int]
    values: list[str]
    made: datetime | None
