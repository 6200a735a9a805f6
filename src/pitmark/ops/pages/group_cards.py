"""A group of labels made by two rules as a card: both sides, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.core.labels import BoxShape
from pitmark.metrics.intervals import percent
from pitmark.ops.labels.audit_record import group_of
from pitmark.ops.pages.picture_cards import Drawer, chips, stage
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

_SHOWN = 6


def group_card(store: ProjectStore, drawer: Drawer, row: FindingRow, decision: str) -> str:
    """The card of a group: what is suspected, both sides with shares, pairs of look-alikes.

    Args:
        store: The project.
        drawer: Draws its images.
        row: The finding on the group.
        decision: HTML that says how to settle it.

    Returns:
        HTML as wide as the page.
    """
    group = group_of(store, row.run_id, row.why)
    head = (
        '<p><span class="pm-kind">Two rules for one look</span>'
        f'<span class="pm-small">{escape(row.id)}</span></p>'
    )
    if group is None:
        return f'<article class="pm-card pm-group"><div class="pm-text">{head}' + (
            f"<p>{escape(row.why)}</p>{decision}</div></article>"
        )
    sides = "".join(_side(drawer, side) for side in group["sides"])
    pairs = "".join(_pair(store, drawer, pair) for pair in group["pairs"][:_SHOWN])
    more = len(group["pairs"]) - _SHOWN
    rest = f'<p class="pm-small">and {more} more pairs</p>' if more > 0 else ""
    return (
        f'<article class="pm-card pm-group"><div class="pm-text">{head}'
        f'<p class="pm-name">{escape(_question(group))}</p>'
        f'<div class="pm-sides">{sides}</div>'
        f'<p class="pm-small">{escape(_evidence(group))}</p></div>'
        f'<div class="pm-pairs">{pairs}</div>'
        f'<div class="pm-text">{rest}{_next(group)}{decision}</div></article>'
    )


def _question(group: Mapping[str, Any]) -> str:
    one, two = group["sides"]
    return (
        f"{one['label']} or {two['label']}? {group['alike']} labels of things that look alike"
        f" depend on: {group['column']}"
    )


def _evidence(group: Mapping[str, Any]) -> str:
    found = group["difference"]
    told = (
        f"Compared look by look the two sides are {100 * found['value']:.0f} points apart"
        f" (between {100 * found['low']:.0f} and {100 * found['high']:.0f})."
    )
    level = group["false_discovery_level"]
    told += f" False groups among all as strong as this: {'below' if level < 1e-4 else 'about'}"
    told += f" {max(level, 1e-4):.1g}."
    also = group["also"]
    return f"{told} The same shows by {', '.join(also)}." if also else told


def _side(drawer: Drawer, side: Mapping[str, Any]) -> str:
    chip = chips([side["label"]], drawer.classes)
    share = percent(side["votes"] / side["total"]) if side["total"] else "0"
    return (
        f'<div><p class="pm-name">{escape(side["condition"])}</p>{chip}'
        f"<p>{side['votes']} of {side['total']} ({share} %)</p></div>"
    )


def _pair(store: ProjectStore, drawer: Drawer, pair: Sequence[Mapping[str, Any]]) -> str:
    shots = []
    for thing in pair:
        box = thing["box_xyxy"]
        shapes = []
        if box is not None:
            name = "?" if thing["label"] == NOTHING else thing["label"]
            shapes = [BoxShape(name, (box[0], box[1], box[2], box[3]))]
        try:
            record = store.images.get(thing["sha256"])
        except NotFoundError:
            continue
        shot = drawer.shot(record, shapes, focus=shapes[0] if shapes else None)
        shots.append((shot, f"{thing['labeler']}: {thing['label']}"))
    return stage(shots)


def _next(group: Mapping[str, Any]) -> str:
    names = [s["label"] for s in group["sides"] if s["label"] != NOTHING]
    asked = " ".join(f'"{n}"' if " " in n else n for n in names)
    return (
        '<p class="pm-small">Is there a rule that settles it?'
        f" <code>pitmark rule propose {escape(asked)}</code></p>"
    )
