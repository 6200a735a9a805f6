"""Pages and notebook views: self-contained HTML without scripts or outside requests."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from pitmark.core.labels import Shape
from pitmark.core.records import ImageRecord
from pitmark.ops.images.text_file import write_text
from pitmark.ops.labels.agreement_report import AgreementReport
from pitmark.ops.labels.agreement_words import upper_first
from pitmark.ops.labels.consensus import ConsensusProposals
from pitmark.ops.labels.finding_order import explained, learned_for_order
from pitmark.ops.labels.finding_words import decision_html, kind_words, place_html
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.labels.rule_proposal import RuleProposal
from pitmark.ops.models.reports import Report
from pitmark.ops.pages.agreement import about_agreement, agreement_sections
from pitmark.ops.pages.chart_frame import attribute
from pitmark.ops.pages.consensus import about_consensus, consensus_sections
from pitmark.ops.pages.group_cards import group_card
from pitmark.ops.pages.picture_cards import Drawer, card, chips, facts, stage
from pitmark.ops.pages.report import about, report_sections
from pitmark.ops.pages.rules import rule_sections
from pitmark.ops.pages.style import STYLE
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

# Nothing in a page may load or run anything, whatever text ends up in it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, sections: Sequence[tuple[str, str]], lead: str = "") -> str:
    """A page that needs nothing beside itself.

    Args:
        title: Plain text.
        sections: Heading as plain text, and trusted HTML.
        lead: Plain text below the title; an empty line parts paragraphs.

    Returns:
        An HTML document.
    """
    links = "".join(
        f'<a href="#part-{n}">{escape(heading)}</a>'
        for n, (heading, _) in enumerate(sections, start=1)
    )
    body = "".join(
        f'<section id="part-{n}"><h2>{escape(heading)}</h2>{html}</section>'
        for n, (heading, html) in enumerate(sections, start=1)
    )
    told = "".join(f'<p class="pm-lead">{escape(p)}</p>' for p in lead.split("\n\n") if p)
    nav = f'<nav aria-label="Sections">{links}</nav>' if len(sections) > 1 else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{attribute(_POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f'<body class="pitmark"><header><div class="pm-brand">Pitmark</div>'
        f"<h1>{escape(title)}</h1>{told}{nav}</header><main>{body}</main></body></html>\n"
    )


def images_html(store: ProjectStore, records: Sequence[ImageRecord], limit: int = 60) -> str:
    """Images with their labels as a grid of cards.

    Args:
        store: The project.
        records: Its images.
        limit: How many to show.

    Returns:
        HTML to stand in a page or a notebook.
    """
    if not records:
        return fragment('<p class="pm-quiet">No images. Next: pitmark import FOLDER</p>')
    shown = records[:limit]
    held = store.annotations.consensus([r.sha256 for r in shown])
    drawer = Drawer(store)
    cards = []
    for record in shown:
        labels = held.get(record.sha256)
        shot = drawer.shot(record, labels.shapes if labels else ())
        words = f'<p class="pm-name">{escape(record.name)}</p>'
        if labels is None:
            words += '<p class="pm-small">not labeled yet</p>'
        elif not labels.shapes:
            words += '<p class="pm-small">labeled: nothing to mark</p>'
        else:
            words += chips([s.label for s in labels.shapes], drawer.classes)
        words += facts(record.metadata)
        cards.append(card(stage([(shot, "")]), words))
    told = _shown(len(shown), len(records), "image")
    return fragment(f'{told}<div class="pm-grid">{"".join(cards)}</div>')


def findings_html(store: ProjectStore, rows: Sequence[FindingRow], limit: int = 40) -> str:
    """Findings with the labels and the suggested change side by side.

    Args:
        store: The project.
        rows: Its findings, the most likely faults first.
        limit: How many to show.

    Returns:
        HTML to stand in a page or a notebook.
    """
    if not rows:
        return fragment('<p class="pm-quiet">No findings. Next: pitmark audit</p>')
    shown = rows[:limit]
    held = store.annotations.consensus([r.sha256 for r in shown])
    drawer = Drawer(store)
    cards = []
    for ranked in explained(store, shown, learned_for_order(store)):
        row, place = ranked.row, place_html(ranked)
        labels = held.get(row.sha256)
        if row.kind == GROUP:
            cards.append(group_card(store, drawer, row, place + decision_html(row)))
        else:
            shapes = labels.shapes if labels else ()
            cards.append(_finding(store, drawer, row, shapes, place=place))
    told = _shown(len(shown), len(rows), "finding")
    return fragment(f'{told}<div class="pm-grid pm-wide">{"".join(cards)}</div>')


def report_html(store: ProjectStore, report: Report) -> str:
    """The report of a run.

    Args:
        store: The project.
        report: Of one of its runs.

    Returns:
        HTML to stand in a page or a notebook.
    """
    return _told(f"{report.project}, {about(report)}", report_sections(store, report))


def agreement_html(store: ProjectStore, report: AgreementReport) -> str:
    """How far people agree.

    Args:
        store: The project.
        report: Of this project.

    Returns:
        HTML to stand in a page or a notebook.
    """
    return _told(about_agreement(report), agreement_sections(store, report))


def consensus_html(store: ProjectStore, found: ConsensusProposals) -> str:
    """What people hold together.

    Args:
        store: The project.
        found: Proposals of this project.

    Returns:
        HTML to stand in a page or a notebook.
    """
    return _told(about_consensus(found), consensus_sections(store, found))


def write_agreement_page(store: ProjectStore, report: AgreementReport, path: Path) -> None:
    """Write an agreement report as a page; the file is whole or not there at all.

    Args:
        store: The project.
        report: Of this project.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    lead, title = about_agreement(report), f"Agreement on {report.project}"
    _write_told(path, title, lead, agreement_sections(store, report))


