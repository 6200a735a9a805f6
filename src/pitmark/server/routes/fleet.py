"""The fleet of a project: its devices, and how releases reach them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath

from pitmark.core.errors import ConflictError
from pitmark.ops.line import rollout_back, rollouts
from pitmark.ops.line.devices import add_device, renew_device, revoke_device
from pitmark.ops.line.fleet import (
    MOST_DEVICES,
    MOST_HOURS,
    device_details,
    fleet_page,
    fleet_summary,
)
from pitmark.ops.line.fleet_messages import details_message, list_message, rollout_line
from pitmark.ops.line.limits import Actor, expect_allowed
from pitmark.ops.line.promotion_rollout import expect_rollout_allowed
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.store.fleet import FleetFilter
from pitmark.store.rollouts import RolloutRow
from pitmark.wire.devices import (
    DeviceCode,
    FleetCounts,
    FleetDeviceDetails,
    FleetList,
    HaltRollout,
    NewDevice,
    ResumeRollout,
    RollBackRollout,
    Rollout,
    RolloutLine,
    RulesOfRollout,
    StartRollout,
)

router = APIRouter(prefix=PROJECT, tags=["fleet"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Operator = Annotated[ProjectAccess, Depends(project_access("operator"))]
Admin = Annotated[ProjectAccess, Depends(project_access("admin"))]
Number = Annotated[int, InPath(ge=1, le=2**31 - 1)]
Hours = Annotated[int, Query(ge=1, le=MOST_HOURS)]
State = Literal["active", "silent", "waiting", "revoked"]


class Asked:
    """Which devices a list is to show, from the query of a request."""

    def __init__(
        self,
        name: Annotated[str, Query(max_length=64)] = "",
        state: State | None = None,
        release: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
        behind: bool = False,
        drift: bool = False,
    ) -> None:
        self.filter = FleetFilter(name, state, release, behind, drift)


@router.get("/fleet")
def fleet(access: Viewer) -> FleetCounts:
    """The fleet in counts."""
    found = fleet_summary(access.store)
    return FleetCounts(
        states={str(k): v for k, v in found.states.items()},
        releases={"" if k is None else str(k): v for k, v in found.releases.items()},
        behind=found.behind,
        drift=found.drift,
    )


@router.get("/devices")
def devices(
    access: Viewer,
    asked: Annotated[Asked, Depends()],
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_DEVICES)] = 100,
    hours: Hours = 24,
) -> FleetList:
    """Devices by name, a page at a time."""
    found = fleet_page(access.store, asked.filter, after=after, limit=limit, hours=hours)
    return list_message(found)


@router.post("/devices", status_code=201)
def new_device(access: Admin, given: NewDevice) -> DeviceCode:
    """Make a device known; the code is shown once and runs out within an hour."""
    _, code = add_device(access.store, given.name, by=access.who)
    return _code(access, given.name, code)


@router.get("/devices/{device}")
def device(access: Viewer, device: str, hours: Hours = 24) -> FleetDeviceDetails:
    """One device, with what became of releases on it and its latest inspections."""
    return details_message(device_details(access.store, device, hours=hours))


@router.delete("/devices/{device}", status_code=204)
def revoke(access: Admin, device: str) -> None:
    """Let a device in no more; what it told stays."""
    revoke_device(access.store, device, by=access.who)


@router.post("/devices/{device}/code", status_code=201)
def renew(access: Admin, device: str) -> DeviceCode:
    """Another code for a device; its key works until the code is used."""
    return _code(access, device, renew_device(access.store, device, by=access.who))


@router.get("/rollouts")
def list_rollouts(access: Viewer) -> list[RolloutLine]:
    """All rollouts, the newest first."""
    rollouts.advance(access.store)
    return [rollout_line(row) for row in access.store.rollouts.list()]


@router.post("/rollouts", status_code=201)
def start_rollout(access: Operator, given: StartRollout) -> Rollout:
    """Begin to bring a release to the devices; an open rollout before it is superseded."""
    plan = RolloutPlan(tuple(given.waves), tuple(given.canary), _rules(given.rules))
    expect_rollout_allowed(access.store, _actor(access), given.version, plan)
    return _rollout(access, rollouts.start(access.store, given.version, plan, by=access.who))


@router.get("/rollouts/{number}")
def rollout(access: Viewer, number: Number) -> Rollout:
    """Where a rollout stands."""
    return _rollout(access, access.store.rollouts.get(number))


@router.post("/rollouts/{number}/halt")
def halt_rollout(access: Operator, number: Number, given: HaltRollout) -> Rollout:
    """Offer the release to no further device until the rollout is resumed."""
    expect_allowed(access.store, "roll_back", _actor(access))
    _expect_newest(access, number)
    return _rollout(access, rollouts.halt(access.store, by=access.who, why=given.why))


@router.post("/rollouts/{number}/resume")
def resume_rollout(access: Operator, number: Number, given: ResumeRollout) -> Rollout:
    """Let a halted rollout go on; it halts again where a rule to halt still holds."""
    _expect_newest(access, number)
    rules = None if given.rules is None else _rules(given.rules)
    row = access.store.rollouts.get(number)
    before = RolloutPlan.from_json(row.plan)
    after = before if rules is None else replace(before, rules=rules)
    expect_rollout_allowed(access.store, _actor(access), row.version, after)
    return _rollout(access, rollouts.resume(access.store, by=access.who, rules=rules))


@router.post("/rollouts/{number}/rollback")
def roll_back_rollout(access: Operator, number: Number, given: RollBackRollout) -> Rollout:
    """Bring the devices that were offered the release back to one before."""
    expect_allowed(access.store, "roll_back", _actor(access))
    _expect_newest(access, number)
    with TemporaryDirectory(dir=access.store.work) as folder:
        row = rollout_back.roll_back(access.store, Path(folder), by=access.who, to=given.to)
    return _rollout(access, row)


def _actor(access: ProjectAccess) -> Actor:
    return Actor(access.who, access.role)


def _code(access: ProjectAccess, name: str, code: str) -> DeviceCode:
    expires = access.store.devices.get(name).code_expires
    assert expires is not None
    return DeviceCode(name=name, code=code, expires=expires)


def _rules(given: RulesOfRollout) -> RolloutRules:
    return RolloutRules(**given.model_dump())


def _rollout(access: ProjectAccess, row: RolloutRow) -> Rollout:
    return Rollout.model_validate(rollouts.status(access.store, row.number).to_json())


def _expect_newest(access: ProjectAccess, number: int) -> None:
    row = access.store.rollouts.get(number)
    newest = access.store.rollouts.get()
    if row.number != newest.number:
        raise ConflictError(
            f"rollout {number} is {row.state}; the newest one is {newest.number}"
        )
