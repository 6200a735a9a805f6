"""Findings of a project on a server, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.core.labels import Shape
from pitmark.sdk.connection import Connection
from pitmark.sdk.shapes import from_wire
from pitmark.wire.findings import Finding as WireFinding
from pitmark.wire.findings import FindingPage, Settled, State

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may be wrong. `score` in [0, 1] is how far what was found speaks for it.

    `chance` in [0, 1] is that of a fault: the score after what was decided on its kind.

    `suggestion` is what the image's shapes should be; `because` says why it stands where
    it does in the queue, `seconds` what a decision takes.
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
    suggestion: tuple[Shape, ...] | None
    related: tuple[str, ...]
    expected_gain: float | None
    split: str | None
    state: State
    found: datetime
    by: str | None
    at: datetime | None
    note: str
    because: str
    seconds: float


@dataclass(frozen=True)
class Findings:
    """Some findings of a project."""

    rows: list[Finding]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class SettledGroup:
    """What one decision on a group did."""

    told: Settled

    @property
    def group(self) -> Finding:
        """Its finding, settled."""
        return finding_of(self.told.finding)

    @property
    def relabeled(self) -> int:
        """Labels that were corrected."""
        return self.told.relabeled

    def sentence(self) -> str:
        """What was done, for a person."""
        return self.told.sentence


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back."""

    told: Settled

    @property
    def finding(self) -> Finding:
        """The finding that the decision was made on, open again."""
        return finding_of(self.told.finding)

    @property
    def corrected(self) -> int:
        """How many of the decisions had corrected labels."""
        return self.told.relabeled

    def sentence(self) -> str:
        """What was done, for a person."""
        return self.told.sentence


@dataclass(frozen=True, slots=True)
class Review:
    """How a review stands."""

    document: dict[str, Any]

    @property
    def stop(self) -> bool:
        """Whether the figures say that it is time to stop."""
        return bool(self.document["stop"])

    def sentence(self) -> str:
        """Whether to go on, with the figures that say so."""
        return str(self.document["sentence"])

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON types."""
        return dict(self.document)


def find_page(
    connection: Connection, path: str, state: str, kind: str | None, limit: int | None
) -> Findings:
    """The queue in its order.

    Args:
        connection: To the server.
        path: Of the project.
        state: open, accepted, corrected, dismissed or all.
        kind: Only this kind.
        limit: At most so many; None for all.

    Returns:
        The findings.
    """
    rows: list[Finding] = []
    total = 1 if limit is None else limit
    while len(rows) < total:
        page = connection.get(
            f"{path}/findings",
            FindingPage,
            state=state,
            kind=kind,
            offset=len(rows),
            limit=_PAGE if limit is None else min(_PAGE, limit - len(rows)),
        )
        rows += [finding_of(item) for item in page.items]
        total = page.total if limit is None else min(limit, page.total)
        if not page.items:
            break
    return Findings(rows)


def finding_of(told: WireFinding) -> Finding:
    """A finding from its message.

    Args:
        told: The message.

    Returns:
        The finding.
    """
    return Finding(
        id=told.id,
        kind=told.kind,
        title=told.title,
        sha256=told.sha256,
        image_name=told.image_name,
        shape_index=told.shape_index,
        score=told.score,
        chance=told.chance,
        why=told.why,
        suggestion=from_wire(told.suggestion),
        related=tuple(told.related),
        expected_gain=told.expected_gain,
        split=told.split,
        state=told.state,
        found=told.found,
        by=told.by,
        at=told.at,
        note=told.note,
        because=told.because,
        seconds=told.seconds,
    )
