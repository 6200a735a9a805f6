"""What the gate found: one check, and all of them as a record that is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pitmark.ops.line.limits import Limits
from pitmark.ops.line.promotion_rules import to_json

CheckVerdict = Literal["passed", "failed", "nothing to check"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its verdict, the reason in plain words, and the figures behind it."""

    name: str
    title: str
    verdict: CheckVerdict
    reason: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON types."""
        return {
            "name": self.name,
            "title": self.title,
            "verdict": self.verdict,
            "reason": self.reason,
            "figures": dict(self.figures),
        }

    def sentence(self) -> str:
        """The check in one line."""
        return f"{self.title}: {self.verdict}. {self.reason}"


@dataclass(frozen=True, slots=True)
class GateRecord:
    """What the gate found of a run, against the one in use."""

    run_id: str
    in_use: str | None
    version_in_use: int | None
    checks: tuple[Check, ...]
    overridden: tuple[str, ...]
    limits: Limits

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that stand in the way."""
        return tuple(
            c for c in self.checks if c.verdict == "failed" and c.name not in self.overridden
        )

    @property
    def passed(self) -> bool:
        """Whether the run may take the place of the one in use."""
        return not self.failed

    def sentences(self) -> list[str]:
        """The record for a person on the line."""
        over = [f"Passed over: {c.title}." for c in self.checks if c.name in self.overridden]
        return [*(c.sentence() for c in self.checks), *over]

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        return {
            "run": self.run_id,
            "in_use": self.in_use,
            "version_in_use": self.version_in_use,
            "passed": self.passed,
            "checks": [c.to_json() for c in self.checks],
            "overridden": list(self.overridden),
            "first_share": self.limits.first_share,
            "rules": to_json(self.limits.gate),
            "way_back": to_json(self.limits.way_back),
        }
