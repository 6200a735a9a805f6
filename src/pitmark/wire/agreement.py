"""Agreement studies: set up, answer blind, read the report, accept the rule."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from pitmark.wire.labels import Shape
from pitmark.wire.message import Document, Message


class NewStudy(Message):
    """A study to be made: who labels how many images how often."""

    name: str = Field(default="", max_length=200)
    labelers: list[str] = Field(min_length=1, max_length=50)
    images: int = Field(default=50, ge=1, le=10_000)
    trials: int = Field(default=2, ge=1, le=10)
    seed: int = 0


class StudyProgress(Message):
    """How far a labeler is in a trial."""

    labeler: str
    trial: int
    answered: int
    total: int


class Study(Message):
    """A study, how far it is, and what one of its size can show."""

    id: str
    name: str
    author: str
    created: datetime
    images: int
    trials: int
    labelers: list[str]
    progress: list[StudyProgress]
    complete: bool
    sentences: list[str]


class StudyTask(Message):
    """The next image of a labeler, without anybody's labels; None when all are answered."""

    trial: int
    place: int
    total: int
    sha256: str | None
    width: int = 0
    height: int = 0


class StudyAnswer(Message):
    """What a labeler says in a study, apart from the labels of the project."""

    trial: int
    sha256: str
    shapes: list[Shape]


class StudyWord(Message):
    """What a labeler said of an image in one trial of a study."""

    labeler: str
    trial: int
    shapes: list[Shape]


class AcceptRule(Message):
    """A limit to write into the label book: the first class lies below, the second above.

    `measure` is length, area or short_side; another one takes what is proposed for the
    two classes, by the answers of `study` if it is named, with this limit.
    """

    classes: list[str] = Field(min_length=2, max_length=2)
    measure: str
    limit: float
    unit: str = "px"
    reason: str = ""
    study: str | None = None


class AgreementReport(Message):
    """The report as data, with the proposed rules."""

    report: Document
    rules: list[Document]