def write_consensus_page(store: ProjectStore, found: ConsensusProposals, path: Path) -> None:
    """Write consensus proposals as a page; the file is whole or not there at all.

    Args:
        store: The project.
        found: Proposals of this project.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    lead, title = about_consensus(found), f"Consensus on {store.info.name}"
    _write_told(path, title, lead, consensus_sections(store, found))


def rules_html(store: ProjectStore, proposals: Sequence[RuleProposal]) -> str:
    """Proposed rules with histogram, labelers and border cases.

    Args:
        store: The project.
        proposals: Of it.

    Returns:
        HTML to stand in a page or a notebook.
    """
    return fragment(_parts(rule_sections(store, proposals)))


def write_rule_page(store: ProjectStore, proposals: Sequence[RuleProposal], path: Path) -> None:
    """Write proposed rules as a page; the file is whole or not there at all.

    Args:
        store: The project.
        proposals: Of it.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    lead = "Where people change from one class to another, and the rule that could settle it."
    write_text(
        path, page(f"Rules for {store.info.name}", rule_sections(store, proposals), lead)
    )


def _parts(sections: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f"<section><h2>{escape(heading)}</h2>{html}</section>" for heading, html in sections
    )


def write_report_page(store: ProjectStore, report: Report, path: Path) -> None:
    """Write the report of a run as a page; the file is whole or not there at all.

    Args:
        store: The project.
        report: Of one of its runs.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    title = f"Report on {report.project}"
    _write_told(path, title, about(report), report_sections(store, report))


def _write_told(path: Path, title: str, lead: str, sections: Sequence[tuple[str, str]]) -> None:
    write_text(path, page(title, sections, f"{upper_first(lead)}."))


def _finding(
    store: ProjectStore,
    drawer: Drawer,
    row: FindingRow,
    labels: Sequence[Shape],
    *,
    place: str,
) -> str:
    record = store.images.get(row.sha256)
    focus = _subject(row, labels)
    shots = [(drawer.shot(record, labels, focus=focus), "as labeled")]
    if row.suggestion is not None:
        shots.append((drawer.shot(record, row.suggestion, focus=focus), "suggested"))
    elif row.related:
        other = store.images.get(row.related[0])
        held = store.annotations.consensus([other.sha256]).get(other.sha256)
        shots.append(
            (drawer.shot(other, held.shapes if held else ()), f"compare: {other.name}")
        )
    kind = kind_words(row.kind)
    words = (
        f'<p><span class="pm-kind">{escape(kind)}</span>'
        f'<span class="pm-small">{escape(row.id)} &middot; score {row.score:.2f}</span></p>'
        f"<p>{escape(row.why)}</p>"
        f'<p class="pm-small">{escape(record.name)}</p>{place}{decision_html(row)}'
    )
    return card(stage(shots), words)


def _subject(row: FindingRow, labels: Sequence[Shape]) -> Shape | None:
    """The shape that a finding is about: the judged one, else one that it would add."""
    if row.shape_index is not None:
        return labels[row.shape_index] if row.shape_index < len(labels) else None
    added = [s for s in row.suggestion or () if s not in labels]
    return added[0] if added else None


def _shown(count: int, total: int, noun: str) -> str:
    plural = noun if total == 1 else f"{noun}s"
    words = f"{total:,} {plural}" if count == total else f"{count} of {total:,} {plural}"
    return f'<p class="pm-quiet">{words}</p>'


def _told(about_it: str, sections: Sequence[tuple[str, str]]) -> str:
    body = "".join(
        f"<section><h2>{escape(heading)}</h2>{html}</section>" for heading, html in sections
    )
    return fragment(f'<p class="pm-quiet">{escape(about_it)}</p>{body}')


def fragment(body: str) -> str:
    """HTML with its style, to stand in a notebook.

    Args:
        body: Trusted HTML.

    Returns:
        HTML.
    """
    return f'<div class="pitmark pm-fragment"><style>{STYLE}</style>{body}</div>'
