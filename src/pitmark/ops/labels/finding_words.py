"""What a card says of a finding: why it stands where it does, and how to decide on it."""

from __future__ import annotations

from html import escape

from pitmark.ops.labels.finding_order import RankedFinding
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.store.findings import FindingRow

_KIND_WORDS = {
    "wrong_class": "Wrong class?",
    "missed_object": "Missed defect?",
    "spurious_object": "Nothing there?",
    "sloppy_outline": "Sloppy outline?",
    "image_fault": "Unusual image?",
    "broken_rule": "Breaks a rule of the label book",
    "inconsistent_label": "Labeled by another rule?",
    GROUP: "Two rules for one look",
    "duplicate": "Duplicate",
    "leak": "Same part in two splits",
    "contradiction": "Labeled in two ways",
    "from_device": "From the line: was the verdict right?",
}


def kind_words(kind: str) -> str:
    """What a kind of finding suspects, in a few words.

    Args:
        kind: Of a finding.

    Returns:
        Such as "Wrong class?"; a kind that is not known here by its own name.
    """
    return _KIND_WORDS.get(kind, kind.replace("_", " "))


def place_html(ranked: RankedFinding[FindingRow]) -> str:
    """Why an open finding stands where it does.

    Args:
        ranked: The finding with its place.

    Returns:
        HTML; empty for a settled one.
    """
    if ranked.row.state != "open":
        return ""
    return f'<p class="pm-small">Here because: {escape(ranked.because)}</p>'


def decision_html(row: FindingRow) -> str:
    """The commands that decide on a finding, or who decided and how to take that back.

    Args:
        row: The finding.

    Returns:
        HTML.
    """
    name = escape(row.id)
    if row.state != "open":
        return (
            f'<p class="pm-small">{escape(row.state)} by {escape(row.by or "unknown")};'
            f" to take that back: <code>pitmark undo {name}</code></p>"
        )
    if row.kind == GROUP:
        return (
            "<p>All labels at once, with the class that is right:"
            f" <code>pitmark settle --all-of {name} correct --as CLASS</code>"
            ' <span class="pm-small">or</span> <code>dismiss</code></p>'
        )
    decision = "accept" if row.suggestion is None else "correct"
    return (
        f"<p><code>pitmark settle {name} {decision}</code>"
        f' <span class="pm-small">or</span> <code>dismiss</code></p>'
    )
