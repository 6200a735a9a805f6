"""What devices told from the line: by verdict, by device, by hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Proportion, wilson
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow, HourlyCounts

MOST_HOURS = 168
NG, OK = "NG", "OK"


@dataclass(frozen=True, slots=True)
class DeviceOnLine:
    """One device: what it told last, and its counts within the hours looked at.

    `ng` is the share of NG among the images that it judged.
    """

    newest: EventRow
    counts: dict[str, int]
    ng: Proportion
    ng_by_hour: tuple[float | None, ...]

    @property
    def drift(self) -> dict[str, Any] | None:
        """What the device said last of drift, if it watches for it."""
        told = self.newest.facts.get("drift")
        return dict(told) if isinstance(told, dict) else None


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What happened on the line within some hours; `starts` begins each hour."""

    starts: tuple[datetime, ...]
    by_hour: tuple[dict[str, int], ...]
    devices: tuple[DeviceOnLine, ...]
    newest: tuple[EventRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """All images of these hours by verdict."""
        total: Counter[str] = Counter()
        for counts in self.by_hour:
            total.update(counts)
        return dict(total)


def line_status(
    project: ProjectStore, *, hours: int = 24, limit: int = 100, now: datetime | None = None
) -> LineStatus:
    """What devices told within the last hours.

    Args:
        project: The project.
        hours: How far to look back, 1 to 168; the hour that runs counts as one.
        limit: So many of the newest inspections at most.
        now: The present moment; None takes the clock's.

    Returns:
        The status.

    Raises:
        InvalidInputError: Hours out of range.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise InvalidInputError(f"hours must be 1 to {MOST_HOURS}, found {hours}")
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    last = moment.replace(minute=0, second=0, microsecond=0)
    starts = tuple(last - timedelta(hours=n) for n in reversed(range(hours)))
    # Clocks of devices may be a little ahead.
    rows = project.events.by_hour(starts, last + timedelta(hours=2))
    by_hour = tuple(_at(rows, n) for n in range(hours))
    devices = tuple(
        _device(newest, [r for r in rows if r.device == newest.device], hours)
        for newest in project.events.newest_of_devices()
    )
    return LineStatus(starts, by_hour, devices, tuple(project.events.list(limit=limit)))


def _device(newest: EventRow, rows: Sequence[HourlyCounts], hours: int) -> DeviceOnLine:
    counts = {row.verdict: sum(row.counts) for row in rows}
    rates = [_ng(_at(rows, n)).value for n in range(hours)]
    return DeviceOnLine(newest, counts, _ng(counts), tuple(rates))


def _at(rows: Sequence[HourlyCounts], hour: int) -> dict[str, int]:
    total: Counter[str] = Counter()
    for row in rows:
        if row.counts[hour]:
            total[row.verdict] += row.counts[hour]
    return dict(total)


def _ng(counts: dict[str, int]) -> Proportion:
    ng = counts.get(NG, 0)
    return wilson(ng, ng + counts.get(OK, 0))
