"""Which devices a release reaches when: named ones first, then drawn shares of all."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.ops.line.rollout_rules import RolloutRules

DEFAULT_WAVES = (0.01, 0.1, 0.5, 1.0)
_MOST_WAVES = 20


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The waves of a rollout.

    `canary` names the devices of the first wave; `waves` are the shares of all devices that
    are reached after each further wave, rising to 1. Without `waves` it ends with the
    devices that are named.
    """

    waves: tuple[float, ...] = DEFAULT_WAVES
    canary: tuple[str, ...] = ()
    rules: RolloutRules = field(default_factory=RolloutRules)

    def __post_init__(self) -> None:
        shares = self.waves
        rising = all(a < b for a, b in pairwise(shares))
        if len(shares) > _MOST_WAVES or not rising or not all(0 < s <= 1 for s in shares):
            raise InvalidInputError(
                f"waves must be rising shares above 0 and up to 100 %, at most {_MOST_WAVES},"
                f" found {', '.join(f'{100 * s:g}' for s in shares[: _MOST_WAVES + 1])}"
            )
        if shares and shares[-1] != 1:
            raise InvalidInputError(
                f"the last wave must reach all devices, found {100 * shares[-1]:g} %",
                hint="End with 100, or name the devices that alone shall have it.",
            )
        if not shares and not self.canary:
            raise InvalidInputError("a rollout needs waves, or devices by name")

    @property
    def complete(self) -> bool:
        """Whether it reaches all devices in the end."""
        return bool(self.waves)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON types."""
        return {
            "waves": list(self.waves),
            "canary": list(self.canary),
            "rules": self.rules.to_json(),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> RolloutPlan:
        """The plan again.

        Args:
            data: From `to_json`.

        Returns:
            The plan.
        """
        rules = RolloutRules.from_json(data.get("rules", {}))
        return RolloutPlan(tuple(data["waves"]), tuple(data["canary"]), rules)

    def places(self, devices: Sequence[tuple[int, str]], *, draw: str) -> list[list[int]]:
        """Which devices belong to which wave; a wave that would add none is left out.

        Args:
            devices: Keys and names.
            draw: The same word gives the same draw.

        Returns:
            Keys by wave; one empty wave where there are no devices.

        Raises:
            NotFoundError: A device is named that is not among them.
        """
        ids = {name: key for key, name in devices}
        unknown = [name for name in self.canary if name not in ids]
        if unknown:
            raise NotFoundError(
                f"there is no registered device {unknown[0]!r}",
                hint="See all: pitmark devices list",
            )
        first = list(dict.fromkeys(self.canary))
        rest = sorted(ids.keys() - set(first), key=lambda name: _drawn(draw, name))
        order = [ids[name] for name in (*first, *rest)]
        cuts = [len(first), *(math.ceil(round(s * len(order), 9)) for s in self.waves)]
        out, reached = [], 0
        for cut in cuts:
            if cut > reached:
                out.append(order[reached:cut])
                reached = cut
        return out or [[]]


def _drawn(draw: str, name: str) -> bytes:
    return hashlib.sha256(f"{draw}:{name}".encode()).digest()
