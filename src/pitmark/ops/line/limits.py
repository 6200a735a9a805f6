"""What operators may do, within limits that an admin sets for each project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from pitmark.core.errors import InvalidInputError, NotAllowedError
from pitmark.core.roles import Role, at_least
from pitmark.ops.line.promotion_rules import CHECKS, GateRules, WayBack, from_json
from pitmark.store.db import ProjectStore

Action = Literal["feedback", "update", "promote", "roll_back", "roll_out"]
ACTIONS: tuple[Action, ...] = ("feedback", "update", "promote", "roll_back", "roll_out")
NAME = "limits"
_DAY = timedelta(days=1)
# Correcting and going back are never a matter of the hour.
_AT_ANY_HOUR: tuple[Action, ...] = ("feedback", "roll_back")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a project, and the rules of its gate.

    `allowed` is what operators may do at all, `updates_per_day` how often within 24 hours,
    `hours` from which hour to which by the clock of the server (22 to 6 goes over
    midnight; 0 to 24 is always). Checks in `must_pass` cannot be passed over by an
    operator. `first_share` of the devices get a new version first, 0 for all at once.
    """

    allowed: tuple[Action, ...] = ACTIONS
    updates_per_day: int = 3
    hours: tuple[int, int] = (0, 24)
    must_pass: tuple[str, ...] = CHECKS
    first_share: float = 0.0
    gate: GateRules = field(default_factory=GateRules)
    way_back: WayBack = field(default_factory=WayBack)

    def __post_init__(self) -> None:
        unknown: list[str] = [a for a in self.allowed if a not in ACTIONS]
        unknown += [c for c in self.must_pass if c not in CHECKS]
        if unknown:
            raise InvalidInputError(
                f"limits: {unknown[0]!r} is unknown",
                hint=f"Actions: {', '.join(ACTIONS)}. Checks: {', '.join(CHECKS)}.",
            )
        begin, end = self.hours
        if not (0 <= begin <= 24 and 0 <= end <= 24) or begin == end:
            raise InvalidInputError(f"limits: hours go from 0 to 24, found {begin} to {end}")
        if self.updates_per_day < 0 or not 0 <= self.first_share <= 1:
            raise InvalidInputError(
                "limits: updates_per_day is at least 0, first_share between 0 and 1"
            )

    def to_json(self) -> dict[str, Any]:
        """The limits as plain JSON types."""
        told = asdict(self)
        listed = {n: list(told[n]) for n in ("allowed", "hours", "must_pass")}
        return {**told, **listed}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Limits:
        """The limits of a JSON object; what is left out has its default.

        Args:
            data: The object.

        Returns:
            The limits.

        Raises:
            InvalidInputError: A key is unknown, or a value impossible.
        """
        known = {f.name for f in fields(Limits)}
        lost = sorted(set(data) - known)
        if lost:
            raise InvalidInputError(
                f"limits: there is no {lost[0]!r}", hint=f"There is: {', '.join(known)}."
            )
        values = dict(data)
        for name in ("allowed", "hours", "must_pass"):
            if name in values:
                values[name] = _listed(name, values[name])
        if len(values.get("hours", (0, 24))) != 2:
            raise InvalidInputError("limits: hours are two numbers, from and to")
        if "gate" in values:
            values["gate"] = from_json(GateRules, values["gate"], "gate")
        if "way_back" in values:
            values["way_back"] = from_json(WayBack, values["way_back"], "way_back")
        return from_json(Limits, values, NAME)


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidInputError(f"limits: {name} is a list, found {value!r}")
    return tuple(value)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and as what."""

    name: str
    role: Role = "owner"


def limits_of(project: ProjectStore) -> Limits:
    """The limits that hold for a project.

    Args:
        project: The project.

    Returns:
        As an admin set them, or the defaults.
    """
    return Limits.from_json(project.settings.get(NAME) or {})


def set_limits(project: ProjectStore, change: Mapping[str, Any], *, actor: Actor) -> Limits:
    """Change some limits of a project; the others stay.

    Args:
        project: The project.
        change: A JSON object with what changes.
        actor: Who changes them: an admin or owner.

    Returns:
        The limits from now on.

    Raises:
        NotAllowedError: The actor is no admin.
        InvalidInputError: A key is unknown, or a value impossible.
    """
    return changed_by_admin(project, NAME, change, Limits.from_json, actor)


class Settings(Protocol):
    """What an admin sets for a project."""

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON types."""


