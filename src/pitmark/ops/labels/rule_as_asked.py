"""Accept a rule as it was asked for: a limit by hand, or what was proposed."""

from __future__ import annotations

from dataclasses import dataclass

from pitmark.ops.labels.rule_accept import (
    MEASURES,
    AcceptedRule,
    accept_limit,
    accept_proposal,
    limit_rule,
)
from pitmark.ops.labels.rules import propose_rules
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class AskedRule:
    """A limit between two classes: the first lies below it, the second above.

    `measure` is length, area or short_side; anything else takes what is proposed for the
    two classes, in words where the label book cannot measure it. `unit` is px or mm.
    `study` names whose answers the proposal goes by; None takes the project's labels.
    """

    classes: tuple[str, str]
    measure: str
    limit: float
    unit: str
    study: str | None = None


def accept_rule_as_asked(
    project: ProjectStore, asked: AskedRule, *, author: str, reason: str = ""
) -> AcceptedRule:
    """Write the limit between two classes into the label book, and queue what breaks it.

    Args:
        project: The project.
        asked: The limit.
        author: Who decides.
        reason: Why; the proposal in words if left out.

    Returns:
        What was written.

    Raises:
        InvalidInputError: The limit or a class is impossible, or nothing is proposed.
    """
    limit = asked.limit
    if asked.measure in MEASURES:
        rule = limit_rule(asked.classes, measure=asked.measure, unit=asked.unit, limit=limit)
        done = accept_limit(project, rule, author=author, reason=reason)
    else:
        (proposal,) = propose_rules(project, asked.classes, study=asked.study)
        done = accept_proposal(project, proposal, author=author, reason=reason, limit=limit)
    details = {"rule": done.rule, "reason": reason}
    project.audit.log(author, "accept_rule", f"book/{done.book.revision}", details)
    return done
