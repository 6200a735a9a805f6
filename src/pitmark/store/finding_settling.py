"""Settling findings: the decision, the corrected labels, and what that changed besides.

All of it is written in one transaction. What a decision changed is kept with it, so that
it can be taken back whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func

from pitmark.core.errors import ConflictError, InvalidInputError
from pitmark.core.labels import Shape, shapes_hash
from pitmark.store.annotations import Annotations
from pitmark.store.audit import AuditLog
from pitmark.store.book import Books
from pitmark.store.connection import row_dict
from pitmark.store.finding_queue import FindingQueue
from pitmark.store.finding_rows import STATES, FindingRow, finding_row
from pitmark.store.finding_subject import carry_index, carry_over, subject_of
from pitmark.store.images import Images
from pitmark.store.plain_shapes import as_kept, shapes_from_plain, shapes_to_plain
from pitmark.store.schema import annotation_table, findings, now
from pitmark.store.scope import Scope


class FindingSettling(FindingQueue):
    """The findings of one project, and how they are settled.

    Args:
        scope: The project.
        images: Its images.
        annotations: What people said about them.
        book: Its label book.
        audit: Where settling is recorded.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        images: Images,
        annotations: Annotations,
        book: Books,
        audit: AuditLog,
    ) -> None:
        super().__init__(scope, images=images, annotations=annotations)
        self._book, self._audit = book, audit

    def next_decision(self) -> int:
        """The number of the next decision; ask inside a transaction."""
        last = self._scope.select(findings, func.max(findings.c.decision))
        return int(self._scope.value(last) or 0) + 1

    def settle(
        self,
        finding_id: str,
        state: str,
        by: str,
        note: str = "",
        *,
        correction: Sequence[Shape] | None = None,
        decision: int | None = None,
    ) -> FindingRow:
        """Decide on a finding; the corrected labels are saved in the same transaction.

        A correction becomes a review of the image. Where the labels changed since the
        finding was made, its own suggestion is carried over to them.

        Args:
            finding_id: For example "f12".
            state: accepted, corrected or dismissed.
            by: Who decides.
            note: Why.
            correction: All shapes of the image as they should be.
            decision: Number of the decision that this is part of; a new one if left out.

        Returns:
            The finding as settled; settling it again in the same way changes nothing.

        Raises:
            NotFoundError: No such finding.
            ConflictError: It was settled otherwise already, or its suggestion does not
                fit the labels any more.
            InvalidInputError: An impossible state, or a dismissal with a correction.
        """
        if state not in STATES[1:] or (state == "dismissed" and correction is not None):
            raise InvalidInputError(
                f"a finding cannot be settled as {state!r}"
                + (" with a correction" if state == "dismissed" else ""),
                hint=f"States: {', '.join(STATES[1:])}.",
            )
        wanted = None if correction is None else as_kept(correction)
        with self._scope.write() as connection:
            row = self._row(finding_id)
            if row.state != "open":
                return _settled_alike(row, state, wanted)
            number = decision or self.next_decision()
            effects: dict[str, Any] = {"step": self._steps(number)}
            if wanted is not None:
                effects["annotations"] = self._correct(row, wanted, by=by, note=note)
            values = {
                "state": state,
                "settled_by": by,
                "settled_at": now(),
                "note": note,
                "settled_labels_hash": self._labels_of(row.sha256)[1],
                "decision": number,
            }
            change = self._scope.update(findings).where(findings.c.id == row.id)
            connection.execute(change.values(**values))
            if wanted is not None:
                effects["findings"] = self._follow(connection, row.image_id, row.sha256)
            connection.execute(change.values(effects=effects))
            details = {"state": state, "kind": row.kind, "sha256": row.sha256, "note": note}
            self._audit.log(by, "settle", f"finding/f{row.id}", details)
        return self.get(finding_id)

    def correct_beside(
        self, finding_id: str, sha256: str, shapes: Sequence[Shape], *, note: str = ""
    ) -> None:
        """Correct one more image as part of a decision made before, by the same person.

        Args:
            finding_id: A finding that is settled.
            sha256: The image.
            shapes: All of its shapes as they should be.
            note: Why.

        Raises:
            NotFoundError: No such finding or image.
            ConflictError: The finding is open.
        """
        with self._scope.write() as connection:
            row = self._row(finding_id)
            if row.state == "open":
                raise ConflictError(f"finding f{row.id} is not settled yet")
            kept = row.effects or {}
            added = self._review(
                sha256, as_kept(shapes), by=row.settled_by, reason=note or row.note
            )
            (image_id,) = self._images.ids([sha256]).values()
            followed = self._follow(connection, image_id, sha256)
            effects = {
                **kept,
                "annotations": [*kept.get("annotations", ()), *added],
                "findings": [*kept.get("findings", ()), *followed],
            }
            change = self._scope.update(findings).where(findings.c.id == row.id)
            connection.execute(change.values(effects=effects))

    def _steps(self, decision: int) -> int:
        """How many findings were settled in a decision so far."""
        query = self._scope.select(findings, func.count())
        return int(self._scope.value(query.where(findings.c.decision == decision)))

    def _correct(
        self, row: Any, wanted: tuple[Shape, ...], *, by: str, note: str
    ) -> list[dict[str, Any]]:
        present, digest = self._labels_of(row.sha256)
        if digest != row.labels_hash and shapes_to_plain(wanted) == row.suggestion:
            carried = carry_over(wanted, judged=self._judged(row), now=present)
            if carried is None:
                raise ConflictError(
                    f"finding f{row.id} was made from other labels than the image has now,"
                    " and its suggestion does not fit them",
                    hint="Give the corrected shapes, or audit again.",
                )
            wanted = carried
        reason = note or f"finding f{row.id}: {row.kind}"
        return self._review(row.sha256, wanted, by=by, reason=reason)

    def _review(
        self, sha256: str, shapes: tuple[Shape, ...], *, by: str, reason: str
    ) -> list[dict[str, Any]]:
        """Add a review, and what must be known to take it back; empty if it says no more."""
        held = self._annotations.consensus([sha256]).get(sha256)
        known = {row.id for row in self._annotations.history(sha256)}
        added = self._annotations.add(
            sha256,
            shapes,
            labeler=by,
            book_revision=self._book.last_revision(),
            reason=reason,
            review=True,
        )
        if added.id in known:
            return []
        before = None if held is None else held.id
        return [{"id": added.id, "sha256": sha256, "before": before}]

    def _follow(
        self, connection: Connection, image_id: int, sha256: str
    ) -> list[dict[str, Any]]:
        """Carry the open findings of an image over to its new labels; gives them as before."""
        present, digest = self._labels_of(sha256)
        query = self._query().where(
            findings.c.image_id == image_id,
            findings.c.state == "open",
            findings.c.labels_hash != digest,
        )
        before = []
        for row in self._scope.rows(query):
            before.append(_kept(row))
            values = carried_columns(row, judged=self._judged(row), now=present)
            if values is None:
                self._drop(connection, [row.id])
            else:
                change = self._scope.update(findings).where(findings.c.id == row.id)
                connection.execute(change.values(labels_hash=digest, **values))
        return before

    def _judged(self, row: Any) -> tuple[Shape, ...]:
        """The labels that a finding was made from."""
        query = self._scope.select(annotation_table, annotation_table.c.shapes).where(
            annotation_table.c.image_id == row.image_id,
            annotation_table.c.labels_hash == row.labels_hash,
        )
        found = self._scope.first(query)
        return () if found is None else shapes_from_plain(found.shapes)


