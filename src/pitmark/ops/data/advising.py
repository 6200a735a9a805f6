"""What to do next: one ranked list over everything the project knows.

Nothing is computed anew here: what an audit, `needs`, a review or a run of synthesis have
found is read as they kept it. Where something was never asked, asking is an action.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pitmark.ops.data import advice_on_data, advice_on_models
from pitmark.ops.data.advice_facts import ProjectFacts, read_facts
from pitmark.quality.advice import Action, ranked
from pitmark.store.db import ProjectStore

_SOURCES: tuple[Callable[[ProjectFacts], list[Action]], ...] = (
    advice_on_data.on_start,
    advice_on_data.on_groups,
    advice_on_data.on_shortcuts,
    advice_on_data.on_findings,
    advice_on_data.on_classes,
    advice_on_data.on_slices,
    advice_on_data.on_agreement,
    advice_on_models.on_training,
    advice_on_models.on_synthesis,
    advice_on_models.on_forecasts,
    advice_on_models.on_release,
    advice_on_models.on_datasheet,
)


@dataclass(frozen=True, slots=True)
class AdviceList:
    """What to do next, the most urgent first, and what earlier advice brought."""

    project: str
    actions: tuple[Action, ...]
    brought: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The list as plain JSON types."""
        return {
            "project": self.project,
            "actions": [a.to_json() for a in self.actions],
            "brought": list(self.brought),
        }

    def sentences(self, most: int | None = None) -> list[str]:
        """The list for a person: what, why, what it should bring, and the command.

        Args:
            most: How many actions to tell; None tells all.

        Returns:
            Lines.
        """
        lines = []
        for place, action in enumerate(self.actions[:most], start=1):
            lines.append(f"{place}. {action.title}{_bracket(action)}")
            lines.append(f"   {action.why}")
            lines.append(f"   {action.command}")
        more = len(self.actions[most:]) if most is not None else 0
        lines += [f"... and {more} more."] if more else []
        lines += [f"Earlier advice: {told}" for told in self.brought]
        return lines or ["Nothing is left to do that Pitmark could name."]


def advise(project: ProjectStore) -> AdviceList:
    """What to do next in a project.

    Args:
        project: The project.

    Returns:
        All actions in their order.
    """
    facts = read_facts(project)
    found = [action for source in _SOURCES for action in source(facts)]
    return AdviceList(facts.name, tuple(ranked(found)), facts.brought)


def _bracket(action: Action) -> str:
    time = f"{action.minutes:.0f} min" if action.minutes >= 1 else "a minute"
    if action.gain is None:
        return f" ({time})"
    told = f"{100 * action.gain:+.1f} points"
    if action.low is not None and action.high is not None:
        told += f", {100 * action.low:+.1f} to {100 * action.high:+.1f}"
    return f" ({time}; {told})"
