"""After a promotion: the version before comes back by itself where the new one does badly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pitmark.metrics.intervals import wilson
from pitmark.ops.line.promotion_rules import WayBack, from_json
from pitmark.ops.line.rollback import roll_back
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import PromotionRow

BY_ITSELF = "way back"


@dataclass(frozen=True, slots=True)
class Watched:
    """How the version in use does on the line; `back_to` is the release that came back."""

    reason: str
    back_to: int | None = None
    version: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The answer as plain JSON types."""
        return {"reason": self.reason, "back_to": self.back_to, "version": self.version}


def watch_over(project: ProjectStore, *, now: datetime | None = None) -> Watched:
    """Take the newest promotion back if its rule for the way back holds, from devices too.

    Asked again, nothing happens twice: what came back is no promotion.

    Args:
        project: The project.
        now: The present moment; None takes the clock's.

    Returns:
        What was found, in plain words.
    """
    newest = next(iter(project.promotions.list(1)), None)
    champion = project.promotions.alias("champion")
    newest = _standing(project, newest)
    if newest is None or champion is None or champion.version != newest.version:
        return Watched("nothing was put into use since")
    before = newest.record.get("version_in_use")
    if before is None:
        return Watched("there is no earlier version to go back to")
    rule = from_json(WayBack, newest.record["way_back"], "way_back")
    if (now or datetime.now(UTC)) > newest.at + timedelta(days=rule.days):
        return Watched(f"version {newest.version} has proved itself")
    reason = _reason(project, newest.version or 0, int(before), rule)
    if reason is None:
        return Watched(f"version {newest.version} does as the one before")
    with TemporaryDirectory(dir=project.work) as folder:
        done = roll_back(project, int(before), Path(folder), by=BY_ITSELF, reason=reason)
    return Watched(reason, back_to=int(before), version=done.row.version)


def _standing(project: ProjectStore, newest: PromotionRow | None) -> PromotionRow | None:
    """The newest decision that put something into use."""
    if newest is None or newest.decision == "promoted":
        return newest
    rows = (p for p in project.promotions.list() if p.decision != "refused")
    last = next(rows, None)
    return last if last is not None and last.decision == "promoted" else None


def _reason(project: ProjectStore, new: int, old: int, rule: WayBack) -> str | None:
    """Why the version before must come back; None where it need not."""
    after, past = (project.events.counts_of_release(v) for v in (new, old))
    total = sum(after.values())
    if total < rule.parts or not sum(past.values()):
        return None
    for verdict, rise in (("NG", rule.ng_rise), ("error", rule.error_rise)):
        was = past.get(verdict, 0) / sum(past.values())
        found = wilson(after.get(verdict, 0), total)
        if found.low > was + rise:
            return (
                f"of {total} parts {found.value:.0%} were {verdict} with version {new},"
                f" before {was:.0%}"
            )
    return None