def _settled_alike(row: Any, state: str, wanted: tuple[Shape, ...] | None) -> FindingRow:
    """The row when it was settled in the same way, as after a repeated request."""
    same = wanted is None or (
        shapes_hash(wanted) == row.settled_labels_hash
        or shapes_to_plain(wanted) == row.suggestion
    )
    if row.state == state and same:
        return finding_row(row)
    raise ConflictError(
        f"finding f{row.id} was settled as {row.state} by {row.settled_by} already",
        hint=f"To decide otherwise take that back first: pitmark undo f{row.id}",
    )


def _kept(row: Any) -> dict[str, Any]:
    """An open finding as plain JSON types, to be put back as it was."""
    values = row_dict(row)
    for name in ("sha256", "organisation_id", "project_id", "effects"):
        values.pop(name)
    return {**values, "found": row.found.isoformat()}


def carried_columns(
    row: Any, *, judged: tuple[Shape, ...], now: tuple[Shape, ...]
) -> dict[str, Any] | None:
    """The columns of an open finding for the labels of now; None when it is moot."""
    index, suggestion = row.shape_index, None
    if index is not None:
        index = carry_index(index, judged=judged, now=now)
        if index is None:
            return None
    if row.suggestion is not None:
        meant = shapes_from_plain(row.suggestion)
        suggestion = carry_over(meant, judged=judged, now=now)
        if suggestion is None or shapes_hash(suggestion) == shapes_hash(now):
            return None
    subject = subject_of(index, suggestion, labels=now, related=row.related)
    return {
        "shape_index": index,
        "suggestion": None if suggestion is None else shapes_to_plain(suggestion),
        "subject": subject.to_json(),
        "fingerprint": subject.fingerprint(row.kind, row.sha256),
    }
