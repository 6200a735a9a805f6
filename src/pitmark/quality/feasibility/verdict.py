"""From what the first images show to a verdict: go, go if, or not like this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from pitmark.quality.feasibility.first_look import OTHER_PLACES, FirstLook, Remark
from pitmark.quality.feasibility.imaging_remarks import TOLD_APART, imaging_remarks, percent

Verdict = Literal["go", "go if", "not like this"]

_UNSTEADY = 0.25
_FIXED, _VARIED = 0.7, 0.2
# A first model knows little: only what it plainly cannot tell apart asks for a change.
_ALIKE = 0.65
_FEW_PER_CLASS = 5


def verdict_of(remarks: Sequence[Remark]) -> Verdict:
    """What all remarks together say.

    Args:
        remarks: Any.

    Returns:
        The verdict.
    """
    levels = {r.level for r in remarks}
    if "stop" in levels:
        return "not like this"
    return "go if" if "change" in levels else "go"


def remarks_on(look: FirstLook) -> list[Remark]:
    """Everything there is to say about the first images, the gravest first.

    Args:
        look: What was measured, on at least one image.

    Returns:
        The remarks.
    """
    found = [*imaging_remarks(look), *_labels(look)]
    if not any(r.level == "stop" and r.topic == "light" for r in found):
        found += [*_likenesses(look), *_variation(look)]
    rank = {"stop": 0, "change": 1, "note": 2, "fine": 3}
    return sorted(found, key=lambda r: rank[r.level])


def _likenesses(look: FirstLook) -> list[Remark]:
    out = []
    unsure: list[str] = []
    for pair in look.told:
        share = (
            f"{percent(pair.right)} of {pair.cases} cases told apart by a first model, between"
            f" {percent(pair.low)} and {percent(pair.high)}"
        )
        if pair.second == OTHER_PLACES:
            if pair.high < _ALIKE:
                out.append(
                    Remark(
                        "change",
                        "look-alikes",
                        f"Defects look like {OTHER_PLACES} of the part ({share}).",
                        "Show them better, or mark more of"
                        " them: so far there is little to go by.",
                    )
                )
            elif pair.low > TOLD_APART:
                out.append(
                    Remark(
                        "fine",
                        "look-alikes",
                        f"Defects differ from {OTHER_PLACES} of the part ({share}).",
                    )
                )
        elif pair.high < _ALIKE:
            out.append(
                Remark(
                    "change",
                    "look-alikes",
                    f"{pair.first} and {pair.second} look alike ({share}).",
                    "Look at them side by side: settle the rule"
                    " between them, merge them, or light them so that they differ.",
                )
            )
        elif pair.right < TOLD_APART:
            unsure.append(f"{pair.first} and {pair.second} ({percent(pair.right)})")
    if unsure:
        told = f"These may look alike to a first model: {', '.join(unsure)} told apart."
        out.append(Remark("note", "look-alikes", told, "More images will tell."))
    if look.told and not out:
        out.append(Remark("fine", "look-alikes", "No two classes look alike so far."))
    return out


def _labels(look: FirstLook) -> list[Remark]:
    out = []
    if look.contradictions:
        listed = "; ".join(look.contradictions[:3])
        more = f"; and {len(look.contradictions) - 3} more" * (len(look.contradictions) > 3)
        out.append(
            Remark(
                "change",
                "labels",
                f"Labels contradict each other: {listed}{more}.",
                "Decide which holds and write the rule into the label book.",
            )
        )
    few = [f"{k} ({n})" for k, n in look.counts.items() if n < _FEW_PER_CLASS]
    if not look.counts:
        told = "Nothing is labeled: whether classes and defects can be told apart is not known."
        out.append(Remark("change", "labels", told, "Label some images of every class."))
    elif few:
        out.append(
            Remark(
                "note",
                "labels",
                f"Few examples of {', '.join(few)}: what is said of them is uncertain.",
            )
        )
    if look.copies > 0.3 * len(look.figures):
        out.append(
            Remark(
                "note",
                "labels",
                f"{look.copies} of {len(look.figures)} images show what another one shows.",
                "Take images of further parts, and name the part as group on import.",
            )
        )
    return out


def _variation(look: FirstLook) -> list[Remark]:
    if len(look.figures) < 2:
        return [Remark("note", "variation", "One image says nothing about how images vary.")]
    out = []
    middle = np.array([f.mean for f in look.figures])
    spread = float(middle.std(ddof=1) / max(float(middle.mean()), 0.02))
    if spread > _UNSTEADY:
        out.append(
            Remark(
                "change" if spread > 2 * _UNSTEADY else "note",
                "variation",
                f"Brightness varies by {percent(spread)} between images.",
                "Fix exposure and gain, and keep daylight out; or collect images of"
                " every condition.",
            )
        )
    if len(np.unique(look.sizes_wh, axis=0)) > max(3, len(look.figures) / 4):
        out.append(
            Remark(
                "note",
                "variation",
                "Images come in many sizes.",
                "One camera setting gives one size: defects are then of one scale.",
            )
        )
    if np.isfinite(look.alike):
        if look.alike > _FIXED:
            out.append(
                Remark(
                    "fine",
                    "variation",
                    "Pose and background hardly change (likeness"
                    f" {look.alike:.2f}): few images go far.",
                )
            )
        elif look.alike < _VARIED:
            out.append(
                Remark(
                    "note",
                    "variation",
                    "Pose, background or texture differ from"
                    f" image to image (likeness {look.alike:.2f}).",
                    "Hold the part in one place if you can; otherwise count on more images.",
                )
            )
    return out
