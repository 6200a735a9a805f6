"""What an agreement report comes to, in sentences: figures, limits, what cannot be said."""

from __future__ import annotations

from collections.abc import Iterator

from pitmark.metrics.acceptance import (
    EFFECTIVENESS,
    FALSE_ALARM_RATE,
    MISS_RATE,
    Limit,
    kappa_word,
    misses_needed,
)
from pitmark.metrics.attribute_study import AgreementFigures, LabelerFigures
from pitmark.metrics.intervals import Interval, Proportion
from pitmark.ops.labels.agreement_report import AgreementReport

_NOUNS = {
    "classes": "the class of images",
    "verdicts": "OK or NG",
    "objects": "marked objects",
}
THING_NOUNS = {"classes": "images", "verdicts": "images", "objects": "objects"}


def report_sentences(report: AgreementReport) -> list[str]:
    """A report in words, the main thing first.

    Args:
        report: The report; its own sentences are not looked at.

    Returns:
        Sentences.
    """
    out = [*_mask_sentences(report), *(headline(f) for f in report.figures)]
    first = report.figures[0]
    for who in first.per_labeler:
        out += _alone(first, who)
    for figures in report.figures:
        if figures.kind != "verdicts" or first.kind != "classes":
            out += [s for who in figures.per_labeler for s in _judged(figures, who)]
    out += [s + "." for bias in report.outlines for s in bias.sentences()]
    if report.confused:
        one, other, count = report.confused[0]
        out.append(f"Parted most often: {one} and {other} ({count} pairs of answers).")
    return [*out, *_unsaid(report)]


def headline(figures: AgreementFigures) -> str:
    """How far people agree on one kind of judgement.

    Args:
        figures: Of that kind.

    Returns:
        A sentence.
    """
    noun = _NOUNS[figures.kind]
    alpha = figures.alpha
    if len(figures.per_labeler) < 2:
        return f"On {noun} only {figures.per_labeler[0].labeler} answered."
    if alpha.value is None:
        why = "all answers are the same" if figures.things else "nothing was marked"
        return f"Agreement on {noun} cannot be said: {why}."
    same = figures.all_same.sentence(
        f"{THING_NOUNS[figures.kind]} called the same by everybody"
    )
    return f"Agreement on {noun} is {kappa_word(alpha.value)}: alpha {span(alpha)}; {same}."


def span(found: Interval) -> str:
    """A figure with its interval.

    Args:
        found: Such as a kappa.

    Returns:
        For instance "0.81 (between 0.74 and 0.87)".
    """
    if found.value is None:
        return "cannot be said"
    if found.low is None or found.high is None:
        return f"{found.value:.2f} (too few images for an interval)"
    return f"{found.value:.2f} (between {found.low:.2f} and {found.high:.2f})"


def graded(limit: Limit, share: Proportion | None) -> str:
    """A share set against its limit.

    Args:
        limit: The limit.
        share: The share.

    Returns:
        For instance "acceptable", with a word of caution where the interval reaches on.
    """
    value = None if share is None else share.value
    grade = limit.grade(value)
    if share is None or grade != "acceptable" or limit.is_shown(share.low, share.high):
        return grade
    return f"{grade}, but not shown by {share.total} cases"


def _alone(figures: AgreementFigures, who: LabelerFigures) -> Iterator[str]:
    if who.repeated is not None and who.repeated.total:
        kappa = who.repeat_kappa or Interval(None, None, None)
        noun = THING_NOUNS[figures.kind]
        told = who.repeated.sentence(f"{noun} called the same again by {who.labeler}")
        yield f"{upper_first(told)}; alpha {span(kappa)}."
    effect = who.left_out
    if effect.low is not None and effect.low > 0 and effect.value is not None:
        yield (
            f"Without {who.labeler} the others agree better on {_NOUNS[figures.kind]}:"
            f" alpha {effect.value:+.2f} (between {effect.low:+.2f} and {effect.high:+.2f})."
        )


def _judged(figures: AgreementFigures, who: LabelerFigures) -> Iterator[str]:
    found = who.against_reference
    if found is None:
        return
    objects = figures.kind == "objects"
    rows = [
        (EFFECTIVENESS, found.effectiveness, "decisions right"),
        (MISS_RATE, found.miss_rate, f"{'objects' if objects else 'defective images'} missed"),
        (
            FALSE_ALARM_RATE,
            found.false_alarm_rate,
            "marks without an object" if objects else "good images called defective",
        ),
    ]
    told = [
        f"{share.sentence(words)}, {graded(limit, share)}"
        for limit, share, words in rows
        if share is not None and share.total
    ]
    yield f"{who.labeler}, {_NOUNS[figures.kind]}: {'; '.join(told)}."


def _mask_sentences(report: AgreementReport) -> Iterator[str]:
    masks = report.masks
    if masks is None:
        return
    if masks.pixel_alpha.value is not None:
        word = kappa_word(masks.pixel_alpha.value)
        yield f"Agreement on pixels is {word}: alpha {span(masks.pixel_alpha)}."
    for pair in masks.between:
        told = f"{pair.first} and {pair.second} on {pair.name}"
        if pair.dice.value is None:
            yield f"{told}: neither marks it, so overlap cannot be said."
            continue
        border = pair.border_mean_px
        far = "" if border.value is None else f", borders {border.value:.1f} px apart"
        yield f"{told}: mean Dice {span(pair.dice)} over {pair.marked} images{far}."
    for pair in masks.against_reference:
        if pair.sensitivity is None or pair.specificity is None:
            continue
        yield (
            f"{pair.second} on {pair.name} against {report.reference}:"
            f" sensitivity {span(pair.sensitivity)}, specificity {span(pair.specificity)}."
        )


def _unsaid(report: AgreementReport) -> Iterator[str]:
    if report.trials == 1:
        yield (
            "Nobody labeled an image twice, so how far people agree with themselves cannot be"
            " said."
        )
    if not report.reference:
        yield (
            "There is no reference, so effectiveness, misses and false alarms cannot be said."
        )
        return
    partial = [who for who in report.labelers if who in report.reference_by]
    if partial:
        yield (
            f"The reference holds the word of {', '.join(partial)}, who can hardly be wrong"
            " by it."
        )
    cases = [
        who.against_reference.miss_rate.total
        for f in report.figures
        if f.kind != "objects"
        for who in f.per_labeler
        if who.against_reference and who.against_reference.miss_rate
    ]
    needed = misses_needed(MISS_RATE.acceptable)
    if cases and max(cases) < needed:
        yield (
            f"To show a miss rate of at most 2 % takes {needed} decisions on defective images"
            f" without a miss; there were {max(cases)}."
        )
    elif not cases:
        yield (
            "No decision was about a defective image that is known as such, so misses of"
            " defective images cannot be said."
        )


def upper_first(text: str) -> str:
    """A text with a capital at its beginning.

    Args:
        text: Any text.

    Returns:
        The same; names inside keep their letters.
    """
    return text[:1].upper() + text[1:]
