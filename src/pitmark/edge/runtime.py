"""A bundle at work: images in, verdicts out, on onnxruntime and numpy alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pitmark.core.bundle import DRIFT_BY_CONDITION_NAME, DRIFT_NAME, GOLDEN_NAME, Manifest
from pitmark.core.errors import BundleError, InvalidInputError, PitmarkError
from pitmark.core.inspector import InspectorSpec, Verdict, counted_boxes, decide
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import Pixels
from pitmark.edge.bundle_file import Bundle, read_bundle
from pitmark.edge.choice import (
    MAX_THREADS,
    MODEL_NAMES,
    Choice,
    Precision,
    allowed_difference,
    choose,
    load_golden,
    load_network,
    usable_cores,
)
from pitmark.edge.golden import GoldenReport, replay
from pitmark.edge.network import Network
from pitmark.formats.images import decode_image

# What is still needed once the model is loaded.
_KEPT = (GOLDEN_NAME, DRIFT_NAME, DRIFT_BY_CONDITION_NAME)


@dataclass(frozen=True, slots=True)
class Inspection:
    """One image inspected.

    `prediction` is what the model says and `boxes` the same with only the boxes that
    count; both are None, like `pixels`, where the verdict is error. `latency_ms` runs
    from the image's bytes or pixels to the verdict. `classes` are those of the model.
    """

    name: str
    verdict: Verdict
    prediction: Prediction | None
    boxes: Prediction | None
    latency_ms: float
    classes: tuple[str, ...] = ()
    pixels: Pixels | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The inspection as plain JSON types, without pixels and maps."""
        return {
            "name": self.name,
            "verdict": self.verdict.to_json(),
            "boxes": self._boxes_to_json(),
            "latency_ms": round(self.latency_ms, 2),
        }

    def _boxes_to_json(self) -> list[dict[str, Any]]:
        if self.boxes is None:
            return []
        rows = zip(
            self.boxes.boxes_xyxy.tolist(),
            self.boxes.box_scores.tolist(),
            self.boxes.box_classes.tolist(),
            strict=True,
        )
        return [
            {
                "label": self.classes[index],
                "score": round(score, 6),
                "box_xyxy": [round(side, 2) for side in box],
            }
            for box, score, index in rows
        ]


