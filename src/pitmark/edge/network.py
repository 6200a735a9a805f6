"""The network of a bundle on ONNX Runtime: patches in, named outputs out.

Sessions are set up for a device that shares its cores and memory with a control program:
no spinning between images, and one patch at a time, in memory that is asked for once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.assemble import OUTPUT_NAMES, assemble
from pitmark.core.errors import BundleError, MissingExtraError
from pitmark.core.inspector import InspectorSpec, cut_pair
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import Patches, Pixels

try:
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
except ModuleNotFoundError as exc:
    raise MissingExtraError(
        "running a bundle needs onnxruntime, which is not installed",
        hint='Install it with: pip install "pitmark[edge]"',
    ) from exc

ort.disable_telemetry_events()

INPUT_NAME = "images"
REFERENCE_NAME = "references"
# On a CPU a batch takes as long as its patches one by one, and only memory grows with it.
MAX_BATCH = 1
_QUIET = 4  # Log fatal messages only: everything below arrives as an exception.

# What ONNX Runtime raises; its classes share no base but Exception.
RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        found
        for found in vars(ort_errors).values()
        if isinstance(found, type) and issubclass(found, Exception)
    ),
)

# Sizes of each output after the patches: None is any, -1 the number of classes.
_SHAPES: dict[str, dict[str, tuple[int | None, ...]]] = {
    "classification": {"probs": (-1,), "embedding": (None,)},
    "detection": {"scores": (None, -1), "boxes": (None, 4), "embedding": (None,)},
    "segmentation": {"maps": (-1, None, None), "embedding": (None,)},
    "anomaly": {"maps": (1, None, None), "score": (), "embedding": (None,)},
}


class Network:
    """One model, loaded and ready; `takes_bytes` where it normalizes patches itself.

    Args:
        model: The ONNX file's bytes.
        spec: Of the model.
        name: The file's name, for messages.
        threads: How many threads one patch may use, at least 1.

    Raises:
        BundleError: ONNX Runtime cannot load the file, or its inputs and outputs are
            not those of the task and of the images.
    """

    def __init__(
        self, model: bytes, spec: InspectorSpec, *, name: str, threads: int = 1
    ) -> None:
        try:
            self._session = ort.InferenceSession(
                model, _options(threads), providers=["CPUExecutionProvider"]
            )
            # Names that are no text raise only here.
            inputs = {i.name: list(i.shape) for i in self._session.get_inputs()}
            outputs = {o.name for o in self._session.get_outputs()}
        except RUNTIME_ERRORS as exc:
            raise BundleError(f"{name} cannot be loaded: {exc}") from exc
        self._spec = spec
        self._name = name
        self.takes_bytes = self._session.get_inputs()[0].type == "tensor(uint8)"
        self._outputs = list(OUTPUT_NAMES[spec.task])
        self._inputs = [INPUT_NAME, *([REFERENCE_NAME] if spec.reference else [])]
        self._check_signature(inputs, outputs)

    def predict(self, image: Pixels, reference: Pixels | None = None) -> Prediction:
        """What the model says about one image.

        Args:
            image: (H, W) or (H, W, 3), uint8 or uint16.
            reference: The same part without defects, aligned, of the same size and depth;
                unused by a model that compares with nothing.

        Returns:
            The prediction, in pixels of the image.

        Raises:
            InvalidInputError: Not an image array, or no fitting reference for a model
                that compares with one.
            BundleError: The model fails, or its outputs have the wrong shape.
        """
        patches, beside = cut_pair(image, reference, self._spec)
        outputs = self.run(patches, beside)
        image_wh = (image.shape[1], image.shape[0])
        return assemble(outputs, patches, image_wh=image_wh, spec=self._spec)

    def run(
        self,
        patches: Patches | NDArray[Any],
        references: Patches | NDArray[Any] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """The raw outputs for some patches.

        Args:
            patches: P of them, at least 1, made batch by batch as the model takes them; an
                array is given to it as it is.
            references: The same of the reference, for a model that compares with one.

        Returns:
            Output name to array with P first, as in `pitmark.core.assemble`.

        Raises:
            BundleError: The model fails, or its outputs have the wrong shape.
        """
        given = [p for p in (patches, references) if p is not None]
        parts = []
        for start in range(0, len(patches), MAX_BATCH):
            wanted = slice(start, start + MAX_BATCH)
            batches = [self._taken(g, wanted) for g in given]
            feed = dict(zip(self._inputs, batches, strict=True))
            try:
                parts.append(self._session.run(self._outputs, feed))
            except RUNTIME_ERRORS as exc:
                raise BundleError(f"{self._name} failed: {exc}") from exc
        joined = (np.concatenate(column) for column in zip(*parts, strict=True))
        outputs = dict(zip(self._outputs, joined, strict=True))
        self._check_shapes(outputs, len(patches))
        return outputs

    def _taken(self, patches: Patches | NDArray[Any], wanted: slice) -> NDArray[Any]:
        """Some patches, normalized or as bytes."""
        if self.takes_bytes and isinstance(patches, Patches):
            return patches.as_bytes(wanted)
        return patches[wanted]

    def _check_signature(self, inputs: dict[str, list[Any]], outputs: set[str]) -> None:
        if list(inputs) != self._inputs:
            raise BundleError(
                f"{self._name} has inputs {list(inputs)}, expected {self._inputs}"
            )
        width, height = self._spec.preprocess.input_wh
        expected = [height, width, 3] if self.takes_bytes else [3, height, width]
        for shape in inputs.values():
            if shape[1:] != expected:
                raise BundleError(
                    f"{self._name} takes patches of {shape[1:]}, the manifest says {expected}"
                )
        if self.takes_bytes and self._spec.preprocess.byte_scale is None:
            raise BundleError(
                f"{self._name} takes bytes, the manifest says that images have more bits"
            )
        missing = [n for n in self._outputs if n not in outputs]
        if missing:
            raise BundleError(
                f"{self._name} lacks the output {missing[0]!r} of a {self._spec.task} model"
            )

    def _check_shapes(self, outputs: dict[str, NDArray[np.float32]], count: int) -> None:
        classes = len(self._spec.classes)
        for name, wanted in _SHAPES[self._spec.task].items():
            found = outputs[name].shape
            sizes = (count, *(classes if size == -1 else size for size in wanted))
            fits = len(found) == len(sizes) and all(
                want is None or want == have for want, have in zip(sizes, found, strict=True)
            )
            if not fits:
                raise BundleError(
                    f"{self._name} gives {name} of shape {found},"
                    f" its {classes} classes need {sizes}"
                )


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _QUIET
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
