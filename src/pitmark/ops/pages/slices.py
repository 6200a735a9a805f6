"""Weak slices as a page: each with its rates, what it is, and members that fail and pass."""

from __future__ import annotations

from html import escape

from pitmark.core.labels import Shape
from pitmark.ops.data.slicing import SliceReport
from pitmark.ops.pages.picture_cards import Drawer, card, chips, stage
from pitmark.ops.pages.report_figures import table
from pitmark.quality.slices.finding import Slice
from pitmark.store.db import ProjectStore

NO_SLICE = (
    "No slice is confirmed: nowhere does the model do so much worse than elsewhere that it"
    " shows again on images that the search had not seen."
)


def about_slices(report: SliceReport) -> str:
    """What was searched, in one line.

    Args:
        report: Any.

    Returns:
        Plain text.
    """
    return f"{len(report.cases)} {report.unit} of {report.source}"


def slice_sections(store: ProjectStore, report: SliceReport) -> list[tuple[str, str]]:
    """Confirmed slices, hints, and protected groups.

    Args:
        store: The project.
        report: Of it.

    Returns:
        Heading and HTML of each.
    """
    drawer = Drawer(store)
    parts: dict[bool, list[str]] = {True: [], False: []}
    for one, examples in zip(report.slices, report.examples, strict=True):
        parts[one.confirmed].append(_slice(store, drawer, report, one, examples))
    none = f'<p class="pm-quiet">{escape(NO_SLICE)}</p>'
    out = [("Weak slices", "".join(parts[True]) or none)]
    if parts[False]:
        told = (
            '<p class="pm-quiet">These looked weak where they were searched for, but not'
            " clearly so on other images. Collect more of them before you act.</p>"
        )
        out.append(("Hints", told + "".join(parts[False])))
    if report.rates:
        out.append(("Escapes and overkill by group", _rates(report)))
    return out


def _slice(
    store: ProjectStore,
    drawer: Drawer,
    report: SliceReport,
    one: Slice,
    examples: tuple[tuple[int, ...], tuple[int, ...]],
) -> str:
    words = one.sentence()
    body = f'<p class="pm-verdict">{escape(words[:1].upper() + words[1:])}</p>'
    seen = one.evidence
    body += (
        f'<p class="pm-quiet">{one.cases} {report.unit} in all. The figures are of'
        f" {seen.cases} that the search had not seen; chance gives as much in"
        f" {_chance(seen.p_value)} searches.</p>"
    )
    if one.traits:
        rows = [
            [f"{t.name} {t.value}", f"{t.inside:.0%}", f"{t.outside:.0%}"] for t in one.traits
        ]
        body += table(["what sets it apart", "inside", "elsewhere"], rows)
    failing, passing = examples
    cards = [_case(store, drawer, report, n, "fails") for n in failing]
    cards += [_case(store, drawer, report, n, "passes") for n in passing]
    return f'<div class="pm-panel">{body}<div class="pm-grid">{"".join(cards)}</div></div>'


def _chance(p_value: float) -> str:
    if p_value < 1e-4:
        return "fewer than 1 of 10,000"
    return f"{max(1, round(10_000 * p_value)):,} of 10,000"


def _case(
    store: ProjectStore, drawer: Drawer, report: SliceReport, number: int, said: str
) -> str:
    case = report.cases[number]
    shapes: tuple[Shape, ...] = () if case.shape is None else (case.shape,)
    if case.shape is None:
        held = store.annotations.consensus([case.image.sha256]).get(case.image.sha256)
        shapes = held.shapes if held else ()
    shot = drawer.shot(case.image, shapes, focus=case.shape)
    words = f'<p><span class="pm-kind">{said}</span>{escape(case.image.name)}</p>'
    words += chips([case.class_name], drawer.classes)
    return card(stage([(shot, "")]), words)


def _rates(report: SliceReport) -> str:
    rows = []
    for rate in report.rates:
        seen = rate.evidence
        rows.append(
            [
                f"{rate.name} {rate.value}",
                "escapes" if rate.rate == "escapes" else "overkill",
                f"{seen.total:.0f} of {seen.cases}",
                f"{seen.inside:.1%}",
                f"{seen.outside:.1%}",
                f"{100 * seen.low:+.0f} to {100 * seen.high:+.0f}",
                "worse off" if rate.unequal else "",
            ]
        )
    head = ["group", "rate", "cases", "here", "others", "points apart", ""]
    return f'<div class="pm-scroll">{table(head, rows)}</div>'
