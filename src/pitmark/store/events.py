"""Events: inspections that a device forwarded, or that were made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func

from pitmark.core.inspector import Outcome
from pitmark.store.connection import row_dict
from pitmark.store.image_rows import shown
from pitmark.store.plain_json import plain
from pitmark.store.schema import events
from pitmark.store.scope import Scope, chunks


@dataclass(frozen=True, slots=True)
class EventRow:
    """One inspection. `key` is unique in the project, so that sending twice counts once.

    `device` says who inspected, `release` with which version, `name` which image;
    `sha256` is given where its bytes lie in the blob store.
    """

    key: str
    at: datetime
    verdict: Outcome
    score: float | None
    name: str
    device: str = ""
    release: int | None = None
    sha256: str | None = None
    label: str | None = None
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HourlyCounts:
    """How many events of one verdict a device had in each of some spans of time."""

    device: str
    verdict: str
    counts: tuple[int, ...]


class Events:
    """The events of one project.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add_many(self, rows: Sequence[EventRow]) -> int:
        """Add events; those whose key is known already change nothing.

        Args:
            rows: In any order.

        Returns:
            How many were new.
        """
        new = 0
        with self._scope.write() as connection:
            for part in chunks(list({r.key: r for r in reversed(rows)}.values())):
                old = self.known([r.key for r in part])
                fresh = [_values(r) for r in part if r.key not in old]
                self._scope.insert(connection, events, fresh)
                new += len(fresh)
        return new

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which events were added before.

        Args:
            keys: Of events.

        Returns:
            Those of the keys that are known.
        """
        out: set[str] = set()
        for part in chunks(keys):
            query = self._scope.select(events, events.c.key).where(events.c.key.in_(part))
            out |= {row.key for row in self._scope.rows(query)}
        return out

    def shows(self, sha256: str) -> bool:
        """Whether some bytes are the image of an inspection, imported or not.

        Args:
            sha256: Their hash.

        Returns:
            True where a device of the project sent them.
        """
        query = self._scope.select(events, events.c.id).where(events.c.sha256 == sha256)
        return self._scope.first(query) is not None

    def counts(self, since: datetime | None = None) -> dict[str, int]:
        """How many events there are of each verdict.

        Args:
            since: Only events at or after this moment.

        Returns:
            Verdict to count.
        """
        query = self._scope.select(events, events.c.verdict, func.count().label("n"))
        if since is not None:
            query = query.where(events.c.at >= since)
        rows = self._scope.rows(query.group_by(events.c.verdict))
        return {row.verdict: row.n for row in rows}

    def counts_of_release(
        self, version: int, *, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """How many events of each verdict a release had.

        Args:
            version: Of the release.
            since: Only events at or after this moment.
            until: Only events before this moment.

        Returns:
            Verdict to count.
        """
        query = self._scope.select(events, events.c.verdict, func.count().label("n"))
        query = query.where(events.c.release == version)
        if since is not None:
            query = query.where(events.c.at >= since)
        if until is not None:
            query = query.where(events.c.at < until)
        rows = self._scope.rows(query.group_by(events.c.verdict))
        return {row.verdict: row.n for row in rows}

    def list(self, since: datetime | None = None, limit: int = 1000) -> Sequence[EventRow]:
        """Events, the newest first.

        Args:
            since: Only events at or after this moment.
            limit: How many at most.

        Returns:
            The events.
        """
        query = self._scope.select(events).order_by(events.c.at.desc(), events.c.id.desc())
        if since is not None:
            query = query.where(events.c.at >= since)
        return [_event(row) for row in self._scope.rows(query.limit(limit))]

    def with_images(
        self, *, since: datetime | None = None, limit: int = 5000
    ) -> Sequence[EventRow]:
        """Events whose image is known, the newest first.

        Args:
            since: Only events at or after this moment.
            limit: How many at most.

        Returns:
            The events.
        """
        query = self._scope.select(events).where(events.c.sha256.is_not(None))
        if since is not None:
            query = query.where(events.c.at >= since)
        query = query.order_by(events.c.at.desc(), events.c.id.desc())
        return [_event(row) for row in self._scope.rows(query.limit(limit))]

    def of_device(self, device: str, limit: int = 100) -> Sequence[EventRow]:
        """Events of one device, the newest first.

        Args:
            device: Its name.
            limit: How many at most.

        Returns:
            The events.
        """
        query = self._scope.select(events).where(events.c.device == device)
        query = query.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
        return [_event(row) for row in self._scope.rows(query)]

    def newest_of_devices(self) -> Sequence[EventRow]:
        """The newest event of each device, by the name of the device."""
        last = func.max(events.c.at).label("last")
        by_device = self._scope.select(events, events.c.device, last)
        newest = by_device.group_by(events.c.device).subquery("newest")
        same = and_(events.c.device == newest.c.device, events.c.at == newest.c.last)
        query = self._scope.select(events).join(newest, same)
        rows = self._scope.rows(query.order_by(events.c.device, events.c.id))
        # Of several at the same moment the one that came last counts.
        return list({row.device: _event(row) for row in rows}.values())

    def by_hour(self, starts: Sequence[datetime], end: datetime) -> Sequence[HourlyCounts]:
        """How many events of each verdict each device had, hour by hour.

        Args:
            starts: Where each span begins, rising; each ends where the next begins.
            end: Where the last one ends.

        Returns:
            One entry per device and verdict that occurs within the spans.
        """
        ends = [*starts[1:], end]
        inside = [
            func.sum(case((and_(events.c.at >= a, events.c.at < b), 1), else_=0)).label(f"n{n}")
            for n, (a, b) in enumerate(zip(starts, ends, strict=True))
        ]
        query = self._scope.select(events, events.c.device, events.c.verdict, *inside)
        query = query.where(events.c.at >= starts[0], events.c.at < end)
        query = query.group_by(events.c.device, events.c.verdict)
        return [
            HourlyCounts(row.device, row.verdict, tuple(map(int, row[2:])))
            for row in self._scope.rows(query.order_by(events.c.device, events.c.verdict))
        ]


def _values(row: EventRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "at": row.at,
        "verdict": row.verdict,
        "score": plain(row.score),
        "name": shown(row.name),
        "device": row.device,
        "release": row.release,
        "sha256": row.sha256,
        "label": row.label,
        "reason": row.reason,
        "facts": plain(row.facts),
    }


def _event(row: Any) -> EventRow:
    values = row_dict(row)
    for column in ("id", "organisation_id", "project_id"):
        del values[column]
    return EventRow(**values)
