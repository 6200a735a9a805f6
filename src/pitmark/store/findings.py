"""Findings: the queue of places in the data worth a person's minute, and its settling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from pitmark.core.errors import ConflictError, InvalidInputError
from pitmark.core.labels import Shape, shapes_hash
from pitmark.store.annotations import Annotations
from pitmark.store.audit import AuditLog
from pitmark.store.book import Books
from pitmark.store.finding_queue import FindingQueue
from pitmark.store.finding_rows import (
    STATES,
    FindingRow,
    FindingState,
    NewFinding,
    finding_row,
)
from pitmark.store.finding_subject import carry_index, carry_over, subject_of
from pitmark.store.images import Images
from pitmark.store.plain_shapes import as_kept, shapes_from_plain, shapes_to_plain
from pitmark.store.schema import annotation_table, findings, now
from pitmark.store.scope import Scope

__all__ = ["FindingRow", "FindingState", "Findings", "NewFinding"]


class Findings(FindingQueue):
    """The findings of one project.

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

    def settle(
        self,
        finding_id: str,
        state: str,
        by: str,
        note: str = "",
        *,
        correction: Sequence[Shape] | None = None,
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
            if wanted is not None:
                self._correct(row, wanted, by=by, note=note)
            change = self._scope.update(findings).where(findings.c.id == row.id)
            values = {
                "state": state,
                "settled_by": by,
                "settled_at": now(),
                "note": note,
                "settled_labels_hash": self._labels_of(row.sha256)[1],
            }
            connection.execute(change.values(**values))
            details = {"state": state, "kind": row.kind, "sha256": row.sha256, "note": note}
            self._audit.log(by, "settle", f"finding/f{row.id}", details)
            if wanted is not None:
                self._follow(connection, row)
        return self.get(finding_id)

    def _correct(self, row: Any, wanted: tuple[Shape, ...], *, by: str, note: str) -> None:
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
        self._annotations.add(
            row.sha256,
            wanted,
            labeler=by,
            book_revision=self._book.last_revision(),
            reason=note or f"finding f{row.id}: {row.kind}",
            review=True,
        )

    def _follow(self, connection: Connection, settled: Any) -> None:
        """Carry the other open findings of a corrected image over to its new labels."""
        present, digest = self._labels_of(settled.sha256)
        query = self._query().where(
            findings.c.image_id == settled.image_id,
            findings.c.state == "open",
            findings.c.labels_hash != digest,
        )
        for row in self._scope.rows(query):
            values = _carried(row, judged=self._judged(row), now=present)
            if values is None:
                self._drop(connection, [row.id])
            else:
                change = self._scope.update(findings).where(findings.c.id == row.id)
                connection.execute(change.values(labels_hash=digest, **values))

    def _judged(self, row: Any) -> tuple[Shape, ...]:
        """The labels that a finding was made from."""
        query = self._scope.select(annotation_table, annotation_table.c.shapes).where(
            annotation_table.c.image_id == row.image_id,
            annotation_table.c.labels_hash == row.labels_hash,
        )
        found = self._scope.first(query)
        return () if found is None else shapes_from_plain(found.shapes)

    def reopen(self, finding_id: str, *, by: str = "") -> FindingRow:
        """Take a decision back; labels that were corrected with it stay.

        Args:
            finding_id: For example "f12".
            by: Who takes it back.

        Returns:
            The finding, open.

        Raises:
            NotFoundError: No such finding.
        """
        with self._scope.write() as connection:
            row = self._row(finding_id)
            change = self._scope.update(findings).where(findings.c.id == row.id)
            values = {"state": "open", "settled_by": None, "settled_at": None, "note": ""}
            connection.execute(change.values(settled_labels_hash=None, **values))
            self._audit.log(by, "reopen", f"finding/f{row.id}", {"was": row.state})
        return self.get(finding_id)


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
        hint="Reopen it to decide otherwise.",
    )


def _carried(
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
