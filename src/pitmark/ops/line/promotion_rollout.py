"""What is promoted reaches the devices in waves, within the limits of the project."""

from __future__ import annotations

from pitmark.core.errors import NotAllowedError
from pitmark.core.roles import at_least
from pitmark.ops.line.limits import Actor, Limits, expect_allowed
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.ops.line.rollouts import start
from pitmark.store.db import ProjectStore
from pitmark.store.rollouts import RolloutRow


def plan_of(limits: Limits) -> RolloutPlan:
    """How a promoted version reaches the devices.

    The share of NG is not held against it: an update made because too many parts are
    called NG must make it fall. Where it rises, the way back takes the version from
    all devices.

    Args:
        limits: Of the project.

    Returns:
        The first share, then all; or all at once.
    """
    first = limits.first_share
    back = limits.way_back
    rules = RolloutRules(min_parts=back.parts, ng_jump=1.0, errors=back.error_rise)
    return RolloutPlan((first, 1.0) if 0 < first < 1 else (1.0,), rules=rules)


def roll_out_promoted(
    project: ProjectStore, version: int, limits: Limits, *, by: str
) -> RolloutRow | None:
    """Begin to bring a version that was just promoted to the devices.

    To be called in the transaction of the decision.

    Args:
        project: The project.
        version: Of the release.
        limits: Without `roll_out` in `allowed` an admin begins the rollout.
        by: Who promoted it.

    Returns:
        The rollout; None where the project has no devices, or an admin begins it.
    """
    if "roll_out" not in limits.allowed or not project.rollouts.candidates():
        return None
    return start(project, version, plan_of(limits), by=by)


def expect_rollout_allowed(
    project: ProjectStore, actor: Actor, version: int, plan: RolloutPlan
) -> None:
    """Make sure that somebody may begin a rollout now.

    An operator may bring the version in use, which has passed the gate, to as many devices
    first as the limits say, and cannot loosen what halts it.

    Args:
        project: The project.
        actor: Who, and as what.
        version: Of the release.
        plan: What they want.

    Raises:
        NotAllowedError: The role or a limit does not allow it; the message says why.
    """
    limits = expect_allowed(project, "roll_out", actor)
    if at_least(actor.role, "admin"):
        return
    hint = "An admin can do it, or change the limits."
    used = in_use(project)
    if used is None or used.version != version:
        known = "nothing" if used is None else f"version {used.version}"
        raise NotAllowedError(
            f"operators bring only the version in use to the devices, which is {known}",
            hint=hint,
        )
    first = limits.first_share
    if 0 < first < 1 and (plan.waves and plan.waves[0] > first):
        raise NotAllowedError(
            f"operators begin with {first:.0%} of the devices at most, asked for were"
            f" {plan.waves[0]:.0%}",
            hint=hint,
        )
    if plan.rules not in (RolloutRules(), plan_of(limits).rules):
        raise NotAllowedError("operators cannot change what halts a rollout", hint=hint)
