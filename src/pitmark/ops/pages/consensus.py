"""Consensus proposals as cards: what each person said, and what they hold together."""

from __future__ import annotations

from html import escape

from pitmark.metrics.intervals import percent
from pitmark.ops.labels.consensus import ConsensusProposals, Proposal
from pitmark.ops.pages.picture_cards import Drawer, card, odd_one, stage
from pitmark.ops.pages.report_figures import table
from pitmark.store.db import ProjectStore

_MOST_SHOTS = 3


def consensus_sections(
    store: ProjectStore, found: ConsensusProposals, limit: int = 40
) -> list[tuple[str, str]]:
    """All proposals of a consensus.

    Args:
        store: The project.
        found: The proposals.
        limit: How many images to show.

    Returns:
        Heading and HTML of each section.
    """
    drawer = Drawer(store)
    shown = found.proposals[:limit]
    cards = "".join(_card(store, drawer, p) for p in shown)
    count = f"{len(shown)} of {len(found.proposals)} images, the least certain first."
    out = [
        (
            "Proposals",
            f'<p class="pm-quiet">{count} What a reviewer has settled comes last and stays.</p>'
            f'<div class="pm-grid pm-wide">{cards}</div>',
        )
    ]
    if found.skills:
        lines = [
            [s.labeler, _share(s.right), _share(s.sensitivity), _share(s.specificity)]
            for s in found.skills
        ]
        head = ["labeler", "right", "sensitivity", "specificity"]
        told = "".join(f"<p>{escape(n)}</p>" for n in found.notes)
        out.append(("What the labelers are taken to be worth", table(head, lines) + told))
    return out


def about_consensus(found: ConsensusProposals) -> str:
    """Of what a consensus is, in one line.

    Args:
        found: The proposals.

    Returns:
        Plain text.
    """
    return f"{found.source}: {', '.join(found.labelers)}, joined by {found.method}"


def _card(store: ProjectStore, drawer: Drawer, one: Proposal) -> str:
    record = store.images.get(one.sha256)
    focus = odd_one(list(one.said.values()))
    shots = [
        (drawer.shot(record, shapes, focus=focus), who)
        for who, shapes in list(one.said.items())[:_MOST_SHOTS]
    ]
    shots.append((drawer.shot(record, one.shapes, focus=focus), "together"))
    sure = "cannot be said" if one.confidence is None else f"{one.confidence:.2f}"
    words = (
        f'<p class="pm-name">{escape(one.image)}</p>'
        f'<p><span class="pm-kind">confidence {sure}</span>{escape(one.why)}</p>'
    )
    if one.settled_by is not None:
        words += f'<p class="pm-small">settled by {escape(one.settled_by)}</p>'
    elif not one.changes:
        words += '<p class="pm-small">as the project holds it</p>'
    return card(stage(shots), words)


def _share(value: float | None) -> str:
    return "cannot be said" if value is None else f"{percent(value)} %"