class EdgeInspector:
    """An inspector from a bundle. Open one with `EdgeInspector.open`."""

    def __init__(self, bundle: Bundle, network: Network, choice: Choice) -> None:
        # The models live on in the network; their bytes would only fill memory.
        kept = {n: d for n, d in bundle.files.items() if n in _KEPT}
        self._bundle = replace(bundle, files=kept)
        self._network = network
        self.choice = choice

    @staticmethod
    def open(
        source: Path | bytes | Bundle,
        *,
        precision: Precision | Literal["auto"] = "auto",
        threads: int | None = None,
    ) -> EdgeInspector:
        """Load and verify a bundle, and settle how to run it.

        What is left open (precision "auto", threads None) is measured on the spot: a
        fraction of a second, plus the replay of the golden inputs on each candidate.
        With both given nothing is measured or replayed, and the start is fastest.

        Args:
            source: The bundle.
            precision: Which model to run.
            threads: How many threads one image may use, at least 1.

        Returns:
            The inspector; `choice` tells what was measured.

        Raises:
            NotFoundError: There is no such file.
            BundleError: The bundle is damaged, altered, too new, or cannot be loaded.
            InvalidInputError: The bundle has no model of this precision.
            ParityError: No candidate reproduces the golden outputs on this device.
        """
        if precision not in ("auto", *MODEL_NAMES):
            raise InvalidInputError(
                f"unknown precision {precision!r}", hint="Choose auto, fp32 or int8."
            )
        bundle = source if isinstance(source, Bundle) else read_bundle(source)
        if precision != "auto" and threads is not None:
            network = load_network(bundle, precision, threads)
            choice = Choice(precision, threads, (), {}, None, 0.0)
            return EdgeInspector(bundle, network, choice)
        held: list[Precision] = [p for p, n in MODEL_NAMES.items() if n in bundle.files]
        network, choice = choose(
            bundle,
            precisions=held if precision == "auto" else [precision],
            threads=_thread_counts() if threads is None else [threads],
        )
        return EdgeInspector(bundle, network, choice)

    @property
    def manifest(self) -> Manifest:
        """The bundle's manifest."""
        return self._bundle.manifest

    @property
    def spec(self) -> InspectorSpec:
        """Everything about the model but its weights."""
        return self._bundle.manifest.inspector

    @property
    def precision(self) -> Precision:
        """Which of the bundle's models runs."""
        return self.choice.precision

    @property
    def threads(self) -> int:
        """How many threads one image may use."""
        return self.choice.threads

    @property
    def drift_reference(self) -> bytes | None:
        """The bundle's drift reference, None where it has none."""
        return self._bundle.files.get(DRIFT_NAME)

    @property
    def drift_by_condition(self) -> bytes | None:
        """The reference that knows cameras or finishes apart, None where there is none."""
        return self._bundle.files.get(DRIFT_BY_CONDITION_NAME)

    def predict(self, image: Pixels, reference: Pixels | None = None) -> Prediction:
        """What the model says about one image.

        Args:
            image: (H, W) or (H, W, 3), uint8 or uint16.
            reference: The same part without defects, aligned, of the same size and depth;
                needed where `spec.reference` says so, unused elsewhere.

        Returns:
            The prediction, in pixels of the image.

        Raises:
            InvalidInputError: Not an image array, or no fitting reference where one is
                needed.
            BundleError: The model fails on it.
        """
        return self._network.predict(image, reference)

    def inspect(
        self,
        image: Pixels | bytes,
        *,
        name: str = "",
        reference: Pixels | bytes | None = None,
    ) -> Inspection:
        """The verdict on one image, whatever state it is in.

        Args:
            image: Pixels as for `predict`, or the bytes of an image file.
            name: How to call it in reasons and logs.
            reference: Of the image, likewise.

        Returns:
            The inspection. An image that cannot be read or judged gets the verdict
            error with the reason, one without the reference it needs as well; nothing is
            raised for it.
        """
        start = time.perf_counter()
        try:
            pixels = _pixels_of(image, name)
            prediction = self.predict(pixels, self._beside(reference, name))
            verdict = decide(prediction, self.spec)
        except (PitmarkError, MemoryError) as exc:
            verdict = Verdict("error", 0.0, None, str(exc) or "out of memory")
        elapsed_ms = (time.perf_counter() - start) * 1000
        classes = self.spec.classes
        if verdict.outcome == "error":
            return Inspection(name, verdict, None, None, elapsed_ms, classes)
        boxes = counted_boxes(prediction, self.spec)
        return Inspection(name, verdict, prediction, boxes, elapsed_ms, classes, pixels)

    def _beside(self, reference: Pixels | bytes | None, name: str) -> Pixels | None:
        """The pixels of a reference; None where there is none, or none is needed."""
        if reference is None or not self.spec.reference:
            return None
        return _pixels_of(reference, f"the reference of {name}" if name else "the reference")

    def inspect_each(
        self,
        images: Iterable[tuple[str, Pixels | bytes]],
        *,
        references: Callable[[str], Pixels | bytes | None] = lambda _: None,
    ) -> Iterator[Inspection]:
        """Verdicts on a stream of images, one by one as they come.

        Args:
            images: Names with pixels or file bytes, as from `pitmark.edge.sources`.
            references: Gives the reference of an image by its name, such as
                `pitmark.edge.sources.FolderReferences`; None where it has none.

        Yields:
            One inspection per image, in order.
        """
        for name, image in images:
            yield self.inspect(image, name=name, reference=references(name))

    def replay_golden(self) -> GoldenReport:
        """Run the bundle's golden inputs on this device.

        Returns:
            How far this device is from the trained model.

        Raises:
            BundleError: The bundle has no golden inputs, or damaged ones.
        """
        golden = load_golden(self._bundle)
        if golden is None:
            raise BundleError(f"the bundle has no {GOLDEN_NAME} to replay")
        tolerance = allowed_difference(self._bundle, self.precision)
        return replay(golden, self.predict, self.spec, tolerance=tolerance)


def _pixels_of(image: Pixels | bytes, name: str) -> Pixels:
    if isinstance(image, bytes):
        decoded: Pixels = decode_image(image, name=name).pixels
        return decoded
    if not isinstance(image, np.ndarray):
        raise InvalidInputError(f"an image must be an array, found {type(image).__name__}")
    return image


def _thread_counts() -> list[int]:
    cores = min(usable_cores(), MAX_THREADS)
    return sorted({1, *(n for n in (2, 4, 8) if n <= cores), cores})
