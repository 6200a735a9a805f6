"""On which slices of the data a model fails, judged on images that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.ops.data.slice_cases import Case, Loss, Predictions, cases_of, columns_of_cases
from pitmark.ops.images.embeddings import Vectors, embed_all, embed_objects
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.truth import defective
from pitmark.ops.labels.judged import latest_judged
from pitmark.ops.models.evaluating import Costs, choose_thresholds
from pitmark.ops.models.training import held_out_predictions
from pitmark.quality.slices.examples import typical_members
from pitmark.quality.slices.finding import Cases, Slice, SliceOptions, find_slices
from pitmark.quality.slices.group_rates import GroupRate, group_rates
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

_FEWEST = 40


@dataclass(frozen=True, slots=True)
class SliceQuestion:
    """What to search.

    Attributes:
        run: A training run, by id or latest; None takes what the last audit said of all
            images, or else the latest training run.
        loss: failures, or graded for how far off the model was.
        looks: Whether to search the embedding too, and to measure pixels; slower.
        protect: Metadata whose groups must not differ, such as sex; for each the rates of
            escapes and overkill.
        options: Smallest slice, length of rules, false discoveries.
    """

    run: str | None = None
    loss: Loss = "failures"
    looks: bool = True
    protect: tuple[str, ...] = ()
    options: SliceOptions = field(default_factory=SliceOptions)


@dataclass(frozen=True, eq=False)
class SliceReport:
    """The weak slices of one set of predictions.

    Attributes:
        project: Its name.
        source: What was judged, in words.
        cases: All of them.
        slices: Confirmed ones, then hints.
        examples: Per slice, positions of typical failing and passing cases.
        rates: Escapes and overkill of protected groups.
    """

    project: str
    source: str
    unit: str
    cases: tuple[Case, ...]
    slices: tuple[Slice, ...]
    examples: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    rates: tuple[GroupRate, ...] = ()

    @property
    def confirmed(self) -> tuple[Slice, ...]:
        """Those that hold on cases that the search had not seen."""
        return tuple(s for s in self.slices if s.confirmed)

    def sentences(self) -> list[str]:
        """The report in words."""
        mean = float(np.mean([c.loss for c in self.cases])) if self.cases else 0.0
        failing = all(c.loss in (0.0, 1.0) for c in self.cases)
        told = f"{mean:.0%} fail" if failing else f"mean loss {mean:.3g}"
        out = [f"{len(self.cases)} {self.unit} of {self.source}: {told}."]
        if not self.confirmed:
            out.append("No weak slice is confirmed.")
        out += [f"{_capital(s.sentence())}." for s in self.slices]
        return out + [f"{_capital(r.sentence())}." for r in self.rates]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "project": self.project,
            "source": self.source,
            "unit": self.unit,
            "cases": len(self.cases),
            "slices": [
                {
                    **s.to_json(),
                    "failing": [self._place(n) for n in bad],
                    "passing": [self._place(n) for n in good],
                }
                for s, (bad, good) in zip(self.slices, self.examples, strict=True)
            ],
            "group_rates": [r.to_json() for r in self.rates],
        }

    def _place(self, number: int) -> dict[str, Any]:
        case = self.cases[number]
        return {"image": case.image.name, "sha256": case.image.sha256, "shape": case.index}


def find_weak_slices(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    *,
    book: LabelBook,
    vectors: Vectors | None = None,
    load: PixelLoader | None = None,
) -> list[Slice]:
    """Confirmed slices on which more is missed or mistaken than elsewhere.

    A case is a labeled object for detection (failed: not found as its class) and an
    image for the other tasks (failed: wrong class, or wrong verdict).

    Args:
        spec: Of the models that made the predictions.
        images: Labeled images.
        predictions: Out of fold, by sha256.
        book: The label book.
        vectors: For slices by look: sha256 to (D,), for detection to (shapes, D).
        load: Gives pixels, on which brightness, contrast and the like are measured.

    Returns:
        The weak slices, strongest evidence first.
    """
    tuned = _tuned(spec, images, predictions, book)
    cases = cases_of(tuned, images, predictions, book=book)
    if not cases:
        return []
    looks = _looks(cases, vectors or {})
    columns = columns_of_cases(cases, load, silent)
    found = find_slices(_as_cases(cases, columns, looks))
    return [s for s in found if s.confirmed]


def slices_of(
    project: ProjectStore, *, question: SliceQuestion | None = None, report: Reporter = silent
) -> SliceReport:
    """The weak slices of what a run, or the last audit, said.

    Args:
        project: The project.
        question: What to search.
        report: Told of the progress.

    Returns:
        The report.

    Raises:
        NotFoundError: No such run.
        InvalidInputError: A protected column that no image has.
        NotEnoughDataError: Nothing was judged yet, or too few cases.
    """
    how = question or SliceQuestion()
    source, spec, images, predictions = _material(project, how.run)
    book = project.book.current()
    seen = [i for i in images if i.shapes is not None and i.image.sha256 in predictions]
    cases = cases_of(spec, seen, predictions, book=book, loss=how.loss)
    unit = "labeled objects" if spec.task == "detection" else "images"
    if len(cases) < _FEWEST:
        raise NotEnoughDataError(
            f"{len(cases)} {unit} of {source} are too few to look for slices: at least"
            f" {_FEWEST} are needed",
            hint="pitmark audit judges every labeled image; a run only those held out from it.",
        )
    looks, load = None, None
    if how.looks:
        load = pixel_loader(project)
        embed = embed_objects if spec.task == "detection" else embed_all
        looks = _looks(cases, embed(project, seen, report))
    columns = columns_of_cases(cases, load, report)
    found = find_slices(_as_cases(cases, columns, looks), how.options)
    loss = np.array([c.loss for c in cases])
    shown = [typical_members(s.members, loss, looks) for s in found]
    return SliceReport(
        project.info.name,
        source,
        unit,
        tuple(cases),
        tuple(found),
        tuple((tuple(map(int, bad)), tuple(map(int, good))) for bad, good in shown),
        _rates(how, spec, seen, predictions, book) if how.protect else (),
    )


def _material(
    project: ProjectStore, run: str | None
) -> tuple[str, InspectorSpec, Sequence[LabeledImage], Predictions]:
    """What was judged in words, the spec with thresholds, the images and what was said."""
    judged = latest_judged(project) if run is None else None
    if judged is not None:
        row = project.runs.get(judged.run_id)
        _, images = project.snapshots.load(row.snapshot_id)
        spec = _tuned(judged.spec, images, judged.predictions, project.book.current())
        return "the last audit", spec, images, judged.predictions
    row = _run(project, run)
    _, images = project.snapshots.load(row.snapshot_id)
    spec = InspectorSpec.from_json(row.inspector or {})
    return f"run {row.id}", spec, images, held_out_predictions(project, row)


def _run(project: ProjectStore, run: str | None) -> RunRow:
    if run is None and not project.runs.list(kind="train"):
        raise NotEnoughDataError(
            "no model has judged any image yet", hint="pitmark audit, or pitmark train."
        )
    return project.runs.get(run or "latest")


def _tuned(
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Predictions,
    book: LabelBook,
) -> InspectorSpec:
    return choose_thresholds(spec, images, predictions, book=book, costs=Costs(1, 1))[0]


def _looks(cases: Sequence[Case], vectors: Vectors) -> NDArray[np.float32] | None:
    """(N, D), where every case has a vector."""
    found = []
    for case in cases:
        held = vectors.get(case.image.sha256)
        if held is None:
            return None
        found.append(held if case.index is None else held[case.index])
    return np.stack(found)


def _as_cases(
    cases: Sequence[Case],
    columns: Mapping[str, Sequence[object]],
    looks: NDArray[np.float32] | None,
) -> Cases:
    loss = np.array([c.loss for c in cases], dtype=np.float64)
    return Cases(loss, columns, [c.image.group_key for c in cases], looks)


def _rates(
    how: SliceQuestion,
    spec: InspectorSpec,
    seen: Sequence[LabeledImage],
    predictions: Predictions,
    book: LabelBook,
) -> tuple[GroupRate, ...]:
    known = {k for i in seen for k in i.image.metadata}
    for name in how.protect:
        if name not in known:
            raise InvalidInputError(
                f"no image has metadata named {name!r}",
                hint=f"Known: {', '.join(sorted(known)) or 'none'}.",
            )
    columns = {n: [i.image.metadata.get(n) for i in seen] for n in how.protect}
    scores = np.array([predictions[i.image.sha256].score for i in seen])
    found = group_rates(
        columns,
        defective(seen, book),
        scores >= spec.threshold,
        groups=[i.image.group_key for i in seen],
        false_discovery_rate=how.options.false_discovery_rate,
    )
    return tuple(found)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
