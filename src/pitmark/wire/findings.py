"""Findings: the queue, one finding with its evidence, decisions and how the review stands."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from pitmark.wire.labels import Shape
from pitmark.wire.message import Document, Message

State = Literal["open", "accepted", "corrected", "dismissed"]
Decision = Literal["accept", "correct", "dismiss"]


class Finding(Message):
    """Something that may be wrong. `score` in [0, 1] is how far what was found speaks for it.

    `chance` in [0, 1] is that of a fault: the score after what was decided on its kind.

    `suggestion` is what the image's shapes should be. `members` counts the labels of a
    group finding. `because` says why it stands where it does in the queue, `seconds` what
    a decision takes.
    """

    id: str
    kind: str
    title: str
    sha256: str
    image_name: str
    shape_index: int | None
    score: float
    chance: float
    why: str
    labels: list[Shape] | None
    suggestion: list[Shape] | None
    related: list[str]
    expected_gain: float | None
    split: str | None
    state: State
    found: datetime
    by: str | None
    at: datetime | None
    note: str
    members: int
    because: str
    seconds: float


class FindingPage(Message):
    """A part of the queue in its order."""

    total: int
    offset: int
    items: list[Finding]
    counts: dict[str, dict[str, int]]


class Neighbor(Message):
    """An image or object that looks alike, with what it is called.

    `likeness` is at most 1; None where the finding names the image and nothing measured it.
    """

    sha256: str
    name: str
    label: str
    likeness: float | None
    shape: Shape | None


class Evidence(Message):
    """What speaks for a finding: neighbors, prediction, the book's rule, who labeled when.

    `prediction` is by a model of `run` that had not seen the label; `run` is empty where
    there is none.
    """

    finding: Finding
    neighbors: list[Neighbor]
    run: str
    prediction: list[Shape]
    prediction_scores: list[float]
    rules: list[str]
    said: list[Document]
    group: Document | None


class Settle(Message):
    """A decision. `shapes` replace the suggestion, `label` names the side of a group."""

    decision: Decision
    shapes: list[Shape] | None = None
    label: str | None = None
    whole_group: bool = False
    note: str = Field(default="", max_length=2000)


class Settled(Message):
    """What a decision did, or taking one back: findings decided, labels changed."""

    finding: Finding
    settled: int
    relabeled: int
    sentence: str


class Undo(Message):
    """Which decision to take back; None for the last one of the person who asks."""

    finding: str | None = None
    note: str = ""
