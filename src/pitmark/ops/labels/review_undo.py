"""Take decisions on findings back, with the labels that were corrected in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: the findings as they were settled, the last one first."""

    settled: tuple[FindingRow, ...]

    @property
    def corrected(self) -> int:
        """How many of the decisions had corrected labels."""
        return sum(row.state == "corrected" for row in self.settled)

    def sentence(self) -> str:
        """What was done, for a person."""
        first = self.settled[-1]
        if len(self.settled) == 1:
            told = f"{first.id} is open again; it was {first.state} by {first.by}"
        else:
            told = (
                f"{first.id} and the {len(self.settled) - 1} findings settled with it are"
                f" open again; {first.by} had settled them"
            )
        return told + (", and the labels are as before." if self.corrected else ".")

    def to_json(self) -> dict[str, Any]:
        """What was taken back as plain JSON types."""
        return {
            "findings": [
                {"id": r.id, "was": r.state, "by": r.by, "note": r.note} for r in self.settled
            ],
            "corrected": self.corrected,
            "sentence": self.sentence(),
        }


def undo(
    project: ProjectStore, finding_id: str | None = None, *, by: str, note: str = ""
) -> Undone:
    """Take a decision back: its findings are open, the labels are as they were before it.

    Corrected labels come back as new revisions; nothing that was said is removed. A group
    that was settled as one is taken back as one; a label of it, named alone, comes back
    alone. All is done or nothing.

    Args:
        project: The project.
        finding_id: Whose decision; None takes the last one of `by`.
        by: Who takes it back.
        note: Why.

    Returns:
        What was taken back.

    Raises:
        NotFoundError: No such finding, or `by` has decided nothing.
        ConflictError: The finding is open, or the labels have changed since.
        InvalidLabelError: The label book has lost a class of the labels before.
    """
    with project.transaction():
        chosen = finding_id or project.findings.last_decision(by)
        ids = project.findings.settled_with(chosen)
        settled = tuple(project.findings.get(i) for i in ids)
        for one in ids:
            project.findings.undo(one, by=by, note=note)
    return Undone(settled)
