"""What several people said about the same images: in a study, or as labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pitmark.core.errors import NotEnoughDataError, NotFoundError
from pitmark.core.labels import Shape
from pitmark.core.records import ImageRecord
from pitmark.store.db import ProjectStore

Shapes = tuple[Shape, ...]
REFERENCES = ("auto", "labels", "reviewed", "none")


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by image and column; a column is one trial of one labeler.

    `reference` holds what is taken for true, `reference_name` says what that is; it is
    empty where there is none. `reference_by` are the people whose word it is.
    """

    source: str
    columns: tuple[tuple[str, int], ...]
    images: tuple[ImageRecord, ...]
    said: Mapping[str, Mapping[int, Shapes]]
    reference: Mapping[str, Shapes]
    reference_name: str
    reference_by: tuple[str, ...]

    @property
    def labelers(self) -> tuple[str, ...]:
        """The labeler of each column."""
        return tuple(labeler for labeler, _ in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The labelers, each once."""
        return tuple(dict.fromkeys(self.labelers))

    def column_name(self, column: int) -> str:
        """A column as people call it.

        Args:
            column: Its index.

        Returns:
            The labeler, with the trial where there are several.
        """
        labeler, trial = self.columns[column]
        once = self.labelers.count(labeler) == 1
        return labeler if once else f"{labeler}, trial {trial}"

    @property
    def labels_used(self) -> frozenset[str]:
        """The classes of all shapes, those of the reference included."""
        every = [s for by in self.said.values() for shapes in by.values() for s in shapes]
        every += [s for shapes in self.reference.values() for s in shapes]
        return frozenset(s.label for s in every)


def gather_answers(
    project: ProjectStore, *, study: str | None = None, reference: str = "auto"
) -> Answers:
    """All answers of a study, or the latest labels of everybody.

    Args:
        project: The project.
        study: Id, name or latest; None for the labels of the project.
        reference: What is taken for true: `labels` (what the project holds), `reviewed`
            (only what a reviewer settled), the name of a labeler, or `none`. `auto` means
            `labels` for a study, and `reviewed` otherwise, since labels cannot be judged by
            themselves.

    Returns:
        The answers.

    Raises:
        NotFoundError: No such study or labeler.
        NotEnoughDataError: There are no answers.
    """
    if study is None:
        source, given = "the labels of the project", _from_labels(project)
    else:
        row = project.studies.get(study)
        source = f"study {row.id}" + (f" ({row.name})" if row.name else "")
        given = {
            (a.sha256, a.labeler, a.trial): a.shapes for a in project.studies.answers(row.id)
        }
    if not given:
        hint = "pitmark import FOLDER --labeler NAME, or pitmark agreement add."
        raise NotEnoughDataError(f"nobody has answered anything in {source}", hint=hint)
    true = _reference(project, given, reference, of_study=study is not None)
    if true.name == reference:
        given = {k: v for k, v in given.items() if k[1] != reference}
    return _arranged(project, source, given, true)


@dataclass(frozen=True, slots=True)
class _Reference:
    """What is taken for true, by image: shapes, and whose word they are."""

    name: str
    held: Mapping[str, tuple[Shapes, str]]


def _from_labels(project: ProjectStore) -> dict[tuple[str, str, int], Shapes]:
    latest = project.annotations.all_latest()
    return {
        (sha, labeler, 1): row.shapes
        for sha, by in latest.items()
        for labeler, row in by.items()
    }


def _reference(
    project: ProjectStore,
    given: Mapping[tuple[str, str, int], Shapes],
    reference: str,
    *,
    of_study: bool,
) -> _Reference:
    asked = reference
    if asked == "auto":
        asked = "labels" if of_study else "reviewed"
    if asked == "none":
        return _Reference("", {})
    if asked in ("labels", "reviewed"):
        images = list(dict.fromkeys(sha for sha, _, _ in given))
        held = project.annotations.consensus()
        kept = {
            sha: (held[sha].shapes, held[sha].labeler)
            for sha in images
            if sha in held and (asked == "labels" or held[sha].review)
        }
        words = "the labels of the project" if asked == "labels" else "what reviewers settled"
        return _Reference(words if kept else "", kept)
    own = {
        sha: (shapes, labeler)
        for (sha, labeler, trial), shapes in given.items()
        if labeler == asked and trial == 1
    }
    if not own:
        known = sorted({labeler for _, labeler, _ in given})
        raise NotFoundError(
            f"nobody called {asked!r} has answered, who could be the reference",
            hint=f"Labelers: {', '.join(known)}; or {', '.join(REFERENCES)}.",
        )
    return _Reference(asked, own)


def _arranged(
    project: ProjectStore,
    source: str,
    given: Mapping[tuple[str, str, int], Shapes],
    true: _Reference,
) -> Answers:
    columns = tuple(sorted({(labeler, trial) for _, labeler, trial in given}))
    place = {column: n for n, column in enumerate(columns)}
    said: dict[str, dict[int, Shapes]] = {}
    for (sha, labeler, trial), shapes in given.items():
        said.setdefault(sha, {})[place[labeler, trial]] = shapes
    useful = {
        sha for sha, by in said.items() if len(by) > 1 or (sha in true.held and len(by) > 0)
    }
    if not useful:
        counts = Counter(labeler for _, labeler, _ in given)
        told = ", ".join(f"{who} {n}" for who, n in sorted(counts.items())) or "nobody else"
        raise NotEnoughDataError(
            f"no image in {source} has two answers that could be compared ({told})",
            hint="Let a second person label some of the same images, or let the first"
            " label them again: pitmark agreement design.",
        )
    records = [r for r in project.images.iterate() if r.sha256 in useful]
    kept = {r.sha256: said[r.sha256] for r in records}
    used = sorted({n for by in kept.values() for n in by})
    again = {n: k for k, n in enumerate(used)}
    return Answers(
        source=source,
        columns=tuple(columns[n] for n in used),
        images=tuple(records),
        said={s: {again[n]: v for n, v in by.items()} for s, by in kept.items()},
        reference={s: shapes for s, (shapes, _) in true.held.items() if s in kept},
        reference_name=true.name,
        reference_by=tuple(sorted({who for s, (_, who) in true.held.items() if s in kept})),
    )
