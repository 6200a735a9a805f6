"""The queue of findings: filed by an audit, read by people, the worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func

from pitmark.core.errors import NotFoundError
from pitmark.core.labels import Shape, shapes_hash
from pitmark.store.annotations import Annotations
from pitmark.store.finding_rows import (
    FindingBrief,
    FindingRow,
    NewFinding,
    check_finding,
    finding_brief,
    finding_key,
    finding_row,
)
from pitmark.store.finding_subject import Subject, subject_of
from pitmark.store.images import Images
from pitmark.store.plain_json import plain
from pitmark.store.plain_shapes import as_kept, shapes_to_plain
from pitmark.store.schema import findings, images, now
from pitmark.store.scope import Scope, chunks

Labels = tuple[tuple[Shape, ...], str]
_UNLABELED: Labels = ((), "")
# Shapes, a mask among them, take many times as long to read as all the rest.
_SHAPES = ("suggestion", "subject", "effects")
_BRIEF = tuple(c for c in findings.c if c.name not in _SHAPES)


class FindingQueue:
    """The findings of one project, without their settling.

    Args:
        scope: The project.
        images: Its images.
        annotations: What people said about them.
    """

    def __init__(self, scope: Scope, *, images: Images, annotations: Annotations) -> None:
        self._scope, self._images, self._annotations = scope, images, annotations

    def save(self, found: Sequence[NewFinding], *, source: str) -> int:
        """Replace the open findings of a source by what it finds now.

        Left out is what a person settled while the labels of the image stay as they were
        then, and what was found in labels that do not hold any more. A finding that was
        open before keeps its id.

        Args:
            found: All that the source finds now.
            source: Who looked, such as "audit".

        Returns:
            How many findings of the source are open now.

        Raises:
            NotFoundError: The project lacks one of the images.
            InvalidInputError: A finding is impossible, such as a score above 1.
        """
        for new in found:
            check_finding(new)
        with self._scope.write() as connection:
            rows = self._to_keep(found, source)
            before = self._open_of(source)
            fresh = []
            for values in rows:
                known = before.get(values["fingerprint"])
                if known:
                    change = self._scope.update(findings).where(findings.c.id == known.pop())
                    connection.execute(change.values(**values))
                else:
                    fresh.append(values)
            self._drop(connection, [key for keys in before.values() for key in keys])
            self._scope.insert(connection, findings, fresh)
        return len(rows)

    def _to_keep(self, found: Sequence[NewFinding], source: str) -> list[dict[str, Any]]:
        """The rows of what was found, without what is settled or out of date."""
        shas = list(dict.fromkeys(f.sha256 for f in found))
        image_ids, labels = self._images.ids(shas), self._labels(shas)
        settled = self._settled(list(image_ids.values()))
        out = []
        for new in found:
            shapes, digest = labels.get(new.sha256, _UNLABELED)
            if new.labels_hash not in (None, digest):
                continue
            subject = subject_of(
                new.shape_index, new.suggestion, labels=shapes, related=new.related
            )
            image_id = image_ids[new.sha256]
            decided = settled.get((new.kind, image_id, digest), [])
            if not any(subject.same_as(s) for s in decided):
                values = _values(new, subject, image_id=image_id, labels_hash=digest)
                out.append({**values, "source": source})
        return out

    def _settled(
        self, image_ids: Sequence[int]
    ) -> Mapping[tuple[str, int, str], list[Subject]]:
        """What people decided, by kind, image and the labels that held after it."""
        out: dict[tuple[str, int, str], list[Subject]] = {}
        for part in chunks(image_ids):
            query = self._scope.select(findings).where(
                findings.c.image_id.in_(part), findings.c.state != "open"
            )
            for row in self._scope.rows(query):
                key = (row.kind, row.image_id, row.settled_labels_hash)
                out.setdefault(key, []).append(Subject.from_json(row.subject))
        return out

    def _open_of(self, source: str) -> dict[str, list[int]]:
        query = self._scope.select(findings, findings.c.fingerprint, findings.c.id).where(
            findings.c.source == source, findings.c.state == "open"
        )
        out: dict[str, list[int]] = {}
        for row in self._scope.rows(query):
            out.setdefault(row.fingerprint, []).append(row.id)
        return out

    def get(self, finding_id: str) -> FindingRow:
        """One finding.

        Args:
            finding_id: For example "f12".

        Returns:
            The finding.

        Raises:
            NotFoundError: No such finding.
        """
        return finding_row(self._row(finding_id))

    def open_on(self, sha256: str) -> list[str]:
        """The open findings of one image.

        Args:
            sha256: The image.

        Returns:
            Their ids, the highest score first.

        Raises:
            NotFoundError: The project has no such image.
        """
        key = self._images.ids([sha256])[sha256]
        query = self._scope.select(findings, findings.c.id).where(
            findings.c.image_id == key, findings.c.state == "open"
        )
        rows = self._scope.rows(query.order_by(findings.c.score.desc(), findings.c.id))
        return [f"f{row.id}" for row in rows]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many findings there are, by kind and then by state."""
        query = self._scope.select(
            findings, findings.c.kind, findings.c.state, func.count().label("n")
        )
        query = query.group_by(findings.c.kind, findings.c.state)
        out: dict[str, dict[str, int]] = {}
        for row in self._scope.rows(query.order_by(findings.c.kind)):
            out.setdefault(row.kind, {})[row.state] = row.n
        return out

    def list(
        self,
        state: str | None = None,
        kind: str | None = None,
        limit: int | None = None,
        *,
        offset: int = 0,
    ) -> Sequence[FindingRow]:
        """Findings, the highest score first.

        Args:
            state: Only in this state.
            kind: Only of this kind.
            limit: How many at most.
            offset: How many to pass over.

        Returns:
            The findings.
        """
        query = _narrowed(self._query(), state, kind)
        if limit is not None:
            query = query.limit(limit).offset(offset)
        return [finding_row(row) for row in self._scope.rows(query)]

    def briefs(
        self, state: str | None = None, kind: str | None = None
    ) -> Sequence[FindingBrief]:
        """Findings without the shapes that they suggest, in the order of `list`.

        Args:
            state: Only in this state.
            kind: Only of this kind.

        Returns:
            The findings.
        """
        query = _narrowed(self._query(*_BRIEF), state, kind)
        return [finding_brief(row) for row in self._scope.rows(query)]

    def many(self, finding_ids: Sequence[str]) -> Sequence[FindingRow]:
        """Some findings.

        Args:
            finding_ids: Such as "f12".

        Returns:
            Those that there are, in the order asked for.
        """
        found = {
            row.id: row
            for part in chunks([finding_key(i) for i in finding_ids])
            for row in self._scope.rows(self._query().where(findings.c.id.in_(part)))
        }
        keys = [finding_key(i) for i in finding_ids]
        return [finding_row(found[key]) for key in keys if key in found]

    def weigh(self, weights: Mapping[str, Mapping[str, Any]]) -> None:
        """Note what faults would cost; the expected gain is the score times that.

        Args:
            weights: Id of an open finding to plain JSON types with a `value` of at least 0;
                ids that are not open any more are passed over.
        """
        with self._scope.write() as connection:
            for finding_id, weight in weights.items():
                value = float(weight["value"])
                change = self._scope.update(findings).where(
                    findings.c.id == finding_key(finding_id), findings.c.state == "open"
                )
                gain = findings.c.score * value
                connection.execute(change.values(weight=plain(weight), expected_gain=gain))

    def decided(self) -> Sequence[FindingBrief]:
        """All settled findings in the order in which they were settled."""
        query = self._query(*_BRIEF).where(findings.c.state != "open")
        query = query.order_by(findings.c.settled_at, findings.c.decision, findings.c.id)
        return [finding_brief(row) for row in self._scope.rows(query)]

    def _query(self, *columns: Any) -> Any:
        query = self._scope.select(findings, *(columns or (findings,)), images.c.sha256)
        return query.join(images, images.c.id == findings.c.image_id)

    def _row(self, finding_id: str) -> Any:
        key = finding_key(finding_id)
        row = self._scope.first(self._query().where(findings.c.id == key))
        if row is None:
            raise NotFoundError(
                f"the project has no finding f{key}",
                hint="An audit may have replaced it: list the findings again.",
            )
        return row

    def _drop(self, connection: Connection, keys: Sequence[int]) -> None:
        for part in chunks(keys):
            connection.execute(self._scope.delete(findings).where(findings.c.id.in_(part)))

    def _labels(self, shas: Sequence[str]) -> dict[str, Labels]:
        held = self._annotations.consensus(shas)
        return {sha: (row.shapes, shapes_hash(row.shapes)) for sha, row in held.items()}

    def _labels_of(self, sha256: str) -> Labels:
        return self._labels([sha256]).get(sha256, _UNLABELED)


def _narrowed(query: Any, state: str | None, kind: str | None) -> Any:
    query = query.order_by(findings.c.score.desc(), findings.c.id)
    if state is not None:
        query = query.where(findings.c.state == state)
    return query if kind is None else query.where(findings.c.kind == kind)


def _values(
    new: NewFinding, subject: Subject, *, image_id: int, labels_hash: str
) -> dict[str, Any]:
    suggestion = new.suggestion
    return {
        "kind": new.kind,
        "image_id": image_id,
        "shape_index": new.shape_index,
        "score": float(new.score),
        "why": new.why,
        "suggestion": None if suggestion is None else shapes_to_plain(as_kept(suggestion)),
        "related": list(new.related),
        "expected_gain": None if new.expected_gain is None else float(new.expected_gain),
        "weight": None,
        "run_id": new.run_id,
        "state": "open",
        "found": now(),
        "note": "",
        "labels_hash": labels_hash,
        "subject": subject.to_json(),
        "fingerprint": subject.fingerprint(new.kind, new.sha256),
    }
