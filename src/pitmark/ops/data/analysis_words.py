"""What analyses found, in sentences: one source for the command line and the web app."""

from __future__ import annotations

from collections.abc import Sequence

from pitmark.ops.data.datasheet import Datasheet
from pitmark.ops.data.duplicates import DoublesReport
from pitmark.ops.data.grouping import GroupProposals
from pitmark.quality.shortcuts import Shortcut


def doubles_sentences(found: DoublesReport) -> list[str]:
    """What a comparison of all images found.

    Args:
        found: The report.

    Returns:
        Sentences.
    """
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(found.pairs.items())) or "no pairs"
    lines = [f"{found.images} images compared: {kinds}."]
    if found.groups:
        largest = len(found.groups[0])
        lines.append(f"{len(found.groups)} groups, the largest of {largest} images.")
    if found.same_files:
        lines.append(f"{found.same_files} images came as several files with the same bytes.")
    lines += [f"  {a} and {b}: {why}" for a, b, why in found.examples]
    if found.contained:
        lines.append(
            f"The test set is contained in training: {found.leaked} of {found.held_out}"
            " held-out images have their like there. Its score says nothing of new parts."
        )
    elif found.leaked:
        lines.append(
            f"Leak: {found.leaked} of {found.held_out} held-out images have their like in"
            " another split."
        )
    if found.effect is not None:
        lines.append(f"Of a simple model, {found.effect.sentence()}.")
    return lines


def groups_sentences(found: GroupProposals) -> list[str]:
    """Candidates for what keeps images together.

    Args:
        found: The proposals.

    Returns:
        Sentences.
    """
    lines = [f"{found.grouped_now} of {found.images} images have a group now."]
    for key in found.keys:
        lines.append(
            f"{key.key}: {key.count} groups, the largest of {key.largest};"
            f" a random split would leak {key.leaked:.0%} of held-out images"
        )
        lines.append(f"  {key.why}")
        effect = found.effects.get(key.key)
        if effect is not None:
            lines.append(f"  With such a split, of a simple model {effect.sentence()}")
    if not found.keys:
        lines.append("No key explains which images look alike: they seem independent.")
    return lines


def shortcut_sentences(found: Sequence[Shortcut]) -> list[str]:
    """What is no defect and yet tells the class.

    Args:
        found: Shortcuts and hints.

    Returns:
        Sentences.
    """
    lines = [f"{s.verdict}: {s.why}" for s in found]
    return lines or ["Nothing but the picture itself tells the class."]


def datasheet_sentences(sheet: Datasheet) -> list[str]:
    """How far a datasheet is filled in.

    Args:
        sheet: The datasheet.

    Returns:
        Sentences.
    """
    blanks = sheet.blanks
    if not blanks:
        return ["Every question of the datasheet has an answer."]
    noun = "question has" if len(blanks) == 1 else "questions have"
    lines = [f"{len(blanks)} {noun} no answer yet; only a person can give it."]
    return lines + [f"{q.section}: {q.text}" for q in blanks]
