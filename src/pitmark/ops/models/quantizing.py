"""Whether a release gets an int8 model: tried, measured, and decided by what it loses.

Every attempt quantizes less than the one before. The first that gives the golden images
their verdicts and loses at most half a point on the validation images is taken; where
none does, the release has fp32 alone, and the record says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pitmark.core.bundle import MODEL_FP32, MODEL_INT8
from pitmark.core.inspector import load_pair
from pitmark.core.label_book import LabelBook
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage, PixelLoader, references_of
from pitmark.edge.golden import GoldenReport, golden_from_bytes, replay
from pitmark.edge.network import Network
from pitmark.ops.models.calibrating import calibration_patches, stratified
from pitmark.ops.models.evaluating import evaluate_predictions

if TYPE_CHECKING:
    from pitmark.core.inspector import InspectorSpec

# For int8 the largest difference of a score is what rounding weights to eight bits costs.
TOLERANCE_INT8 = 0.15
MOST_LOSS = 0.005
_MOST_JUDGED = 500
# What is judged; of several figures the one that lost most counts.
JUDGED: Mapping[str, tuple[str, ...]] = {
    "classification": ("mean_recall",),
    "detection": ("mAP50",),
    "segmentation": ("IoU", "AUROC"),
    "anomaly": ("AUROC", "AUPRO"),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """One figure on the same images in both precisions; `points` is what int8 loses."""

    metric: str
    fp32: float
    int8: float

    @property
    def points(self) -> float:
        """fp32 minus int8, in [-1, 1]; below zero where int8 happens to be better."""
        return self.fp32 - self.int8

    def to_json(self) -> dict[str, Any]:
        """The loss as plain JSON types."""
        return {
            "metric": self.metric,
            "fp32": round(self.fp32, 6),
            "int8": round(self.int8, 6),
            "loss": round(self.points, 6),
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to quantize, and what it cost. `loss` is None without images to judge by.

    `takes_bytes` tells that the model takes images as bytes.
    """

    extent: str
    golden: GoldenReport
    loss: Loss | None
    images: int
    takes_bytes: bool = False

    @property
    def ok(self) -> bool:
        """Whether the device may be offered this model."""
        return self.golden.ok and (self.loss is None or self.loss.points <= MOST_LOSS)

    def sentence(self) -> str:
        """What was measured, in words."""
        if not self.golden.ok:
            return self.golden.sentence()
        if self.loss is None:
            return "golden images pass; there is no validation image that could tell a loss"
        return (
            f"{self.loss.metric} {self.loss.int8:.3f} against {self.loss.fp32:.3f} in fp32 on"
            f" {self.images} validation images, allowed is a loss of {MOST_LOSS:g}"
        )

    def to_json(self) -> dict[str, Any]:
        """The attempt as plain JSON types."""
        return {
            "extent": self.extent,
            "ok": self.ok,
            "images": self.images,
            "loss": self.loss.to_json() if self.loss else None,
            "golden": self.golden.to_json(),
            "sentence": self.sentence(),
        }


@dataclass(frozen=True, slots=True)
class Judges:
    """By what an int8 model is judged.

    `images` are labeled validation images, `predictions` what the trained model said
    about them, `golden` the file of golden inputs.
    """

    spec: InspectorSpec
    images: Sequence[LabeledImage]
    predictions: Mapping[str, Prediction]
    load: PixelLoader
    book: LabelBook
    golden: bytes

    def attempt(self, model: bytes, extent: str) -> Attempt:
        """Measure one int8 model.

        Args:
            model: The ONNX file's bytes.
            extent: What of it is int8.

        Returns:
            What it cost. A model that fails the golden images is not measured further.
        """
        network = Network(model, self.spec, name=MODEL_INT8)
        golden = golden_from_bytes(self.golden, self.spec)
        report = replay(golden, network.predict, self.spec, tolerance=TOLERANCE_INT8)
        loss = self.loss(network) if report.ok else None
        return Attempt(extent, report, loss, len(self.images), network.takes_bytes)

    def loss(self, network: Network) -> Loss | None:
        """What a model loses on the validation images against the trained one.

        Args:
            network: The model.

        Returns:
            The figure that lost most; None where no figure can be given.
        """
        if not self.images:
            return None
        said = {
            i.image.sha256: network.predict(*load_pair(i.image, self.load, self.spec))
            for i in self.images
        }
        before, after = (
            evaluate_predictions(self.spec, self.images, p, book=self.book).metrics
            for p in (self.predictions, said)
        )
        losses = []
        for name in JUDGED[self.spec.task]:
            one, other = before.get(name), after.get(name)
            if one is not None and other is not None:
                losses.append(Loss(name, one, other))
        return max(losses, key=lambda found: found.points, default=None)


def validation_images(
    images: Sequence[LabeledImage], predictions: Mapping[str, Prediction]
) -> list[LabeledImage]:
    """The images by which precisions are compared; the test images stay untouched.

    At most 500, with every class among them: beyond that they only take time.

    Args:
        images: Of a snapshot.
        predictions: Of the trained model, by sha256.

    Returns:
        Labeled images of split "val" that the model has judged.
    """
    labeled = [i for i in images if i.split == "val" and i.shapes is not None]
    return stratified([i for i in labeled if i.image.sha256 in predictions], _MOST_JUDGED)


def add_int8(
    files: dict[str, bytes], judges: Judges, images: Sequence[LabeledImage]
) -> dict[str, Any]:
    """Put an int8 model beside the fp32 one, if one is good enough.

    Args:
        files: Of the bundle, with the fp32 model; the int8 model is added where it may be.
        judges: By what it is judged.
        images: Of the snapshot, to calibrate with.

    Returns:
        The record for manifest and report: `chosen` extent or None, `why` in words, every
        attempt, the number of calibration patches, and whether the model takes bytes.
    """
    from pitmark.train.int8 import EXTENTS, export_int8

    preprocess, beside = judges.spec.preprocess, None
    patches = calibration_patches(preprocess, images, judges.load)
    if judges.spec.reference:
        of = references_of(images)
        beside = calibration_patches(preprocess, images, lambda sha: judges.load(of[sha]))
    attempts: list[Attempt] = []
    for extent in EXTENTS:
        model = export_int8(
            files[MODEL_FP32], patches, beside, extent=extent, scale=preprocess.byte_scale
        )
        attempts.append(judges.attempt(model, extent))
        if attempts[-1].ok:
            files[MODEL_INT8] = model
            break
    last = attempts[-1]
    return {
        "chosen": last.extent if last.ok else None,
        "why": f"int8 is {'in' if last.ok else 'out'}: {last.sentence()}",
        "patches": len(patches),
        "takes_bytes": last.ok and last.takes_bytes,
        "attempts": [a.to_json() for a in attempts],
    }
