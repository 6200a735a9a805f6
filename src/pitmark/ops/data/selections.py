"""Change many images at once: a class, a group, or metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import ImageClass
from pitmark.core.records import ImageRecord, MetadataValue
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore

# Images between two commits: others who save wait no longer than for these.
_BATCH = 200
_MOST_PROBLEMS = 20
_WHOLE_IMAGES = ("classification", "anomaly")


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be true of all images of a selection; None leaves it as it is.

    `label` is a class of the label book for the whole image; an empty `group` takes
    images out of theirs; `metadata` is merged into what is there.
    """

    label: str | None = None
    group: str | None = None
    metadata: Mapping[str, MetadataValue] | None = None
    reason: str = ""


@dataclass(slots=True)
class Changed:
    """How many images were changed, and why others were not."""

    changed: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str) -> None:
        """Take note of an image that was not changed; many are only counted.

        Args:
            problem: Why not.
        """
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
        elif len(self.problems) == _MOST_PROBLEMS:
            self.problems.append("and more")


def change_images(
    project: ProjectStore, shas: Sequence[str], change: Change, *, by: str
) -> Changed:
    """Change many images.

    Args:
        project: The project.
        shas: The images; those that are not in the project are named as problems.
        change: What to change.
        by: Who changes it; a class is a new revision of their labels.

    Returns:
        How many images were changed, images that were so already left out.

    Raises:
        InvalidInputError: Nothing to change, or a class in a project of boxes or masks.
        InvalidLabelError: The label book has no such class.
    """
    _check(project, change)
    done, wanted = Changed(), list(dict.fromkeys(shas))
    for first in range(0, len(wanted), _BATCH):
        part = wanted[first : first + _BATCH]
        with project.transaction():
            records = {r.sha256: r for r in project.images.many(part)}
            for sha in part:
                if sha not in records:
                    done.note(f"the project has no image with the sha256 {sha!r}")
            changed = _describe(project, records, change, done)
            changed |= _relabel(project, list(records), change, by)
            changed |= _regroup(project, records, change)
        done.changed += len(changed)
    details = {
        "changed": done.changed,
        "label": change.label,
        "group": change.group,
        "metadata": dict(change.metadata or {}),
        "reason": change.reason,
    }
    project.audit.log(by, "change_images", "images", details)
    return done


def _check(project: ProjectStore, change: Change) -> None:
    if change.label is None and change.group is None and not change.metadata:
        raise InvalidInputError(
            "nothing to change was given", hint="Give a class, a group or metadata."
        )
    if change.label is None:
        return
    if project.task not in _WHOLE_IMAGES:
        raise InvalidInputError(
            f"in a project of {project.task} images have no class of their own",
            hint="Mark what is on each image instead.",
        )
    project.book.current().entry(change.label)


def _relabel(project: ProjectStore, shas: Sequence[str], change: Change, by: str) -> set[str]:
    """Say the class of some images; those of which it was not said by this person before."""
    if change.label is None:
        return set()
    book, begun = project.book.current(), datetime.now(UTC)
    said = (ImageClass(change.label),)
    rows = project.annotations.add_many(
        [NewAnnotation(s, said, by, book.revision, reason=change.reason) for s in shas]
    )
    return {r.sha256 for r in rows if r.at >= begun}


def _regroup(
    project: ProjectStore, records: Mapping[str, ImageRecord], change: Change
) -> set[str]:
    if change.group is None:
        return set()
    wanted = change.group or None
    moved = {sha for sha, record in records.items() if record.group != wanted}
    project.images.set_group(dict.fromkeys(moved, wanted))
    return moved


def _describe(
    project: ProjectStore, records: Mapping[str, ImageRecord], change: Change, done: Changed
) -> set[str]:
    """Merge metadata into that of images; what may not be changed is noted."""
    new = dict(change.metadata or {})
    changed = set()
    for sha, record in records.items():
        if any(record.metadata.get(k) != v for k, v in new.items()):
            try:
                project.images.set_metadata(sha, new)
                changed.add(sha)
            except InvalidInputError as exc:
                done.note(exc.message)
    return changed
