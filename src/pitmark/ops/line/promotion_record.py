"""What the gate found: one check, and all of them as a record that is never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pitmark.ops.line.limits import Limits
from pitmark.ops.line.promotion_rules import to_json

CheckVerdict = Literal["passed", "failed", "nothing to check"]
# Why a check failed: nobody can tell yet, it does worse, or the file does not do.
Cause = Literal["too few pictures", "worse", "file"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its verdict, the reason in plain words, and the figures behind it.

    The reason of one that failed ends with what an operator can do next.
    """

    name: str
    title: str
    verdict: CheckVerdict
    reason: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    cause: Cause | None = None

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON types."""
        return {
            "name": self.name,
            "title": self.title,
            "verdict": self.verdict,
            "reason": self.reason,
            "cause": self.cause,
            "figures": dict(self.figures),
        }

    def sentence(self) -> str:
        """The check in one line."""
        return sentences_of([self.to_json()])[0]


def sentences_of(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Checks of a record for a person on the line.

    Args:
        checks: As `Check.to_json` wrote them.

    Returns:
        A line for each.
    """
    return [f"{c['title']}: {c['verdict']}. {c['reason']}" for c in checks]


def refusal_of(record: Mapping[str, Any]) -> str:
    """A refusal for a person on the line: whether it does worse, or cannot be told yet.

    Args:
        record: As `GateRecord.to_json` wrote it.

    Returns:
        One sentence.
    """
    over = record.get("overridden", ())
    failed = [c for c in record["checks"] if c["verdict"] == "failed"]
    causes = {c.get("cause") for c in failed if c["name"] not in over}
    if causes == {"too few pictures"}:
        return "Refused for now: too few pictures to tell. The version in use stays."
    return "Refused: the version in use stays."


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
