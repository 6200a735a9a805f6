"""The page of an agreement report: as the factory knows it, with the images beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pitmark.metrics.acceptance import (
    EFFECTIVENESS,
    FALSE_ALARM_RATE,
    KAPPA,
    MISS_RATE,
    kappa_word,
)
from pitmark.metrics.attribute_study import AgreementFigures, LabelerFigures
from pitmark.metrics.intervals import Interval
from pitmark.metrics.mask_agreement import MaskComparison
from pitmark.metrics.outline_bias import EDGES, OutlineBias
from pitmark.ops.labels.agreement import in_short
from pitmark.ops.labels.agreement_cells import (
    change_cell,
    interval_text,
    kappa_cell,
    light,
    share_cell,
    share_text,
    signed,
)
from pitmark.ops.labels.agreement_report import AgreementReport, PartedImage
from pitmark.ops.labels.agreement_words import THING_NOUNS
from pitmark.ops.labels.answers import Answers, gather_answers
from pitmark.ops.pages.charts import Bar, bars_svg
from pitmark.ops.pages.picture_cards import Drawer, card, odd_one, stage
from pitmark.ops.pages.report_figures import cell_table
from pitmark.store.db import ProjectStore

MOST_IMAGES = 24
_MOST_SHOTS = 4
_TITLES = {
    "classes": "Labeler by labeler: the class of images",
    "verdicts": "Labeler by labeler: OK or NG",
    "objects": "Labeler by labeler: marked objects",
}


def agreement_sections(store: ProjectStore, report: AgreementReport) -> list[tuple[str, str]]:
    """All that an agreement report has to say.

    Args:
        store: The project.
        report: Of this project.

    Returns:
        Heading and HTML of each section; what there is nothing to say about is left out.
    """
    found = [("What it comes to", _summary(report))]
    found += [(_TITLES[f.kind], _labelers(f)) for f in report.figures]
    found += [
        ("Labeler against labeler", "".join(_pairs(f) for f in report.figures)),
        ("Class by class", "".join(_classes(f) for f in report.figures if f.per_class)),
        ("What is taken for what", _confused(report)),
        ("Where the edges of boxes lie", _outlines(report)),
        ("Masks", _masks(report)),
        ("Images on which people part", _parted(store, report)),
        ("What this rests on", _grounds(report)),
    ]
    return [(heading, html) for heading, html in found if html]


def about_agreement(report: AgreementReport) -> str:
    """Of what a report is, in one line.

    Args:
        report: The report.

    Returns:
        Plain text.
    """
    trials = f", {report.trials} trials each" if report.trials > 1 else ""
    reference = f"; reference: {report.reference}" if report.reference else ""
    return (
        f"{report.source}: {report.images} images, {', '.join(report.labelers)}{trials}"
        f"{reference}"
    )


def _summary(report: AgreementReport) -> str:
    told = f'<p class="pm-verdict">{escape(report.sentences[0])}</p>'
    panels = [_alpha_panel(f"Agreement on {f.kind}", f.alpha) for f in report.figures]
    masks = report.masks
    if masks is not None:
        panels.append(_alpha_panel("Agreement on pixels", masks.pixel_alpha))
        panels += [
            _alpha_panel(f"Dice of {m.name}, {m.first} and {m.second}", m.dice, graded=False)
            for m in masks.between[:3]
        ]
    items = "".join(f"<li>{escape(s)}</li>" for s in report.sentences[1:])
    return f'{told}<div class="pm-row">{"".join(panels)}</div><ul>{items}</ul>'


def _alpha_panel(name: str, found: Interval, *, graded: bool = True) -> str:
    shown = "&ndash;" if found.value is None else f"{found.value:.2f}"
    bar, told = "", "cannot be said"
    if found.value is not None:
        told = "too few images for an interval"
    if found.value is not None and found.low is not None and found.high is not None:
        low, high = max(found.low, 0.0), max(found.high, 0.0)
        told = f"between {found.low:.2f} and {found.high:.2f}"
        bar = (
            f'<div class="pm-range"><span style="left: {100 * low:.1f}%;'
            f' width: {100 * (high - low):.1f}%"></span>'
            f'<b style="left: {100 * max(found.value, 0.0):.1f}%"></b></div>'
        )
    lamp = light(KAPPA.grade(found.value), kappa_word(found.value)) if graded else ""
    return (
        f'<div class="pm-panel"><h3>{escape(name)}</h3><div class="pm-figure">{shown}</div>'
        f'{bar}<p class="pm-quiet">{told}</p>{lamp}</div>'
    )


def _labelers(figures: AgreementFigures) -> str:
    objects = figures.kind == "objects"
    head = [
        "labeler",
        "with themselves",
        "with the others",
        "right (effectiveness)",
        "missed objects" if objects else "misses",
        "marks without an object" if objects else "false alarms",
        "agreement without them",
    ]
    rows = [_labeler_row(who) for who in figures.per_labeler]
    return cell_table(head, rows)


def _labeler_row(who: LabelerFigures) -> list[str]:
    judged = who.against_reference
    right = judged.effectiveness if judged else None
    missed = judged.miss_rate if judged else None
    alarms = judged.false_alarm_rate if judged else None
    return [
        escape(who.labeler),
        kappa_cell(who.repeat_kappa),
        kappa_cell(who.with_others),
        share_cell(right, EFFECTIVENESS),
        share_cell(missed, MISS_RATE),
        share_cell(alarms, FALSE_ALARM_RATE),
        change_cell(who.left_out),
    ]


def _pairs(figures: AgreementFigures) -> str:
    if not figures.pairs:
        return ""
    noun = THING_NOUNS[figures.kind]
    rows = [
        [
            f"{escape(p.first)} and {escape(p.second)}",
            f"{p.things}",
            share_text(p.same),
            kappa_cell(p.kappa),
        ]
        for p in figures.pairs
    ]
    head = ["who", noun, "called the same", "kappa"]
    return f"<h3>{escape(figures.kind)}</h3>{cell_table(head, rows)}"


def _classes(figures: AgreementFigures) -> str:
    rows, bars = [], []
    for one in figures.per_class:
        share = one.positive_agreement
        cells = [escape(one.name), str(one.called), interval_text(share, shares=True)]
        if figures.kind != "objects":
            cells.append(kappa_cell(one.alpha))
        rows.append(cells)
        bars.append(Bar(one.name, share.value, share.low, share.high))
    head = ["class", "answers", "another labeler calls it too"]
    head += ["alpha"] if figures.kind != "objects" else []
    chart = bars_svg(bars, "where one calls it, another does too")
    return (
        f"<h3>{escape(figures.kind)}</h3>"
        f'<div class="pm-beside"><div class="pm-panel">{cell_table(head, rows)}</div>'
        f'<div class="pm-panel">{chart}</div></div>'
    )


def _confused(report: AgreementReport) -> str:
    rows = [[f"{escape(a)} / {escape(b)}", str(n)] for a, b, n in report.confused[:12]]
    if not rows:
        return ""
    return cell_table(["one says / another says", "pairs of answers"], rows)


def _outlines(report: AgreementReport) -> str:
    if not report.outlines:
        return ""
    against = "the reference" if report.reference else "the mean of the others"
    head = [
        "labeler",
        "boxes",
        *(f"{e} edge, px" for e in EDGES),
        "area ratio",
        "beyond chance",
    ]
    told = (
        f'<p class="pm-quiet">Against {escape(against)}, x to the right and y down; an area'
        " ratio above 1 is drawn larger.</p>"
    )
    return told + cell_table(head, [_outline_row(o) for o in report.outlines])


def _outline_row(bias: OutlineBias) -> list[str]:
    return [
        escape(bias.labeler),
        str(bias.boxes),
        *(signed(bias.edges_px[e]) for e in EDGES),
        interval_text(bias.tightness),
        ", ".join(bias.systematic) or "none",
    ]


def _masks(report: AgreementReport) -> str:
    masks = report.masks
    if masks is None:
        return ""
    parts = []
    for title, rows in (
        ("Between labelers", masks.between),
        ("With themselves", masks.within),
        ("Against the reference", masks.against_reference),
    ):
        if rows:
            parts.append(f"<h3>{title}</h3>{_mask_table(rows)}")
    return "".join(parts)


def _mask_table(rows: Sequence[MaskComparison]) -> str:
    true = rows[0].sensitivity is not None
    head = ["class", "who", "images", "marked", "Dice per image", "Dice of all pixels"]
    head += ["marked by both", "borders apart, px", "area ratio"]
    head += ["sensitivity", "specificity"] if true else []
    lines = []
    for row in rows:
        who = row.second if true else f"{row.first} and {row.second}"
        who = f"{row.first}, again" if row.first == row.second else who
        cells = [escape(row.name), escape(who), str(row.images), str(row.marked)]
        cells += [interval_text(f) for f in (row.dice, row.pooled_dice)]
        cells += [interval_text(row.presence, shares=True), interval_text(row.border_mean_px)]
        cells.append(interval_text(row.area_ratio))
        if row.sensitivity is not None and row.specificity is not None:
            cells += [interval_text(f, digits=3) for f in (row.sensitivity, row.specificity)]
        lines.append(cells)
    return cell_table(head, lines)


def _parted(store: ProjectStore, report: AgreementReport) -> str:
    if not report.parted:
        return '<p class="pm-quiet">None: everybody says the same of every image.</p>'
    answers = gather_answers(store, study=report.study, reference="none")
    drawer = Drawer(store)
    shown = report.parted[:MOST_IMAGES]
    cards = "".join(_parted_card(store, drawer, answers, one) for one in shown)
    told = f"{len(shown)} of {len(report.parted)} images, those that part people most first."
    return f'<p class="pm-quiet">{told}</p><div class="pm-grid pm-wide">{cards}</div>'


def _parted_card(
    store: ProjectStore, drawer: Drawer, answers: Answers, one: PartedImage
) -> str:
    record = store.images.get(one.sha256)
    by = answers.said.get(one.sha256, {})
    focus = odd_one(list(by.values()))
    shots = [
        (drawer.shot(record, by[n], focus=focus), answers.column_name(n))
        for n in _telling(answers, sorted(by), [in_short(by[n]) for n in sorted(by)])
    ]
    words = f'<p class="pm-name">{escape(one.image)}</p>'
    words += "".join(
        f'<p class="pm-small">{escape(who)}: {escape(text)}</p>'
        for who, text in one.said.items()
    )
    return card(stage(shots), words)


def _telling(answers: Answers, columns: Sequence[int], texts: Sequence[str]) -> list[int]:
    """The columns to show: one of every different answer, then one of every labeler."""
    different = dict(zip(reversed(texts), reversed(columns), strict=True))
    chosen = sorted(different.values())
    seen = {answers.labelers[n] for n in chosen}
    first = {answers.labelers[n]: n for n in reversed(columns)}
    rest = [n for who, n in first.items() if who not in seen]
    rest += [n for n in columns if n not in rest]
    return sorted(list(dict.fromkeys([*chosen, *sorted(rest)]))[:_MOST_SHOTS])


def _grounds(report: AgreementReport) -> str:
    limits = "".join(f"<li>{escape(limit.text())}</li>" for limit in report.limits)
    return (
        "<p>The usual limits of attribute agreement analysis:</p>"
        f"<ul>{limits}</ul>"
        '<p class="pm-quiet">Kappa and alpha are agreement beyond chance: 1 is full agreement,'
        " 0 what chance gives; from 0.75 on good, from 0.9 very good. Intervals hold with 95 %"
        " and are drawn by image, since answers about one image belong together. For marked"
        " objects, places that nobody marked count as agreed upon.</p>"
    )
