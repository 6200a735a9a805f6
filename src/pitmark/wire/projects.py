"""Projects, and the label book of each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from pitmark.core.labels import Task
from pitmark.core.roles import Role
from pitmark.wire.message import Document, Message


class Project(Message):
    """A project in figures.

    `role` is that of the person who asks, and `may_start` the kinds of jobs that it is
    enough for.
    """

    name: str
    task: Task
    created: datetime
    images: int
    labeled: int
    open_findings: int
    runs: int
    releases: int
    role: Role
    may_start: list[str]


class NewProject(Message):
    """A project to be made, with the classes of its first label book if known."""

    name: str = Field(min_length=1, max_length=64)
    task: Task
    classes: list[str] = Field(default_factory=list, max_length=500)


class ProjectChange(Message):
    """Another name for a project."""

    name: str = Field(min_length=1, max_length=64)


class Rule(Message):
    """A limit on the size of what may be called by a class."""

    measure: Literal["length", "area", "short_side"]
    unit: Literal["px", "mm"]
    minimum: float | None = None
    maximum: float | None = None


class BookClass(Message):
    """One class of the label book; examples are sha256 hashes of images."""

    name: str = Field(min_length=1, max_length=200)
    definition: str = ""
    examples: list[str] = Field(default_factory=list)
    counter_examples: list[str] = Field(default_factory=list)
    rules: list[Rule] = Field(default_factory=list)
    good: bool = False
    must_catch: bool = False


class LabelBook(Message):
    """The label book. A change names the revision it was made on, or it is refused."""

    revision: int
    classes: list[BookClass]
    mm_per_px: float | None = None
    flips: bool = True
    turns: bool = True


class BookChange(Message):
    """The next revision of the label book. `book.revision` is the one it changes."""

    book: LabelBook
    reason: str = ""


class BookRevision(Message):
    """One revision of the label book."""

    book: LabelBook
    author: str
    reason: str
    at: datetime


class Action(Message):
    """One thing to do next; gains are in points of the main score (0.01 is one point).

    `page` is the page of the web app that does it, `job` the kind of job where a button
    can do it at once.
    """

    kind: str
    stage: Literal["start", "trust", "improve", "run"]
    title: str
    why: str
    command: str
    minutes: float
    gain: float | None
    low: float | None
    high: float | None
    basis: str
    page: str
    job: str | None


class Advice(Message):
    """What to do next, what earlier advice brought, and escapes and overkill by run."""

    actions: list[Action]
    brought: list[str]
    course: list[Document]
