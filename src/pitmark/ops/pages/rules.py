"""Proposed rules as a page: the limit on its histogram, who changes where, the border cases."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from pitmark.core.labels import BoxShape
from pitmark.ops.labels.rule_proposal import NearLimit, RuleProposal
from pitmark.ops.pages.chart_frame import (
    ACCENT,
    INK,
    SERIES,
    WARN,
    Plot,
    Scale,
    plot_area,
    rule,
    svg,
    text,
)
from pitmark.ops.pages.picture_cards import Drawer, card, chips, stage
from pitmark.ops.pages.report_figures import table
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.db import ProjectStore

_BARS = 24
_FEATURES = 8


def rule_sections(
    store: ProjectStore, proposals: Sequence[RuleProposal]
) -> list[tuple[str, str]]:
    """One section per pair of classes.

    Args:
        store: The project.
        proposals: Of it.

    Returns:
        Heading and HTML of each.
    """
    if not proposals:
        return [("Rules", f'<p class="pm-quiet">{escape(NO_DISPUTE)}</p>')]
    drawer = Drawer(store)
    return [(f"{p.first} or {p.second}", _section(store, drawer, p)) for p in proposals]


NO_DISPUTE = (
    "Nobody gives one thing two names, and no audit found a group labeled by two rules."
    " Name classes to look for a limit between them: pitmark rule propose CLASS CLASS"
)


def _section(store: ProjectStore, drawer: Drawer, proposal: RuleProposal) -> str:
    body = f'<p class="pm-verdict">{escape(_capital(proposal.sentence()))}</p>'
    body += (
        f'<p class="pm-quiet">{proposal.things} things carry either name; on'
        f" {proposal.flips} of them people disagree.</p>"
    )
    chart = limit_svg(proposal)
    tables = _labelers(proposal) + _features(proposal)
    if chart:
        body += (
            f'<div class="pm-beside"><div class="pm-panel">{chart}</div>'
            f'<div class="pm-panel">{tables}</div></div>'
        )
    elif tables:
        body += f'<div class="pm-panel">{tables}</div>'
    if proposal.search.proposed is not None:
        names = " ".join(
            _argument(n) for n in (proposal.first, proposal.second) if n != NOTHING
        )
        body += (
            f"<p>To write it into the label book:"
            f" <code>pitmark rule accept {escape(names)}</code></p>"
        )
    return body + _near(store, drawer, proposal)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _argument(name: str) -> str:
    return f'"{name}"' if " " in name else name


def limit_svg(proposal: RuleProposal) -> str:
    """How often each class was said along the feature, with the limit and its interval.

    Args:
        proposal: Any.

    Returns:
        SVG; empty where the proposal has no limit.
    """
    found = proposal.search
    if found.limit is None or found.proposed is None or found.feature is None:
        return ""
    values = np.array([v for v, _ in proposal.values])
    second = np.array([s for _, s in proposal.values])
    edges = np.linspace(values.min(), values.max(), _BARS + 1)
    counts = [np.histogram(values[second == side], edges)[0] for side in (False, True)]
    most = float(max((counts[0] + counts[1]).max(), 1))
    area = plot_area((float(edges[0]), float(edges[-1])), (0.0, most))
    # Room for the limit above the highest bar, and for the legend above that.
    most *= 1.15
    plot = Plot(area.x, Scale(0.0, most, area.y.start, area.y.end + 28))
    unit = f" ({proposal.unit})" if proposal.unit else ""
    body = plot.axes(f"{found.feature.name}{unit}", "answers")
    low, high = plot.x.at(found.limit.low), plot.x.at(found.limit.high)
    body += (
        f'<rect x="{low:.1f}" y="{plot.y.end:.1f}" width="{max(high - low, 1):.1f}"'
        f' height="{plot.y.start - plot.y.end:.1f}" style="fill: {WARN}; opacity: 0.14"/>'
    )
    for n in range(_BARS):
        base = 0.0
        for count, color in zip((counts[0][n], counts[1][n]), SERIES, strict=False):
            body += _bar(plot, (edges[n], edges[n + 1]), (base, base + count), color)
            base += float(count)
    at = plot.x.at(found.proposed)
    body += rule((at, plot.y.start), (at, plot.y.end), WARN, width=2)
    told = f"{found.proposed:g} {proposal.unit}".strip()
    right = at > 320
    body += text(
        (at - 6 if right else at + 6, plot.y.end + 12),
        told,
        color=WARN,
        anchor="end" if right else "start",
    )
    body += _legend(plot, proposal)
    title = f"{proposal.first} or {proposal.second} by {found.feature.name}"
    return svg(body, (560, 316), title=title, told=proposal.sentence())


def _bar(plot: Plot, across: tuple[float, float], up: tuple[float, float], color: str) -> str:
    if up[1] <= up[0]:
        return ""
    left, right = (plot.x.at(v) for v in across)
    low, high = (plot.y.at(v) for v in up)
    return (
        f'<rect x="{left + 0.5:.1f}" y="{high:.1f}" width="{max(right - left - 1, 1):.1f}"'
        f' height="{low - high:.1f}" style="fill: {color}; opacity: 0.7"/>'
    )


def _legend(plot: Plot, proposal: RuleProposal) -> str:
    out, x = "", plot.x.start + 110
    y = plot.y.end - 42
    for name, color in zip((proposal.first, proposal.second), (ACCENT, SERIES[1]), strict=True):
        shown = name if len(name) <= 24 else f"{name[:23]}…"
        out += f'<rect x="{x:.0f}" y="{y:.0f}" width="10" height="10" style="fill: {color}"/>'
        out += text((x + 15, y + 9), shown, color=INK)
        x += 30 + 7.2 * len(shown)
    return out


def _labelers(proposal: RuleProposal) -> str:
    lines = []
    for own in proposal.search.by_labeler:
        limit = own.limit
        told = "cannot be said" if limit is None else f"{limit.value:.3g}"
        between = "" if limit is None else f"{limit.low:.3g} to {limit.high:.3g}"
        lines.append([own.labeler, str(own.answers), told, between])
    if not lines:
        return ""
    unit = f" ({proposal.unit})" if proposal.unit else ""
    head = ["labeler", "answers", f"changes at{unit}", "between"]
    return f"<h3>Who changes where</h3>{table(head, lines)}"


def _features(proposal: RuleProposal) -> str:
    lines = [
        [s.name, _gain(s.gain), f"{s.chance:.2g}"] for s in proposal.search.scores[:_FEATURES]
    ]
    if not lines:
        return ""
    head = ["feature", "foretells better by", "by chance"]
    return (
        f"<h3>What foretells the name</h3>{table(head, lines)}"
        '<p class="pm-small">On images that it was not fitted to, against guessing by'
        " frequency.</p>"
    )


def _gain(gain: float) -> str:
    share = round(100 * float(np.expm1(gain)))
    return f"{share} %" if share > 0 else "no better"


def _near(store: ProjectStore, drawer: Drawer, proposal: RuleProposal) -> str:
    if not proposal.near:
        return ""
    cards = "".join(_case(store, drawer, proposal, n) for n in proposal.near)
    return f'<h3>Nearest to the limit</h3><div class="pm-grid">{cards}</div>'


def _case(store: ProjectStore, drawer: Drawer, proposal: RuleProposal, near: NearLimit) -> str:
    record = store.images.get(near.sha256)
    labels = [label for label in near.said.values() if label != NOTHING]
    shapes = []
    if near.box_xyxy is not None:
        shapes = [BoxShape(labels[0] if labels else "?", near.box_xyxy)]
    shot = drawer.shot(record, shapes, focus=shapes[0] if shapes else None)
    said = ", ".join(f"{who}: {label}" for who, label in near.said.items())
    words = f'<p class="pm-name">{near.value:.3g} {escape(proposal.unit)}</p>'
    words += chips(labels, drawer.classes)
    return card(stage([(shot, "")]), f'{words}<p class="pm-small">{escape(said)}</p>')