Kept = TypeVar("Kept", bound=Settings)


def changed_by_admin(
    project: ProjectStore,
    name: str,
    change: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Kept],
    actor: Actor,
) -> Kept:
    """Change some settings of a project; what is not named stays, in objects within too.

    Args:
        project: The project.
        name: Of the settings.
        change: A JSON object with what changes.
        read: The settings of a JSON object.
        actor: Who changes them: an admin or owner.

    Returns:
        The settings from now on.

    Raises:
        NotAllowedError: The actor is no admin.
        InvalidInputError: A key is unknown, or a value impossible.
    """
    if not at_least(actor.role, "admin"):
        raise NotAllowedError(
            f"only admins set the {name} of a project, you are {actor.role}",
            hint="Ask an admin.",
        )
    before = project.settings.get(name) or {}
    within = {
        n: {**before.get(n, {}), **told}
        for n, told in change.items()
        if isinstance(told, Mapping) and isinstance(before.get(n, {}), Mapping)
    }
    kept = read({**before, **change, **within})
    project.settings.save(name, kept.to_json(), by=actor.name)
    return kept


def expect_allowed(
    project: ProjectStore,
    action: Action,
    actor: Actor,
    *,
    override: Sequence[str] = (),
    now: datetime | None = None,
) -> Limits:
    """Make sure that somebody may do something now.

    Args:
        project: The project.
        action: What.
        actor: Who; admins and owners may all of it, always.
        override: Checks to be passed over.
        now: The present moment; None takes the clock's.

    Returns:
        The limits.

    Raises:
        NotAllowedError: The role or a limit does not allow it; the message names which.
        InvalidInputError: There is no such check.
    """
    limits = limits_of(project)
    unknown = [c for c in override if c not in CHECKS]
    if unknown:
        raise InvalidInputError(
            f"there is no check {unknown[0]!r}", hint=f"Checks: {', '.join(CHECKS)}."
        )
    if at_least(actor.role, "admin"):
        return limits
    if not at_least(actor.role, "operator"):
        raise NotAllowedError(
            f"this takes the role operator; yours here is {actor.role}",
            hint="Ask an owner or admin.",
        )
    refusal = _refusal(project, action, limits, override, now or datetime.now(UTC))
    if refusal is not None:
        raise NotAllowedError(refusal, hint="An admin can do it, or change the limits.")
    return limits


def _refusal(
    project: ProjectStore,
    action: Action,
    limits: Limits,
    override: Sequence[str],
    now: datetime,
) -> str | None:
    if action not in limits.allowed:
        return f"operators may not {action.replace('_', ' ')} in this project"
    fixed = [c for c in override if c in limits.must_pass]
    if fixed:
        return f"operators may not pass over the check {fixed[0]!r}"
    if action not in _AT_ANY_HOUR and not _within(limits.hours, now.astimezone().hour):
        begin, end = limits.hours
        return f"operators may do this from {begin} to {end} o'clock only"
    if action in ("update", "promote"):
        begun = project.updates.count_since(now - _DAY)
        decided = sum(p.at >= now - _DAY for p in project.promotions.list(100))
        if max(begun, decided) >= limits.updates_per_day:
            return (
                f"within 24 hours {max(begun, decided)} updates were made, allowed are"
                f" {limits.updates_per_day}"
            )
    return None


def _within(hours: tuple[int, int], hour: int) -> bool:
    begin, end = hours
    return begin <= hour < end if begin < end else hour >= begin or hour < end
