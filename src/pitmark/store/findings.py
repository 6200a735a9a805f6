"""Findings: the queue of places in the data worth a person's minute, settled and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.core.labels import Shape
from pitmark.store.annotations import NewAnnotation
from pitmark.store.finding_rows import FindingBrief, FindingRow, FindingState, NewFinding
from pitmark.store.finding_settling import FindingSettling, carried_columns
from pitmark.store.schema import findings

__all__ = ["FindingBrief", "FindingRow", "FindingState", "Findings", "NewFinding"]

_OPEN: Mapping[str, Any] = {
    "state": "open",
    "settled_by": None,
    "settled_at": None,
    "note": "",
    "settled_labels_hash": None,
    "decision": None,
    "effects": None,
}


class Findings(FindingSettling):
    """The findings of one project; see FindingSettling for what it is made of."""

    def last_decision(self, by: str) -> str:
        """What a person settled last and did not take back.

        Args:
            by: The person.

        Returns:
            Id of the finding that the decision was made on.

        Raises:
            NotFoundError: There is no such decision.
        """
        query = self._scope.select(findings).where(
            findings.c.settled_by == by, findings.c.decision.is_not(None)
        )
        row = self._scope.first(query.order_by(findings.c.decision.desc()))
        if row is None:
            raise NotFoundError(
                f"{by} has no decision on a finding to take back",
                hint="Name the person with --by, or the finding:"
                " pitmark findings --state all lists them.",
            )
        return f"f{self._of_decision(row.decision)[0].id}"

    def settled_with(self, finding_id: str) -> list[str]:
        """What was settled in the decision that was made on a finding.

        Args:
            finding_id: A settled finding, such as a group settled as one.

        Returns:
            Ids, the last settled first; only the finding itself where it was settled as
            part of a decision on another, or is open.

        Raises:
            NotFoundError: No such finding.
        """
        row = self._row(finding_id)
        rows = [] if row.decision is None else self._of_decision(row.decision)
        if not rows or rows[0].id != row.id:
            return [f"f{row.id}"]
        return [f"f{r.id}" for r in reversed(rows)]

    def _of_decision(self, decision: int) -> list[Any]:
        """The findings of a decision in the order of settling."""
        query = self._query().where(findings.c.decision == decision)
        return sorted(self._scope.rows(query), key=lambda r: (r.effects or {}).get("step", 0))

    def undo(self, finding_id: str, *, by: str, note: str = "") -> FindingRow:
        """Take a decision back: the finding is open again, the labels are as before it.

        Corrected labels come back as a new revision that withdraws the correction; other
        findings that the correction changed or made moot come back too.

        Args:
            finding_id: For example "f12".
            by: Who takes it back.
            note: Why.

        Returns:
            The finding, open.

        Raises:
            NotFoundError: No such finding.
            ConflictError: It is open, or the labels have changed since.
        """
        with self._scope.write() as connection:
            row = self._row(finding_id)
            if row.state == "open":
                raise ConflictError(
                    f"finding f{row.id} is open: there is no decision to take back",
                    hint=f"To decide on it: pitmark settle f{row.id}"
                    " accept, correct or dismiss",
                )
            if row.effects is None and row.state == "corrected":
                raise ConflictError(
                    f"finding f{row.id} was corrected by an earlier Pitmark, which did not"
                    " note what it changed",
                    hint="Label the image again instead.",
                )
            effects = row.effects or {}
            reason = note or f"takes back the decision on finding f{row.id}"
            for entry in reversed(effects.get("annotations", ())):
                self._withdraw(row, entry, by=by, reason=reason)
            change = self._scope.update(findings).where(findings.c.id == row.id)
            connection.execute(change.values(**_OPEN))
            self._put_back(connection, effects.get("findings", ()))
            for sha, key in self._images.ids(self._touched(row, effects)).items():
                self._follow_back(connection, row.id, key, sha)
            details = {"was": row.state, "by": row.settled_by, "note": note}
            self._audit.log(by, "undo", f"finding/f{row.id}", details)
        return self.get(finding_id)

    def _touched(self, row: Any, effects: Mapping[str, Any]) -> list[str]:
        shas = [row.sha256, *(e["sha256"] for e in effects.get("annotations", ()))]
        return list(dict.fromkeys(shas))

    def _withdraw(self, row: Any, entry: Mapping[str, Any], *, by: str, reason: str) -> None:
        sha = entry["sha256"]
        said = {r.id: r for r in self._annotations.history(sha)}
        self._expect(row, sha, entry["id"])
        before = said.get(entry["before"])
        shapes: Sequence[Shape] = () if before is None else before.shapes
        book = self._book.current()
        for shape in shapes:
            book.entry(shape.label)
        back = NewAnnotation(
            sha, shapes, by, book.revision, reason, review=True, withdraws=entry["id"]
        )
        self._annotations.add_many([back])
        self._expect(row, sha, entry["before"])

    def _expect(self, row: Any, sha256: str, annotation_id: int | None) -> None:
        """Refuse where another annotation holds than the decision left or found."""
        held = self._annotations.consensus([sha256]).get(sha256)
        if (None if held is None else held.id) == annotation_id:
            return
        name = self._images.get(sha256).name
        said = self._annotations.history(sha256)
        latest = max((r for r in said if r.withdraws is None), key=lambda r: r.id)
        raise ConflictError(
            f"the labels of {name} have changed since finding f{row.id} was settled:"
            f" {latest.labeler} labeled it at {latest.at:%Y-%m-%d %H:%M} UTC"
            + (f" ({latest.reason})" if latest.reason else ""),
            hint="Take that back first where it was a decision on a finding,"
            " or label the image again.",
        )

    def _put_back(self, connection: Connection, before: Sequence[Mapping[str, Any]]) -> None:
        """Open findings as they were before a correction changed them or made them moot."""
        for kept in reversed(before):
            values = {**kept, "found": datetime.fromisoformat(kept["found"])}
            now = self._scope.first(
                self._scope.select(findings).where(findings.c.id == kept["id"])
            )
            if now is None and not self._is_open(kept["fingerprint"]):
                self._scope.insert(connection, findings, [values])
            elif now is not None and now.state == "open":
                change = self._scope.update(findings).where(findings.c.id == kept["id"])
                connection.execute(change.values(**values))

    def _is_open(self, fingerprint: str) -> bool:
        query = self._scope.select(findings).where(
            findings.c.fingerprint == fingerprint, findings.c.state == "open"
        )
        return self._scope.first(query) is not None

    def _follow_back(
        self, connection: Connection, key: int, image_id: int, sha256: str
    ) -> None:
        """Carry what is open on an image to its labels; the finding itself must fit them."""
        row = self._row(f"f{key}")
        present, digest = self._labels_of(sha256)
        changed = row.image_id == image_id and row.labels_hash != digest
        if changed and carried_columns(row, judged=self._judged(row), now=present) is None:
            raise ConflictError(
                f"finding f{key} is about labels that the image has no more",
                hint="Leave it settled; an audit judges the labels of now.",
            )
        self._follow(connection, image_id, sha256)
