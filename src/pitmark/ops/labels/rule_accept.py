"""Write the limit between two classes into the label book, and hold all labels against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.label_book import ClassEntry, LabelBook, Measure, NumericRule, Unit
from pitmark.ops.labels.labeling import save_label_book
from pitmark.ops.labels.rule_check import RuleCheck, check_rules
from pitmark.ops.labels.rule_proposal import RuleProposal, article
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.quality.rules.features import mm_per_px
from pitmark.store.db import ProjectStore

MEASURES: tuple[Measure, ...] = ("length", "area", "short_side")
UNITS: tuple[Unit, ...] = ("px", "mm")


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A limit between two classes: one from it upwards, the other up to it.

    Either may be "nothing marked". `scale` is the size of a pixel in mm that the label
    book takes over where it has none.
    """

    above: str
    below: str
    measure: Measure
    unit: Unit
    limit: float
    scale: float | None = None

    def text(self) -> str:
        """The rule in words."""
        rule = NumericRule(self.measure, self.unit, minimum=self.limit)
        name = self.measure.replace("_", " ")
        told = f"{name} {self.limit:g} {rule.unit_text}"
        return f"{self.above} from {article(told)} upwards, {self.below} below"


def limit_rule(
    classes: Sequence[str], *, measure: str, unit: str | None, limit: float | None
) -> LimitRule:
    """A limit that a person gives without a proposal.

    Args:
        classes: What lies below and what lies above; one alone lies above.
        measure: length, area or short_side.
        unit: px or mm.
        limit: In `unit`, squared for an area.

    Returns:
        The rule.

    Raises:
        InvalidInputError: Something is missing, or there is no such measure or unit.
    """
    known: Measure | None = next((m for m in MEASURES if m == measure), None)
    named: Unit | None = next((u for u in UNITS if u == unit), None)
    if known is None or named is None or limit is None or not 1 <= len(classes) <= 2:
        raise InvalidInputError(
            f"a limit needs one or two classes, a measure, a unit and a number, found"
            f" {', '.join(classes) or 'no class'}, {measure}, {unit}, {limit}",
            hint=f"Measures: {', '.join(MEASURES)}. Units: {', '.join(UNITS)}.",
        )
    below, above = classes if len(classes) == 2 else (NOTHING, classes[0])
    return LimitRule(above, below, known, named, limit)


@dataclass(frozen=True, slots=True)
class AcceptedRule:
    """A rule as it was written down, and what it contradicts."""

    rule: str
    book: LabelBook
    check: RuleCheck

    def to_json(self) -> dict[str, Any]:
        """The rule as plain JSON types."""
        return {
            "rule": self.rule,
            "book_revision": self.book.revision,
            **self.check.to_json(),
        }


def accept_proposal(
    project: ProjectStore,
    proposal: RuleProposal,
    *,
    author: str,
    reason: str = "",
    limit: float | None = None,
) -> AcceptedRule:
    """Write a proposed rule into the label book, and queue the labels that it contradicts.

    A limit on what the label book cannot measure is written into the definitions, in words.

    Args:
        project: The project.
        proposal: With a limit.
        author: Who decides.
        reason: Why; the proposal in words if left out.
        limit: Another limit than the proposed one, in the same unit.

    Returns:
        What was written.

    Raises:
        InvalidInputError: The proposal has no limit, or the limit is impossible.
    """
    search = proposal.search
    if search.limit is None or search.proposed is None or search.feature is None:
        raise InvalidInputError(
            f"there is no limit between {proposal.first} and {proposal.second}:"
            f" {proposal.sentence()}",
            hint="Give one yourself: --measure length --limit 3 --unit mm.",
        )
    value = search.proposed if limit is None else limit
    above, below = proposal.second, proposal.first
    if not search.limit.rising:
        above, below = below, above
    why = reason or proposal.sentence()
    if search.feature.measure is None:
        unit = f" {search.feature.unit}" if search.feature.unit else ""
        told = f"{search.feature.name} {_checked_limit(value):g}{unit}"
        return _write_words(project, (above, below), told, author=author, reason=why)
    unit_name: Unit = "mm" if proposal.scale is not None else "px"
    rule = LimitRule(above, below, search.feature.measure, unit_name, value, proposal.scale)
    return accept_limit(project, rule, author=author, reason=why)


def accept_limit(
    project: ProjectStore, rule: LimitRule, *, author: str, reason: str = ""
) -> AcceptedRule:
    """Write a limit into the label book as its next revision, and check all labels.

    Args:
        project: The project.
        rule: The limit.
        author: Who decides.
        reason: Why.

    Returns:
        What was written.

    Raises:
        InvalidInputError: The limit or a class is impossible, or nothing says how large a
            pixel is in mm.
    """
    _checked_limit(rule.limit)
    book = project.book.current()
    for name in {rule.above, rule.below} - {NOTHING}:
        book.entry(name)
    if rule.above == rule.below:
        raise InvalidInputError(f"a limit parts two classes, found {rule.above} twice")
    if rule.unit == "mm" and book.mm_per_px is None:
        if not _all_scaled(project):
            raise InvalidInputError(
                "a limit in mm needs the size of a pixel",
                hint="Set mm_per_px in the label book or the metadata, or give it in px.",
            )
        book = replace(book, mm_per_px=rule.scale)
    for name, at_least in ((rule.above, True), (rule.below, False)):
        if name != NOTHING and not book.entry(name).good:
            book = book.with_entry(_with_limit(book.entry(name), rule, at_least=at_least))
    text = rule.text()
    saved = save_label_book(project, book, author=author, reason=reason or text)
    return AcceptedRule(text, saved, check_rules(project))


def _checked_limit(value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise InvalidInputError(f"a limit must be a number above 0, found {value}")
    return value


def _all_scaled(project: ProjectStore) -> bool:
    return all(mm_per_px(r.metadata) is not None for r in project.images.iterate())


def _with_limit(entry: ClassEntry, rule: LimitRule, *, at_least: bool) -> ClassEntry:
    """The class with this limit in place of the one on the same side it may have had."""
    same = [r for r in entry.rules if (r.measure, r.unit) == (rule.measure, rule.unit)]
    rest = tuple(r for r in entry.rules if r not in same)
    low = next((r.minimum for r in same if r.minimum is not None), None)
    high = next((r.maximum for r in same if r.maximum is not None), None)
    low, high = (rule.limit, high) if at_least else (low, rule.limit)
    made = NumericRule(rule.measure, rule.unit, minimum=low, maximum=high)
    return replace(entry, rules=(*rest, made))


def _write_words(
    project: ProjectStore, sides: tuple[str, str], told: str, *, author: str, reason: str
) -> AcceptedRule:
    above, below = sides
    book = project.book.current()
    for name, words in (
        (above, f"From {article(told)} upwards."),
        (below, f"Up to {article(told)}."),
    ):
        if name != NOTHING:
            entry = book.entry(name)
            book = book.with_entry(
                replace(entry, definition=f"{entry.definition} {words}".strip())
            )
    saved = save_label_book(project, book, author=author, reason=reason)
    text = f"{above} from {article(told)} upwards, {below} below (in words, not checkable)"
    return AcceptedRule(text, saved, check_rules(project))
