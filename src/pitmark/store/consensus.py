"""Which of many annotations of an image is held to be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pitmark.core.labels import Task


@dataclass(frozen=True, slots=True)
class Said:
    """One annotation, as far as it matters here; a larger id was said later.

    `withdraws` is the id of an annotation that this one takes back.
    """

    id: int
    labeler: str
    labels_hash: str
    review: bool
    revision: int
    withdraws: int | None = None


def standing(said: Sequence[Said]) -> list[Said]:
    """What was said and not taken back.

    Args:
        said: All annotations of one image, the oldest first.

    Returns:
        Those that count, in the same order; none when all was taken back.
    """
    gone = {s.withdraws for s in said}
    return [s for s in said if s.withdraws is None and s.id not in gone]


def consensus_of(said: Sequence[Said], task: Task) -> Said:
    """The annotation that is held to be true of an image.

    The latest review decides. Without one, in classification, what most labelers said
    last (of several equally frequent answers that of the labeler who labeled first);
    in the other tasks what the first labeler said last.

    Args:
        said: Annotations of one image that stand, the oldest first, at least one.
        task: Of the project.

    Returns:
        One of them.
    """
    reviews = [s for s in said if s.review]
    if reviews:
        return reviews[-1]
    latest = latest_by_labeler(said)
    if task == "classification":
        votes = Counter(s.labels_hash for s in latest.values())
        most = max(votes.values())
        return next(s for s in latest.values() if votes[s.labels_hash] == most)
    return next(iter(latest.values()))


def latest_by_labeler(said: Sequence[Said]) -> dict[str, Said]:
    """What each labeler said last, reviews left out: a review knows the other answers.

    Args:
        said: All annotations of one image, the oldest first.

    Returns:
        Labeler to annotation, in the order in which they labeled first.
    """
    return {s.labeler: s for s in said if not s.review}
