"""Hold all labels against the rules of the label book, and queue those that break one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.labels import Shape
from pitmark.core.provenance import is_in_use
from pitmark.core.records import ImageRecord
from pitmark.ops.labels.review_worth import weigh_findings
from pitmark.quality.rules.features import mm_per_px
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding

BROKEN = "broken_rule"
SOURCE = "rules"


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """How many labels were held against rules, and how many break one, by class.

    `skipped` counts labels with a rule in mm where nothing says how large a pixel is.
    """

    images: int
    labels: int
    by_class: Mapping[str, int]
    skipped: int

    @property
    def contradictions(self) -> int:
        """How many labels break a rule."""
        return sum(self.by_class.values())

    def sentence(self) -> str:
        """The check in words."""
        told = f"{self.contradictions} of {self.labels} labels under a rule break it"
        if self.by_class:
            told += f" ({', '.join(f'{n} {name}' for name, n in self.by_class.items())})"
        if self.skipped:
            told += (
                f"; {self.skipped} could not be checked: the size of a pixel in mm is unknown"
            )
        return told

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON types."""
        return {
            "images": self.images,
            "labels_under_rules": self.labels,
            "contradictions": self.contradictions,
            "by_class": dict(self.by_class),
            "not_checkable": self.skipped,
            "sentence": self.sentence(),
        }


def check_rules(project: ProjectStore) -> RuleCheck:
    """Queue every label that contradicts a rule of the label book: a measurement, no guess.

    Findings on labels that keep the rules by now are taken from the queue; what a person
    settled stays settled.

    Args:
        project: The project.

    Returns:
        What was found.
    """
    book = project.book.current()
    ruled = {c.name for c in book.classes if c.rules}
    held = project.annotations.consensus() if ruled else {}
    found: list[NewFinding] = []
    labels, skipped = 0, 0
    for record in project.images.iterate():
        row = held.get(record.sha256)
        if row is None or not is_in_use(record):
            continue
        scaled = book_for(book, record)
        for index, shape in enumerate(row.shapes):
            if shape.label not in ruled:
                continue
            labels += 1
            skipped += scaled.mm_per_px is None and _needs_mm(book.entry(shape.label))
            found += _broken(record, row.shapes, index, scaled)
    project.findings.save(found, source=SOURCE)
    weigh_findings(project)
    broken = {(f.sha256, f.shape_index): f for f in found}
    counts = Counter(held[sha].shapes[index or 0].label for sha, index in broken)
    return RuleCheck(len(held), labels, dict(counts), skipped)


def book_for(book: LabelBook, record: ImageRecord) -> LabelBook:
    """The label book with the size of a pixel as the metadata of an image say it.

    Args:
        book: The label book.
        record: The image.

    Returns:
        The book, its own `mm_per_px` kept where the metadata say nothing.
    """
    scale = mm_per_px(record.metadata, book.mm_per_px)
    return book if scale == book.mm_per_px else replace(book, mm_per_px=scale)


def _needs_mm(entry: ClassEntry) -> bool:
    return any(rule.unit == "mm" for rule in entry.rules)


def _broken(
    record: ImageRecord, shapes: tuple[Shape, ...], index: int, book: LabelBook
) -> list[NewFinding]:
    told = book.broken_rules(shapes[index])
    if not told:
        return []
    other = _other_class(shapes[index], book)
    renamed = () if other is None else (replace(shapes[index], label=other),)
    suggestion = (*shapes[:index], *renamed, *shapes[index + 1 :])
    label = shapes[index].label
    return [
        NewFinding(
            kind=BROKEN,
            sha256=record.sha256,
            shape_index=index,
            score=1.0,
            why=f"{label}: the label book asks for {'; and for '.join(told)}"
            + (f"; by its rules this is {other}" if other else ""),
            suggestion=suggestion,
        )
    ]


def _other_class(shape: Shape, book: LabelBook) -> str | None:
    """The one class whose limit begins where that of this class ends, and which allows it."""
    limits = {
        (rule.measure, rule.unit, at)
        for rule in book.entry(shape.label).rules
        for at in (rule.minimum, rule.maximum)
        if at is not None
    }
    fits = []
    for entry in book.classes:
        shared = any(
            (rule.measure, rule.unit, at) in limits
            for rule in entry.rules
            for at in (rule.minimum, rule.maximum)
        )
        renamed = replace(shape, label=entry.name)
        if entry.name != shape.label and shared and not book.broken_rules(renamed):
            fits.append(entry.name)
    return fits[0] if len(fits) == 1 else None
