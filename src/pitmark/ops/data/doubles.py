"""Find images that show the same thing twice, and what that does to splits and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage
from pitmark.ops.data.leaking import effect_of
from pitmark.ops.data.likeness import Likeness, look_alike, said
from pitmark.quality.copies.duplicates import DuplicatePair, contradictions
from pitmark.quality.copies.leaks import Leak, find_leaks
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding

# Findings of an audit and of a comparison alone stand for the same pairs.
SOURCE = "duplicates"


def double_findings(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    report: Reporter,
) -> list[NewFinding]:
    """Findings on duplicates: copies of a file, near copies, leaks, contradictions.

    Near copies within one group are expected and not told.

    Args:
        project: The project.
        images: All images of a snapshot.
        report: Told of the progress.

    Returns:
        Findings of the kinds duplicate, leak and contradiction.
    """
    return findings_of(project, look_alike(project, images, report))


def leaks_of(seen: Likeness) -> list[Leak]:
    """Held-out images with their like, or another image of their group, in another split.

    Args:
        seen: Images that were compared.

    Returns:
        The leaks, most alike first.
    """
    splits = {i.image.sha256: i.split for i in seen.images}
    groups = {i.image.sha256: i.image.group for i in seen.images}
    known = {sha: group for sha, group in groups.items() if group is not None}
    return find_leaks(_apart(seen), splits, known)


def findings_of(project: ProjectStore, seen: Likeness) -> list[NewFinding]:
    """Findings on images that were compared already.

    Args:
        project: The project.
        seen: All images of a snapshot, or of the project.

    Returns:
        Findings of the kinds duplicate, leak and contradiction.
    """
    names = {i.image.sha256: i.image.name for i in seen.images}
    found = _copies(project, names)
    found += [
        _finding("duplicate", p.first, p.similarity, f"shows what {names[p.second]} shows", p)
        for p in _apart(seen)
    ]
    leaks = leaks_of(seen)
    effect = effect_of(seen, {leak.test_key for leak in leaks})
    told = f". All {len(leaks)} leaks together: {effect.sentence()}" if effect else ""
    for leak in leaks:
        why = f"is {leak.why} ({names[leak.train_key]}){told}"
        found.append(
            NewFinding(
                "leak", leak.test_key, None, leak.similarity, why, None, (leak.train_key,)
            )
        )
    labels = {i.image.sha256: said(i.shapes) for i in seen.images if i.shapes is not None}
    for one in contradictions(seen.pairs, labels):
        why = f"and {names[one.second]}: {one.why}"
        found.append(
            NewFinding(
                "contradiction", one.first, None, one.similarity, why, None, (one.second,)
            )
        )
    return found + _disagreements(project, names)


def _finding(kind: str, sha: str, score: float, why: str, pair: DuplicatePair) -> NewFinding:
    return NewFinding(kind, sha, None, score, f"{why}: {pair.why}", None, (pair.second,))


def _apart(seen: Likeness) -> list[DuplicatePair]:
    """Pairs that are not known to belong together already."""
    groups = {i.image.sha256: i.image.group for i in seen.images}
    return [
        p for p in seen.pairs if groups[p.first] is None or groups[p.first] != groups[p.second]
    ]


def _copies(project: ProjectStore, names: Mapping[str, str]) -> list[NewFinding]:
    """The same bytes under several names; kept once, told once."""
    return [
        NewFinding("duplicate", sha, None, 1.0, f"is the same file as {', '.join(others)}")
        for sha, found in project.images.occurrences().items()
        if sha in names and (others := [n for n in found if n != names[sha]])
    ]


def _disagreements(project: ProjectStore, names: Mapping[str, str]) -> list[NewFinding]:
    """Images on which the latest words of two labelers differ, and no review has settled."""
    found = []
    settled = {s for s, row in project.annotations.consensus().items() if row.review}
    for sha, rows in project.annotations.all_latest().items():
        told = {labeler: said(row.shapes) for labeler, row in rows.items()}
        if sha in names and sha not in settled and len(set(told.values())) > 1:
            words = "; ".join(f"{labeler}: {what}" for labeler, what in told.items())
            found.append(
                NewFinding("contradiction", sha, None, 0.9, f"labelers differ: {words}")
            )
    return found
