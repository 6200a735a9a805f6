"""Compare all images of a project: copies, exposures of one part, and tests that they spoil."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.progress import Reporter, silent
from pitmark.ops.data.doubles import SOURCE, findings_of, leaks_of
from pitmark.ops.data.leaking import effect_of
from pitmark.ops.data.likeness import Likeness, images_as_split, look_alike
from pitmark.ops.labels.review_worth import weigh_findings
from pitmark.quality.copies.duplicates import DuplicatePair, duplicate_groups
from pitmark.quality.copies.leak_effect import Effect
from pitmark.store.db import ProjectStore

# From this share of held-out images on, the test tells nothing of new parts.
CONTAINED = 0.9


@dataclass(frozen=True, slots=True)
class DoublesReport:
    """What a comparison of all images found.

    `pairs` counts by kind, `same_files` images that came under several names. `leaked` of
    `held_out` images have their like on the side that was learned from.
    """

    images: int
    pairs: dict[str, int]
    same_files: int
    groups: tuple[tuple[str, ...], ...]
    examples: tuple[tuple[str, str, str], ...]
    held_out: int
    leaked: int
    effect: Effect | None
    findings: int

    @property
    def contained(self) -> bool:
        """Whether the test set is as good as contained in training."""
        return self.held_out > 0 and self.leaked >= CONTAINED * self.held_out

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "images": self.images,
            "pairs": self.pairs,
            "same_files": self.same_files,
            "groups": [list(g) for g in self.groups],
            "held_out": self.held_out,
            "leaked": self.leaked,
            "test_contained_in_training": self.contained,
            "effect": self.effect and self.effect.to_json(),
            "examples": [{"first": a, "second": b, "why": why} for a, b, why in self.examples],
            "findings": self.findings,
        }


def compare_images(
    project: ProjectStore, *, embed: bool = True, report: Reporter = silent
) -> DoublesReport:
    """Find duplicates and leaks and queue them as findings; needs no training.

    The splits are those of the latest snapshot, or those that came with the images.
    Findings of an earlier comparison that are still open are replaced.

    Args:
        project: The project.
        embed: Let the shipped backbone look as well; needed for the effect on the score.
        report: Told of the progress.

    Returns:
        What was found.

    Raises:
        NotEnoughDataError: The project has no image.
    """
    images = images_as_split(project)
    if not images:
        raise NotEnoughDataError(
            f"project {project.info.name!r} has no image", hint="Import images first."
        )
    seen = look_alike(project, images, report, embed=embed)
    filed = project.findings.save(findings_of(project, seen), source=SOURCE)
    weigh_findings(project)
    leaked = {leak.test_key for leak in leaks_of(seen)}
    names = {i.image.sha256: i.image.name for i in images}
    return DoublesReport(
        images=len(images),
        pairs=dict(Counter(p.kind for p in seen.pairs)),
        same_files=len(project.images.occurrences()),
        groups=tuple(tuple(names[s] for s in g) for g in duplicate_groups(seen.pairs)),
        examples=tuple((names[p.first], names[p.second], p.why) for p in _examples(seen)),
        held_out=sum(i.split != "train" for i in images),
        leaked=len(leaked),
        effect=effect_of(seen, leaked),
        findings=filed,
    )


def _examples(seen: Likeness, of_each: int = 3) -> list[DuplicatePair]:
    """The surest pairs of each kind."""
    out: list[DuplicatePair] = []
    for kind in dict.fromkeys(p.kind for p in seen.pairs):
        out += [p for p in seen.pairs if p.kind == kind][:of_each]
    return out
