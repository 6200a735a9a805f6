"""What a version must show before it may take the place of the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pitmark.core.errors import InvalidInputError

Rules = TypeVar("Rules")
_MOST, _MOST_SHADOW, _MOST_DAYS = 1_000_000, 10_000, 3650
CHECKS = ("must_catch", "not_worse", "everywhere", "same_on_device", "side_by_side")


@dataclass(frozen=True, slots=True)
class GateRules:
    """The figures of the checks; all shares are 0 to 1.

    `margin` is by how much the share of right verdicts may fall, with 95 % certainty;
    `slice_margin` the same for a camera, lot or the like, told from chance over all of
    them together at the level `level`. `least_of_slice` parts make a slice. `latency_ms`
    is the time per image of 95 % of the golden images, here. `shadow` of the newest images
    from devices are judged by both versions; `ng_rise` is by how much the share of NG may
    rise among them.
    """

    margin: float = 0.1
    slice_margin: float = 0.1
    level: float = 0.05
    least_of_slice: int = 5
    latency_ms: float = 1000.0
    shadow: int = 200
    ng_rise: float = 0.2

    def __post_init__(self) -> None:
        if not isinstance(self.shadow, int) or not isinstance(self.least_of_slice, int):
            raise InvalidInputError("shadow and least_of_slice are whole numbers")
        shares = (self.margin, self.slice_margin, self.level, self.ng_rise)
        if not all(0 < s <= 1 for s in shares):
            raise InvalidInputError(f"margins and levels are above 0 and at most 1: {shares}")
        if not 0 < self.latency_ms <= _MOST or not 2 <= self.least_of_slice <= _MOST:
            raise InvalidInputError("latency_ms is above 0, least_of_slice at least 2")
        if not 0 <= self.shadow <= _MOST_SHADOW:
            raise InvalidInputError(f"shadow is 0 to {_MOST_SHADOW}, found {self.shadow}")


@dataclass(frozen=True, slots=True)
class WayBack:
    """When the version before comes back by itself.

    Of at least `parts` parts judged by the new version the share of NG lies above that of
    the version before by more than `ng_rise`, or that of errors by more than
    `error_rise`; chance is allowed for. `days` after the promotion it is trusted.
    """

    parts: int = 50
    ng_rise: float = 0.2
    error_rise: float = 0.05
    days: float = 7.0

    def __post_init__(self) -> None:
        if not isinstance(self.parts, int) or not (1 <= self.parts <= _MOST):
            raise InvalidInputError("parts is a whole number from 1")
        if not 0 < self.days <= _MOST_DAYS:
            raise InvalidInputError(f"days is above 0 and at most {_MOST_DAYS}")
        if not (0 < self.ng_rise <= 1 and 0 < self.error_rise <= 1):
            raise InvalidInputError("ng_rise and error_rise are above 0 and at most 1")


def from_json(kind: type[Rules], data: Mapping[str, Any], name: str) -> Rules:
    """Rules from a JSON object; what is left out has its default.

    Args:
        kind: A dataclass.
        data: The object.
        name: What it is called in the message.

    Returns:
        The rules.

    Raises:
        InvalidInputError: A key is unknown, or a value impossible.
    """
    try:
        return kind(**data)
    except TypeError as exc:
        raise InvalidInputError(f"{name}: {exc}") from exc


def to_json(rules: GateRules | WayBack) -> dict[str, Any]:
    """Rules as plain JSON types.

    Args:
        rules: Of the gate, or of the way back.

    Returns:
        A JSON object.
    """
    return asdict(rules)
