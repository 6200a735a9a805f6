"""Keeping the line going: its state, what was decided, limits and schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from pitmark.ops.line.harm import HarmOptions, draw_for_harm, harm_state
from pitmark.ops.line.limits import Actor, expect_allowed, set_limits
from pitmark.ops.line.schedule import set_schedule
from pitmark.ops.line.upkeep import upkeep_status
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.store.promotions import PromotionRow
from pitmark.wire.upkeep import (
    DrawForHarm,
    Harm,
    LimitsChange,
    Promotion,
    ScheduleChange,
    Upkeep,
)

# Beyond these a moment cannot be brought to UTC in every time zone.
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
router = APIRouter(prefix=PROJECT, tags=["upkeep"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Operator = Annotated[ProjectAccess, Depends(project_access("operator"))]
Admin = Annotated[ProjectAccess, Depends(project_access("admin"))]


class AskedHarm:
    """How to test for harm, from the query of a request."""

    def __init__(
        self,
        since: Annotated[AwareDatetime | None, Query(ge=_FIRST, le=_LAST)] = None,
        margin: Annotated[float, Query(gt=0, lt=1)] = 0.05,
        level: Annotated[float, Query(gt=0, lt=1)] = 0.05,
    ) -> None:
        self.options = HarmOptions(since, margin, level)


@router.get("/upkeep")
def status(access: Viewer) -> Upkeep:
    """What is in use, what waits, whether an update is due, limits and schedule."""
    return Upkeep(**upkeep_status(access.store).to_json())


@router.get("/harm")
def harm(access: Viewer, asked: Annotated[AskedHarm, Depends()]) -> Harm:
    """Whether the drift that is on does harm, as far as labels tell."""
    return Harm.model_validate(harm_state(access.store, options=asked.options).to_json())


@router.post("/harm")
def draw(access: Operator, asked: Annotated[AskedHarm, Depends()], told: DrawForHarm) -> Harm:
    """Draw pictures of the line at random until so many wait for a label."""
    expect_allowed(access.store, "feedback", Actor(access.who, access.role))
    state = draw_for_harm(access.store, told.count, options=asked.options, by=access.who)
    return Harm.model_validate(state.to_json())


@router.get("/promotions")
def promotions(
    access: Viewer, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[Promotion]:
    """What was decided about versions, the newest first."""
    return [promotion_of(row) for row in access.store.promotions.list(limit)]


@router.put("/limits")
def limits(access: Admin, change: LimitsChange) -> Upkeep:
    """Change what operators may do; what is left out stays."""
    told = change.model_dump(exclude_none=True)
    set_limits(access.store, told, actor=Actor(access.who, access.role))
    return status(access)


@router.put("/schedule")
def schedule(access: Admin, change: ScheduleChange) -> Upkeep:
    """Change when the project updates by itself; what is left out stays."""
    told = change.model_dump(exclude_unset=True)
    kept = {k: v for k, v in told.items() if v is not None or k == "corrections"}
    set_schedule(access.store, kept, actor=Actor(access.who, access.role))
    return status(access)


def promotion_of(row: PromotionRow) -> Promotion:
    """A decision as the wire tells it.

    Args:
        row: As the store has it.

    Returns:
        The message.
    """
    return Promotion(
        number=row.number,
        at=row.at,
        by=row.by,
        decision=row.decision,
        run=row.run_id,
        in_use_before=row.champion,
        version=row.version,
        record=row.record,
    )
