"""The label book: what each class is, what it is not, and measurable rules.

It is versioned like code: a change gives a new revision, and every annotation names the
revision under which it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pitmark.core.errors import InvalidLabelError
from pitmark.core.labels import Shape, shape_area_px, shape_box

Measure = Literal["length", "area", "short_side"]
Unit = Literal["px", "mm"]
_MEASURES = ("length", "area", "short_side")
GOOD_NAMES = frozenset({"good", "ok", "normal", "free", "none", "no defect", "pass"})


@dataclass(frozen=True, slots=True)
class NumericRule:
    """A limit on the size of what may be called by a class.

    `length` is the longer side of the box, `short_side` the shorter one, `area` the
    area of the shape. Limits are in `unit` (squared for area); None means no limit.
    """

    measure: Measure
    unit: Unit
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.measure not in _MEASURES or self.unit not in ("px", "mm"):
            raise InvalidLabelError(
                f"a rule cannot measure {self.measure!r} in {self.unit!r}",
                hint="Measures: length, area, short_side. Units: px, mm.",
            )
        low, high = self.minimum, self.maximum
        if low is None and high is None:
            raise InvalidLabelError(f"the rule on {self.measure} has no limit")
        if low is not None and high is not None and low > high:
            raise InvalidLabelError(
                f"the rule on {self.measure} asks for at least {low:g} and at most {high:g}"
            )

    @property
    def unit_text(self) -> str:
        """The unit as people write it: mm, or mm² for an area."""
        return f"{self.unit}²" if self.measure == "area" else self.unit

    def allows(self, value: float) -> bool:
        """Whether a measured value keeps the limits; rounding is not held against it.

        Args:
            value: In `unit_text`.

        Returns:
            True when it does.
        """
        slack = 1e-9 * max(1.0, abs(value))
        above = self.minimum is None or value >= self.minimum - slack
        return above and (self.maximum is None or value <= self.maximum + slack)

    def text(self) -> str:
        """The rule in words, for example "length at least 3 mm"."""
        unit = self.unit_text
        parts = []
        if self.minimum is not None:
            parts.append(f"at least {self.minimum:g} {unit}")
        if self.maximum is not None:
            parts.append(f"at most {self.maximum:g} {unit}")
        return f"{self.measure.replace('_', ' ')} {' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """One class of the label book; examples are sha256 hashes of images."""

    name: str
    definition: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    rules: tuple[NumericRule, ...] = ()
    good: bool = False
    must_catch: bool = False


@dataclass(frozen=True, slots=True)
class LabelBook:
    """All classes of a project in their order, and what is true of all its images.

    `mm_per_px` is the size of a pixel on the part; `flips` and `turns` say whether a
    mirrored or a quarter-turned image is still a possible image with the same labels.
    """

    revision: int = 0
    classes: tuple[ClassEntry, ...] = ()
    mm_per_px: float | None = None
    flips: bool = True
    turns: bool = True

    def __post_init__(self) -> None:
        names = [c.name for c in self.classes]
        for name in names:
            if not name.strip() or names.count(name) > 1:
                raise InvalidLabelError(
                    f"class name {name!r} is empty or used twice in the label book"
                )
        if self.mm_per_px is not None and not self.mm_per_px > 0:
            raise InvalidLabelError(f"mm_per_px must be above 0, found {self.mm_per_px}")

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in order."""
        return tuple(c.name for c in self.classes)

    @property
    def defect_names(self) -> tuple[str, ...]:
        """Names of the classes that make a part NG, in order."""
        return tuple(c.name for c in self.classes if not c.good)

    def entry(self, name: str) -> ClassEntry:
        """The entry of one class.

        Args:
            name: Class name.

        Returns:
            The entry.

        Raises:
            InvalidLabelError: The label book has no such class.
        """
        for candidate in self.classes:
            if candidate.name == name:
                return candidate
        raise InvalidLabelError(
            f"the label book has no class {name!r}",
            hint=f"Its classes: {', '.join(self.names) or 'none yet'}.",
        )

    def with_classes(self, names: Iterable[str]) -> LabelBook:
        """The same book with classes added that it lacks.

        A new class called "good", "ok", "normal", "free" or the like is taken as good.

        Args:
            names: Class names, in the order in which to add them.

        Returns:
            This book if nothing was missing, otherwise one with the next revision.
        """
        known = set(self.names)
        new = [n for n in dict.fromkeys(names) if n not in known]
        if not new:
            return self
        entries = [ClassEntry(n, good=n.strip().lower() in GOOD_NAMES) for n in new]
        return replace(self, revision=self.revision + 1, classes=(*self.classes, *entries))

    def with_entry(self, entry: ClassEntry) -> LabelBook:
        """The next revision with one class added or replaced.

        Args:
            entry: The class as it shall stand.

        Returns:
            A book with the next revision.
        """
        if entry.name in self.names:
            classes = tuple(entry if c.name == entry.name else c for c in self.classes)
        else:
            classes = (*self.classes, entry)
        return replace(self, revision=self.revision + 1, classes=classes)

    def is_defect(self, shapes: Iterable[Shape]) -> bool:
        """Whether an image with these shapes is NG.

        Args:
            shapes: The shapes of one image.

        Returns:
            True when any shape has a class that is not good.
        """
        good = {c.name for c in self.classes if c.good}
        return any(s.label not in good for s in shapes)

    def broken_rules(self, shape: Shape) -> tuple[str, ...]:
        """The rules of its class that a shape breaks, in words with the measured value.

        Args:
            shape: Any shape of a class in this book.

        Returns:
            One sentence per broken rule; rules in mm are skipped without `mm_per_px`.
        """
        out = []
        for rule in self.entry(shape.label).rules:
            value = self._measure(shape, rule)
            if value is None:
                continue
            if not rule.allows(value):
                out.append(f"{rule.text()}, this one measures {value:.3g} {rule.unit_text}")
        return tuple(out)

    def _measure(self, shape: Shape, rule: NumericRule) -> float | None:
        box = shape_box(shape)
        if box is None or (rule.unit == "mm" and self.mm_per_px is None):
            return None
        scale = self.mm_per_px if rule.unit == "mm" and self.mm_per_px else 1.0
        if rule.measure == "area":
            return shape_area_px(shape) * scale**2
        sides = (box[2] - box[0], box[3] - box[1])
        return (max(sides) if rule.measure == "length" else min(sides)) * scale

    def to_json(self) -> dict[str, Any]:
        """The book as plain JSON types."""
        return {
            "revision": self.revision,
            "mm_per_px": self.mm_per_px,
            "flips": self.flips,
            "turns": self.turns,
            "classes": [_entry_to_json(c) for c in self.classes],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LabelBook:
        """The book that `to_json` wrote; keys left out take their defaults.

        Args:
            data: The JSON object.

        Returns:
            The book.

        Raises:
            InvalidLabelError: A key is unknown or a value is of the wrong type.
        """
        _no_unknown(data, ("revision", "mm_per_px", "flips", "turns", "classes"))
        try:
            size = data.get("mm_per_px")
            return LabelBook(
                revision=int(data.get("revision", 0)),
                classes=tuple(_entry_from_json(c) for c in data.get("classes", ())),
                mm_per_px=None if size is None else float(size),
                flips=bool(data.get("flips", True)),
                turns=bool(data.get("turns", True)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InvalidLabelError(f"not a label book: {exc}") from exc


def _no_unknown(data: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise InvalidLabelError(
            f"the label book has an unknown key {unknown[0]!r}",
            hint=f"Known keys: {', '.join(known)}.",
        )


def _entry_to_json(entry: ClassEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "definition": entry.definition,
        "examples": list(entry.examples),
        "counter_examples": list(entry.counter_examples),
        "rules": [
            {
                "measure": r.measure,
                "unit": r.unit,
                "minimum": r.minimum,
                "maximum": r.maximum,
            }
            for r in entry.rules
        ],
        "good": entry.good,
        "must_catch": entry.must_catch,
    }


def _entry_from_json(data: Mapping[str, Any]) -> ClassEntry:
    _no_unknown(
        data,
        (
            "name",
            "definition",
            "examples",
            "counter_examples",
            "rules",
            "good",
            "must_catch",
        ),
    )
    rules = tuple(
        NumericRule(
            measure=r["measure"],
            unit=r["unit"],
            minimum=None if r.get("minimum") is None else float(r["minimum"]),
            maximum=None if r.get("maximum") is None else float(r["maximum"]),
        )
        for r in data.get("rules", ())
    )
    return ClassEntry(
        name=str(data["name"]),
        definition=str(data.get("definition", "")),
        examples=tuple(str(e) for e in data.get("examples", ())),
        counter_examples=tuple(str(e) for e in data.get("counter_examples", ())),
        rules=rules,
        good=bool(data.get("good", False)),
        must_catch=bool(data.get("must_catch", False)),
    )
