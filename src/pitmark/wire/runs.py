"""Training runs, their reports, snapshots, and what the data of a project is said to need."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from pitmark.wire.images import ImageCard
from pitmark.wire.labels import Shape
from pitmark.wire.message import Document, Message


class Run(Message):
    """A training run with its headline figures."""

    id: str
    kind: str
    state: str
    snapshot: str
    settings: Document
    metrics: dict[str, float | None]
    created: datetime
    finished: datetime | None
    error: str


class Report(Message):
    """What a run does on images that it has not seen.

    `sentences` say it in words of the trade; `content` is the report of `evaluate`;
    `curve` are threshold, share of escapes and share of overkill by rising threshold, to
    move the handle; a share is None where there is no defective, or no good, test image.
    """

    run: Run
    sentences: list[str]
    content: Document
    curve: list[list[float | None]]
    history: list[dict[str, float]]


class ReportCase(Message):
    """An image that a report speaks of: what is true and what the run said.

    `why` says what is wrong with it, such as "verdict right; dent not found".
    """

    card: ImageCard
    truth: str
    said: str
    score: float
    why: str


class AskCases(Message):
    """Which images of a report to show.

    `truth` and `said` are NG, OK, or the row and the column of the confusion matrix.
    """

    truth: str | None = Field(default=None, max_length=200)
    said: str | None = Field(default=None, max_length=200)
    wrong: bool = False
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=100, ge=1, le=1000)


class ReportCases(Message):
    """Images behind a figure of a report."""

    total: int
    items: list[ReportCase]


class RunSaid(Message):
    """What one of two runs says of an image."""

    verdict: str
    score: float
    shapes: list[Shape]


class ChangedImage(Message):
    """An image on which two runs give different verdicts: the older one's words first."""

    sha256: str
    name: str
    width: int
    height: int
    truth: str
    better: bool
    labels: list[Shape]
    said: list[RunSaid]


class Comparison(Message):
    """Two runs on the same images, as data, in words and in pictures.

    `changed` are some of the images with another verdict, what got worse first; `content`
    names all of them.
    """

    sentences: list[str]
    content: Document
    changed: list[ChangedImage]


class Snapshot(Message):
    """An immutable version of the data."""

    id: str
    created: datetime
    note: str
    images: int
    labeled: int


class Analysis(Message):
    """What an analysis found when it last ran: feasibility, needs, slices and others.

    `document` is None where it never ran.
    """

    kind: str
    made: datetime | None
    job: str | None
    document: Document | None
    sentences: list[str]
