"""The review as a page: how it stands, when to stop, and the queue in its order."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from pitmark.ops.images.text_file import write_text
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.labels.review_status import KindReview, ReviewStatus, range_words
from pitmark.ops.pages.html import findings_html, fragment, page
from pitmark.ops.pages.report_figures import table
from pitmark.store.db import ProjectStore

_SHOWN = 40
_SPLIT_NAMES = {"test": "test", "val": "validation", "train": "training", None: "none yet"}


def review_html(store: ProjectStore, status: ReviewStatus) -> str:
    """How a review stands.

    Args:
        store: The project.
        status: Of its review.

    Returns:
        HTML to stand in a page or a notebook.
    """
    return fragment(status_html(status))


def status_html(status: ReviewStatus) -> str:
    """Advice, figures and tables.

    Args:
        status: Of a review.

    Returns:
        HTML.
    """
    if not status.kinds:
        return '<p class="pm-quiet">No findings yet. Next: pitmark audit</p>'
    body = f'<p class="pm-verdict">{escape(status.sentence())}</p>'
    body += "".join(f"<p>{escape(s)}</p>" for s in status.sentences())
    splits = table(
        ("split", "open", "faults left", "minutes"),
        [
            (
                _SPLIT_NAMES[s.split],
                f"{s.open_count:,}",
                range_words(s.left),
                f"{s.minutes:.0f}",
            )
            for s in status.splits
        ],
    )
    kinds = table(
        ("kind", "decided", "promised", "found", "open", "faults left", "s each"),
        _kind_lines(status.kinds),
    )
    panels = f'<div class="pm-panel">{kinds}</div>'
    if status.splits:
        panels += f'<div class="pm-panel">{splits}</div>'
    return f'{body}<div class="pm-row">{panels}</div>'


def write_review_page(store: ProjectStore, status: ReviewStatus, path: Path) -> None:
    """Write status and queue as a page; the file is whole or not there at all.

    Args:
        store: The project.
        status: Of its review.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    rows = queue(store, state="open")
    sections = [
        ("How the review stands", status_html(status)),
        ("The queue", findings_html(store, rows, limit=_SHOWN)),
    ]
    lead = "Labels that are probably wrong, in the order in which looking pays most."
    write_text(path, page(f"Review of {store.info.name}", sections, lead))


def _kind_lines(kinds: Sequence[KindReview]) -> list[tuple[str, ...]]:
    return [
        (
            k.kind.replace("_", " "),
            str(k.decided),
            f"{k.promised:.1f}",
            str(k.found),
            f"{k.open_count:,}",
            range_words(k.left),
            f"{k.seconds:.0f}" + ("" if k.timed else " (assumed)"),
        )
        for k in kinds
    ]
