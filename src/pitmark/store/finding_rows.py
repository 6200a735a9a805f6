"""Findings: how they come in, how they are kept, how they go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.labels import Shape
from pitmark.store.plain_shapes import shapes_from_plain

FindingState = Literal["open", "accepted", "corrected", "dismissed"]
STATES: tuple[FindingState, ...] = ("open", "accepted", "corrected", "dismissed")


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A place in the data worth a person's minute.

    `score` is in [0, 1], higher is worse. `shape_index` points into the shapes that were
    judged; `suggestion` holds all shapes of the image as they should be. `labels_hash`
    names the labels that were judged; without it they are taken to be those of now.
    """

    kind: str
    sha256: str
    shape_index: int | None
    score: float
    why: str
    suggestion: Sequence[Shape] | None = None
    related: Sequence[str] = ()
    expected_gain: float | None = None
    run_id: str | None = None
    labels_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingBrief:
    """A finding as it stands, without the shapes that it suggests.

    `labels_hash` names the labels of the image that `shape_index` and a suggestion refer
    to; empty for an unlabeled image. `decision` numbers what was settled in one go;
    `weight` says what a fault here would cost, None until that was worked out.
    """

    id: str
    source: str
    kind: str
    sha256: str
    shape_index: int | None
    score: float
    why: str
    related: tuple[str, ...]
    expected_gain: float | None
    run_id: str | None
    state: FindingState
    found: datetime
    by: str | None
    at: datetime | None
    note: str
    labels_hash: str
    decision: int | None = None
    weight: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow(FindingBrief):
    """A finding as it stands, with all shapes of the image as they should be, if known."""

    suggestion: tuple[Shape, ...] | None


def finding_key(finding_id: str) -> int:
    """The key of a finding in the database.

    Args:
        finding_id: For example "f12" or "12".

    Returns:
        The key.

    Raises:
        NotFoundError: No finding is called like this.
    """
    digits = finding_id.strip().lower().removeprefix("f")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise NotFoundError(
            f"no finding is called {finding_id!r}", hint="They are called f1, f2, ..."
        )
    return int(digits)


def check_finding(new: NewFinding) -> None:
    """Make sure that a finding is one.

    Args:
        new: The finding.

    Raises:
        InvalidInputError: Its score, shape or text is impossible.
    """
    if not 0 <= new.score <= 1:
        raise InvalidInputError(
            f"the score of a {new.kind} finding must be in [0, 1], found {new.score}"
        )
    if new.shape_index is not None and new.shape_index < 0:
        raise InvalidInputError(f"a {new.kind} finding points at shape {new.shape_index}")
    if not new.kind or not new.why:
        raise InvalidInputError("a finding must name its kind and say why")


def finding_row(row: Any) -> FindingRow:
    """A finding from a row with the sha256 of its image.

    Args:
        row: A row of a result.

    Returns:
        The finding.
    """
    meant = None if row.suggestion is None else shapes_from_plain(row.suggestion)
    return FindingRow(**_told(row), suggestion=meant)


def finding_brief(row: Any) -> FindingBrief:
    """A finding from a row that lacks what it suggests.

    Args:
        row: A row of a result, with the sha256 of its image.

    Returns:
        The finding.
    """
    return FindingBrief(**_told(row))


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": f"f{row.id}",
        "source": row.source,
        "kind": row.kind,
        "sha256": row.sha256,
        "shape_index": row.shape_index,
        "score": row.score,
        "why": row.why,
        "related": tuple(row.related),
        "expected_gain": row.expected_gain,
        "run_id": row.run_id,
        "state": row.state,
        "found": row.found,
        "by": row.settled_by,
        "at": row.settled_at,
        "note": row.note,
        "labels_hash": row.labels_hash,
        "decision": row.decision,
        "weight": row.weight,
    }
