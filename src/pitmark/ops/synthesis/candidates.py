"""What synthesis tries: sets of images of a class, each under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.label_book import LabelBook
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.synthesis.images import MadeImage, make_images
from pitmark.ops.synthesis.parts import Parts, collect_parts, matches
from pitmark.ops.synthesis.policies import OVERSAMPLE, policy_images
from pitmark.ops.synthesis.trial import Setting
from pitmark.store.db import ProjectStore

KIND = "synthesis"
# Synthetic images for every real one of the class, and the limits of their number.
_TIMES = 6
_LEAST, _MOST = 20, 80
_SEEDS_APART = 1_000_003


@dataclass(frozen=True, slots=True)
class Candidate:
    """Synthetic images whose worth is to be found out, under a name."""

    name: str
    made: tuple[MadeImage, ...]

    @property
    def only_copies(self) -> bool:
        """Whether it shows nothing but the real images once more."""
        return all(m.made_by == OVERSAMPLE for m in self.made)


def usual_amount(real: int) -> int:
    """How many synthetic images are made when nobody says.

    Args:
        real: Training images that show the class.

    Returns:
        Six for every real one, from 20 to 80.
    """
    return min(_MOST, max(_LEAST, _TIMES * real))


def shown_images(setting: Setting) -> list[LabeledImage]:
    """The real training images that show the class.

    Args:
        setting: Names the class.

    Returns:
        Those images.
    """
    label = setting.label
    return [i for i in setting.of("train") if any(s.label == label for s in i.shapes or ())]


def repeated_images(setting: Setting, count: int) -> list[LabeledImage]:
    """The real images of the class over and over: what synthetic ones must do better than.

    Args:
        setting: Names the class and the slice.
        count: How many.

    Returns:
        So many images, those of the slice if there are any; none where no training image
        shows the class.
    """
    shown = shown_images(setting)
    shown = [i for i in shown if matches(i, setting.how.where)] or shown
    return [shown[n % len(shown)] for n in range(count)] if shown else []


def candidates_for(
    project: ProjectStore, setting: Setting, report: Reporter = silent
) -> tuple[list[Candidate], dict[str, Any]]:
    """All sets of images that the options ask for.

    Args:
        project: The project.
        setting: Says what is wanted.
        report: Told of the progress.

    Returns:
        The candidates, and what the record says of their making.

    Raises:
        NotEnoughDataError: There is nothing to make images of.
        InvalidInputError: No such kind or policy.
    """
    how, book = setting.how, project.book.current()
    real = len(shown_images(setting))
    amounts = sorted(set(how.amounts)) or [usual_amount(real)]
    about: dict[str, Any] = {"real_images": real}
    # What was kept is learned from already: other images are made beside it.
    kept = sum(row.metrics.get("kept") is True for row in project.runs.list(kind=KIND))
    seed = how.seed + _SEEDS_APART * kept
    load = pixel_loader(project)
    if how.policies:
        return _policies(project, setting, amounts, book, seed), about
    parts = collect_parts(
        setting.images, load, setting.label, book=book, where=how.where, kind=how.kind
    )
    made = make_images(
        parts, amounts[-1], load, book=book, task=project.task, seed=seed, report=report
    )
    names = sorted({min(n, len(made)) for n in amounts})
    return [Candidate(f"{n} images", tuple(made[:n])) for n in names], about | _about(parts)


def _policies(
    project: ProjectStore,
    setting: Setting,
    amounts: Sequence[int],
    book: LabelBook,
    seed: int,
) -> list[Candidate]:
    how, load, out = setting.how, pixel_loader(project), []
    for policy in how.policies:
        for count in amounts:
            made = policy_images(
                setting.images,
                count,
                load,
                policy=policy,
                label=setting.label,
                where=how.where,
                book=book,
                seed=seed,
            )
            out.append(Candidate(f"{policy} ({count} copies)", tuple(made)))
    return out


def _about(parts: Parts) -> dict[str, Any]:
    return {
        "defects_cut_out": len(parts.donors),
        "grounds": len(parts.bases),
        "painted_kind": parts.kind,
        "left_out": list(parts.left_out[:10]),
    }
