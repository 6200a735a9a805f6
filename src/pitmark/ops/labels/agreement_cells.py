"""Cells of the tables of an agreement report: figures with intervals and lamps."""

from __future__ import annotations

from html import escape

from pitmark.metrics.acceptance import KAPPA, Grade, Limit, kappa_word
from pitmark.metrics.intervals import Interval, Proportion, percent

_LOOK = {
    "acceptable": "pm-acceptable",
    "marginal": "pm-marginal",
    "not acceptable": "pm-unacceptable",
    "cannot be said": "pm-unsaid",
}


def light(grade: Grade, words: str) -> str:
    """A lamp with words: color, sign and word say the same.

    Args:
        grade: How a figure stands.
        words: What to say beside it.

    Returns:
        HTML.
    """
    return f'<span class="pm-light {_LOOK[grade]}">{escape(words)}</span>'


def kappa_cell(found: Interval | None) -> str:
    """A kappa or alpha with its interval and its grade.

    Args:
        found: The figure, or None.

    Returns:
        HTML.
    """
    if found is None or found.value is None:
        return light("cannot be said", "cannot be said")
    lamp = light(KAPPA.grade(found.value), kappa_word(found.value))
    return f"{interval_text(found)}{lamp}"


def share_cell(share: Proportion | None, limit: Limit) -> str:
    """A share with its interval, set against its limit.

    Args:
        share: The share, or None.
        limit: The limit.

    Returns:
        HTML.
    """
    if share is None or share.value is None:
        return light("cannot be said", "cannot be said")
    grade = limit.grade(share.value)
    shown = grade != "acceptable" or limit.is_shown(share.low, share.high)
    return f"{share_text(share)}{light(grade, grade if shown else f'{grade}, not shown')}"


def share_text(share: Proportion) -> str:
    """A share with counts and interval.

    Args:
        share: The share.

    Returns:
        HTML.
    """
    if share.value is None:
        return "no cases"
    return (
        f"{share.count} of {share.total}<br>{percent(share.value)} %"
        f" ({percent(share.low)} to {percent(share.high)})"
    )


def change_cell(found: Interval) -> str:
    """The change of an alpha.

    Args:
        found: The change.

    Returns:
        HTML.
    """
    if found.value is None:
        return light("cannot be said", "cannot be said")
    return signed(found, digits=2)


def signed(found: Interval, *, digits: int = 1) -> str:
    """A figure with its sign and interval.

    Args:
        found: The figure.
        digits: After the point.

    Returns:
        HTML.
    """
    if found.value is None:
        return "&ndash;"
    if found.low is None or found.high is None:
        return f"{found.value:+.{digits}f}"
    return f"{found.value:+.{digits}f}<br>({found.low:+.{digits}f} to {found.high:+.{digits}f})"


def interval_text(found: Interval, *, shares: bool = False, digits: int = 2) -> str:
    """A figure with its interval.

    Args:
        found: The figure.
        shares: Written as percentages.
        digits: After the point.

    Returns:
        HTML.
    """
    if found.value is None:
        return "&ndash;"
    ends = None if found.low is None or found.high is None else (found.low, found.high)
    if shares:
        text = f"{percent(found.value)} %"
        return text if ends is None else f"{text} ({percent(ends[0])} to {percent(ends[1])})"
    text = f"{found.value:.{digits}f}"
    return text if ends is None else f"{text} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"
