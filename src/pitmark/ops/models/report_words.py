"""What reports come to, in plain sentences: pages, the web app and jobs say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.metrics.intervals import Proportion, percent
from pitmark.ops.models.reports import Comparison

Content = Mapping[str, Any]


def verdict_words(content: Content) -> tuple[str, str]:
    """What a report comes to in one sentence, and what limits it in another.

    Args:
        content: Of the report.

    Returns:
        Two sentences; the second is empty where nothing was evaluated.
    """
    outcome = content.get("outcome")
    if not outcome:
        note = str(content.get("note") or "this run has not been evaluated")
        return sentence(note), ""
    escapes, overkill = proportion(outcome["escapes"]), proportion(outcome["overkill"])
    parts, limits = [], []
    if escapes.total:
        passed = "passes" if escapes.count == 1 else "pass"
        parts.append(f"{escapes.count} of {escapes.total} defective images {passed}")
        limits.append(
            f"with {escapes.total} defective images the true share of escapes may be as high"
            f" as {percent(escapes.high)} %"
        )
    else:
        limits.append("there was no defective image, so escapes are unknown")
    if overkill.total:
        are = "is" if overkill.count == 1 else "are"
        parts.append(f"{overkill.count} of {overkill.total} good images {are} rejected")
    else:
        limits.append("there was no good image, so overkill is unknown")
    words = ", ".join(parts) or "nothing could be judged"
    return sentence(words), sentence("; ".join(limits))


def verdict_sentences(content: Content) -> list[str]:
    """The verdict with its limits, and escapes and overkill with their intervals.

    Args:
        content: Of the report.

    Returns:
        Sentences, the most important first.
    """
    said = [s for s in verdict_words(content) if s]
    outcome = content.get("outcome")
    if outcome:
        escapes, overkill = proportion(outcome["escapes"]), proportion(outcome["overkill"])
        said.append(sentence(escapes.sentence("defective images missed")))
        said.append(sentence(overkill.sentence("good images rejected")))
    return said


def report_sentences(content: Content) -> list[str]:
    """All that a report says in words.

    Args:
        content: Of the report.

    Returns:
        Sentences, the most important first.
    """
    said = verdict_sentences(content)
    choice = content.get("choice") or {}
    if choice.get("reason"):
        said.append(f"Threshold {float(choice['threshold']):.2f}: {choice['reason']}.")
    ceiling = content.get("ceiling") or {}
    if ceiling:
        said.append(f"{ceiling['sentence']} {ceiling.get('assumes', '')}".strip())
    for part in ("learned", "reference"):
        told = (content.get(part) or {}).get("sentence")
        said += [str(told)] if told else []
    return said


def comparison_sentences(found: Comparison) -> list[str]:
    """Two runs side by side, in words.

    Args:
        found: The comparison.

    Returns:
        Sentences.
    """
    ways = found.verdicts.disagreements
    noun = "image" if found.images == 1 else "images"
    said = [
        f"{found.second} against {found.first} on {found.images} {noun} that neither has"
        " learned from.",
        sentence(found.verdicts.shares.sentence("right verdicts")),
    ]
    if ways.only_first_right or ways.only_second_right:
        said.append(
            f"Only {found.second} is right on {ways.only_second_right}, only {found.first} on"
            f" {ways.only_first_right}; by chance so lopsided a split has a probability of"
            f" {ways.p_value:.2g}."
        )
    else:
        said.append("Both judge every image alike.")
    return said


def proportion(found: Mapping[str, Any]) -> Proportion:
    """A proportion from its JSON.

    Args:
        found: count, total, low, high.

    Returns:
        The proportion.
    """
    return Proportion(
        int(found["count"]), int(found["total"]), float(found["low"]), float(found["high"])
    )


def sentence(words: str) -> str:
    """Words as a sentence.

    Args:
        words: Plain text.

    Returns:
        With a capital at its beginning and one full stop at its end.
    """
    return words[:1].upper() + words[1:].rstrip(".") + "."
