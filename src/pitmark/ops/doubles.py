"""Find images that show the same thing twice, and what that does to splits and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pitmark.core.labels import Shape
from pitmark.core.progress import Progress, Reporter
from pitmark.core.records import LabeledImage
from pitmark.ops.pixels import pixel_loader
from pitmark.quality.duplicates import DuplicatePair, contradictions, find_duplicates
from pitmark.quality.fingerprints import fingerprint
from pitmark.quality.leaks import find_leaks
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding


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
    names = {i.image.sha256: i.image.name for i in images}
    groups = {i.image.sha256: i.image.group for i in images}
    pairs = _pairs(project, images, report)
    apart = [p for p in pairs if groups[p.first] is None or groups[p.first] != groups[p.second]]
    found = _copies(project, names)
    found += [
        _finding("duplicate", p.first, p.similarity, f"shows what {names[p.second]} shows", p)
        for p in apart
    ]
    splits = {i.image.sha256: i.split for i in images}
    known = {sha: group for sha, group in groups.items() if group is not None}
    for leak in find_leaks(apart, splits, known):
        why = f"is {leak.why} ({names[leak.train_key]})"
        found.append(
            NewFinding(
                "leak", leak.test_key, None, leak.similarity, why, None, (leak.train_key,)
            )
        )
    labels = {i.image.sha256: _said(i.shapes) for i in images if i.shapes is not None}
    for one in contradictions(pairs, labels):
        why = f"and {names[one.second]}: {one.why}"
        found.append(
            NewFinding(
                "contradiction", one.first, None, one.similarity, why, None, (one.second,)
            )
        )
    return found + _disagreements(project, names)


def _finding(kind: str, sha: str, score: float, why: str, pair: DuplicatePair) -> NewFinding:
    return NewFinding(kind, sha, None, score, f"{why}: {pair.why}", None, (pair.second,))


def _pairs(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    report: Reporter,
) -> list[DuplicatePair]:
    load = pixel_loader(project)
    shas = [i.image.sha256 for i in images]
    prints = []
    for position, sha in enumerate(shas, start=1):
        prints.append(fingerprint(load(sha)))
        report(Progress("duplicates", position, len(shas)))
    return find_duplicates(shas, prints)


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
        said = {labeler: _said(row.shapes) for labeler, row in rows.items()}
        if sha in names and sha not in settled and len(set(said.values())) > 1:
            told = "; ".join(f"{labeler}: {what}" for labeler, what in said.items())
            found.append(
                NewFinding("contradiction", sha, None, 0.9, f"labelers differ: {told}")
            )
    return found


def _said(shapes: Sequence[Shape] | None) -> str:
    """The classes of an image in words, the same for the same classes."""
    return ", ".join(sorted(s.label for s in shapes or ())) or "nothing to mark"
