"""Parts by verdict, and how they are summed over hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func

from pitmark.store.schema_devices import device_hours

VERDICTS = ("ok", "ng", "error")


@dataclass(frozen=True, slots=True)
class PartCounts:
    """Parts by verdict."""

    ok: int = 0
    ng: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.ok + self.ng + self.error


def sums() -> list[Any]:
    """The sums of parts by verdict, to select."""
    return [func.sum(device_hours.c[name]).label(name) for name in VERDICTS]


def part_counts(row: Any) -> PartCounts:
    """Parts from a row with `sums`.

    Args:
        row: Of the result, or None.

    Returns:
        The counts.
    """
    return PartCounts() if row is None else PartCounts(row.ok or 0, row.ng or 0, row.error or 0)
