"""What the newest model would say about an image, as shapes that a person can take over."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from pitmark.core.errors import MissingExtraError, NotFoundError
from pitmark.core.inspector import InspectorSpec, load_pair
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, shape_from_json, shape_to_json
from pitmark.core.predictions import Prediction, one_prediction
from pitmark.core.preprocess import Pixels
from pitmark.core.records import ImageRecord
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.images.derived_files import DerivedFiles
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.models.predicted_shapes import predicted_shapes
from pitmark.ops.models.training import load_model
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

# The only class of models that know good parts alone.
_UNNAMED = "anomaly"
_LIMIT_BYTES = 200_000_000
# One thread: the cores belong to the people who label.
_THREADS = 1
Predict = Callable[[Pixels, Pixels | None], Prediction]


@dataclass(frozen=True, slots=True)
class Suggested:
    """Shapes that a model proposes, each with its score in [0, 1].

    `run` is empty where there is no model; `score` is that of the image being NG.
    """

    run: str = ""
    shapes: tuple[Shape, ...] = ()
    scores: tuple[float, ...] = ()
    score: float | None = None


class Suggester:
    """Suggests labels for the images of one project; asks its model once per image.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        self._files = DerivedFiles(project.work / "suggestions", _LIMIT_BYTES)
        self._lock = threading.Lock()
        self._loaded: tuple[str, InspectorSpec, Predict] | None = None

    def suggest(self, sha256: str) -> Suggested:
        """What the newest finished run says about an image.

        What it said when it was held out is taken where there is such a prediction;
        otherwise the model looks at the image, one at a time.

        Args:
            sha256: The image.

        Returns:
            The shapes; none where no run is finished, or what runs it is not installed.

        Raises:
            NotFoundError: The project has no such image.
            InvalidInputError: The model compares with a reference and the image has none.
        """
        return in_words_of(self._project.book.current(), self._suggest(sha256, look=True))

    def known(self, sha256: str) -> Suggested:
        """The same, only where it is known already: no model looks at the image.

        Args:
            sha256: The image.

        Returns:
            The shapes; none where the newest run has not been asked.

        Raises:
            NotFoundError: The project has no such image.
        """
        return in_words_of(self._project.book.current(), self._suggest(sha256, look=False))

    def _suggest(self, sha256: str, *, look: bool) -> Suggested:
        record, run = self._project.images.get(sha256), self._run()
        if run is None:
            return Suggested()
        kept = self._files.read(_name(run, sha256))
        if kept is not None:
            return _from_bytes(kept)
        spec = InspectorSpec.from_json(run.inspector or {})
        found = self._held_out(run, sha256)
        if found is None and look:
            with self._lock:
                found = self._look(run, record)
        if found is None:
            return Suggested()
        told = suggested(run.id, found, spec)
        self._files.put(_name(run, sha256), _to_bytes(told))
        return told

    def _run(self) -> RunRow | None:
        try:
            return self._project.runs.get("latest")
        except NotFoundError:
            return None

    def _held_out(self, run: RunRow, sha256: str) -> Prediction | None:
        blob = self._project.runs.predictions(run.id, "held-out")
        if blob is None:
            return None
        with self._project.blobs.path(blob).open("rb") as file:
            return one_prediction(file, sha256)

    def _look(self, run: RunRow, record: ImageRecord) -> Prediction | None:
        if self._loaded is None or self._loaded[0] != run.id:
            try:
                self._loaded = (run.id, *self._load(run))
            except MissingExtraError:
                return None
        _, spec, predict = self._loaded
        return predict(*load_pair(record, pixel_loader(self._project), spec))

    def _load(self, run: RunRow) -> tuple[InspectorSpec, Predict]:
        """The released bundle of the run, which is light, else the trained model."""
        for release in self._project.releases.list():
            if release.run_id == run.id:
                bundle = self._project.blobs.read(release.bundle_sha)
                inspector = EdgeInspector.open(bundle, precision="fp32", threads=_THREADS)
                return inspector.spec, inspector.predict
        model = load_model(self._project, run)
        return model.spec, model.predict


def suggested(run: str, prediction: Prediction, spec: InspectorSpec) -> Suggested:
    """A prediction as the shapes that a person would draw.

    Args:
        run: Who says so.
        prediction: What it says.
        spec: Of the same model.

    Returns:
        A class, boxes or masks by the task; nothing where the image counts as good.
    """
    pairs = predicted_shapes(prediction, spec)
    return Suggested(
        run,
        tuple(shape for shape, _ in pairs),
        tuple(round(score, 4) for _, score in pairs),
        prediction.score,
    )


def in_words_of(book: LabelBook, told: Suggested) -> Suggested:
    """Only what the label book knows; an anomaly without a name becomes its first defect.

    Args:
        book: The label book.
        told: Shapes in the classes of a model.

    Returns:
        Shapes in the classes of the book.
    """
    defects = [c.name for c in book.classes if not c.good]
    kept = []
    for shape, score in zip(told.shapes, told.scores, strict=True):
        if shape.label in book.names:
            kept.append((shape, score))
        elif shape.label == _UNNAMED and defects:
            kept.append((replace(shape, label=defects[0]), score))
    shapes, scores = tuple(s for s, _ in kept), tuple(v for _, v in kept)
    return replace(told, shapes=shapes, scores=scores)


def _name(run: RunRow, sha256: str) -> str:
    # Another threshold finds other boxes: the time of the change is not known, its text is.
    said = json.dumps(run.inspector, sort_keys=True).encode()
    folder = f"{run.id}-{hashlib.sha256(said).hexdigest()[:12]}"
    return f"{folder}/{sha256[:2]}/{sha256[2:]}.json"


def _to_bytes(told: Suggested) -> bytes:
    data = {
        "run": told.run,
        "shapes": [shape_to_json(s) for s in told.shapes],
        "scores": list(told.scores),
        "score": told.score,
    }
    return json.dumps(data).encode()


def _from_bytes(data: bytes) -> Suggested:
    held = json.loads(data)
    shapes = tuple(shape_from_json(s) for s in held["shapes"])
    return Suggested(held["run"], shapes, tuple(held["scores"]), held["score"])
