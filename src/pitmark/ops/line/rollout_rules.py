"""When a rollout goes on, waits or halts: a pure function of a few figures.

A release reaches the devices wave by wave. A wave is over when enough of its devices run it
for good, some time has gone by and some parts were judged; before that, and while a rule
to halt holds, no further device is offered it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import wilson
from pitmark.store.part_counts import PartCounts

# Fewer parts say nothing about a share.
ENOUGH_PARTS = 20
Step = Literal["go on", "wait", "halt", "done"]


@dataclass(frozen=True, slots=True)
class RolloutRules:
    """What a wave must fulfill, and what halts a rollout.

    A wave lasts `min_hours` at least, `enough` of its devices (0 to 1) run the release for
    good, and the release has judged `min_parts`. It is halted where the share of NG parts
    is more than `ng_jump` above or below that of the releases before on the same devices,
    the share of errors more than `errors` above, or as many devices as `refused` refused
    the release or took it back. 1 turns off either share, 0 `refused`.
    """

    min_hours: float = 1.0
    min_parts: int = ENOUGH_PARTS
    enough: float = 0.9
    ng_jump: float = 0.1
    errors: float = 0.02
    refused: int = 1

    def __post_init__(self) -> None:
        shares = {n: getattr(self, n) for n in ("enough", "ng_jump", "errors")}
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise InvalidInputError(f"{name} must lie between 0 and 1, found {value}")
        if not 0 <= self.min_hours < math.inf or self.min_parts < 0 or self.refused < 0:
            raise InvalidInputError("min_hours, min_parts and refused must not be below 0")

    def to_json(self) -> dict[str, Any]:
        """The rules as plain JSON types."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> RolloutRules:
        """The rules again.

        Args:
            data: From `to_json`; of an older Pitmark, some may be missing.

        Returns:
            The rules.
        """
        known = {f.name for f in fields(RolloutRules)}
        return RolloutRules(**{k: v for k, v in data.items() if k in known})


@dataclass(frozen=True, slots=True)
class RolloutFacts:
    """Where a rollout stands.

    `wave` of `waves` is the newest open one, from 0, and `hours` how long it has been;
    `devices` are those in it, `running` those of them that run the release for good.
    `failed` devices of all open waves refused it or took it back. `before` and `under`
    count parts of the devices it has reached, of other releases and of this one.
    """

    wave: int
    waves: int
    hours: float
    devices: int
    running: int
    failed: int
    before: PartCounts
    under: PartCounts


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why, in words for a person."""

    step: Step
    why: str


def decide(rules: RolloutRules, facts: RolloutFacts) -> Decision:
    """Whether a rollout goes on.

    Args:
        rules: What must hold.
        facts: Where it stands.

    Returns:
        To halt where any rule says so, otherwise to wait, to open the next wave, or that
        the last one is over.
    """
    halts = reasons_to_halt(rules, facts)
    if halts:
        return Decision("halt", "; ".join(halts))
    needed = math.ceil(rules.enough * facts.devices)
    which = f"wave {facts.wave + 1} of {facts.waves}"
    if facts.running < needed:
        told = f"{facts.running} of {facts.devices} devices run it, needed are {needed}"
        return Decision("wait", f"{which}: {told}")
    if facts.hours < rules.min_hours:
        told = f"{facts.hours:.1f} of {rules.min_hours:g} h are over"
        return Decision("wait", f"{which}: {told}")
    if facts.devices and facts.under.total < rules.min_parts:
        told = f"it has judged {facts.under.total} of {rules.min_parts} parts"
        return Decision("wait", f"{which}: {told}")
    if facts.wave + 1 >= facts.waves:
        return Decision("done", f"{facts.running} of {facts.devices} devices of {which} run it")
    return Decision("go on", f"{which} is over, {facts.running} of {facts.devices} run it")


def reasons_to_halt(rules: RolloutRules, facts: RolloutFacts) -> list[str]:
    """What speaks against going on.

    Args:
        rules: What must hold.
        facts: Where the rollout stands.

    Returns:
        One sentence per rule that is broken; empty when all is well.
    """
    out = []
    if rules.refused and facts.failed >= rules.refused:
        many = "device" if facts.failed == 1 else "devices"
        out.append(f"{facts.failed} {many} refused the release or took it back")
    before, under = facts.before, facts.under
    errors = _share(under.error, under.total) - _share(before.error, before.total)
    if under.total >= ENOUGH_PARTS and rules.errors < 1 and errors > rules.errors:
        out.append(f"{under.error} of {under.total} parts under it ended in an error")
    jump = _ng_jump(before, under)
    if rules.ng_jump < 1 and abs(jump) > rules.ng_jump:
        verb = "rose" if jump > 0 else "fell"
        out.append(
            f"the share of NG parts {verb} from {_share(before.ng, _judged(before)):.1%}"
            f" to {_share(under.ng, _judged(under)):.1%} over {_judged(under)} parts"
        )
    return out


def _ng_jump(before: PartCounts, under: PartCounts) -> float:
    """By how much the share of NG parts changed; 0 where it may be chance.

    Source: Newcombe, Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17 (1998), method 10.
    """
    if min(_judged(before), _judged(under)) < ENOUGH_PARTS:
        return 0.0
    old, new = wilson(before.ng, _judged(before)), wilson(under.ng, _judged(under))
    was, now = _share(old.count, old.total), _share(new.count, new.total)
    jump = now - was
    down = math.hypot(now - new.low, old.high - was)
    up = math.hypot(new.high - now, was - old.low)
    return 0.0 if jump - down <= 0 <= jump + up else jump


def _judged(parts: PartCounts) -> int:
    return parts.ok + parts.ng


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0
