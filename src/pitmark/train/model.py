"""A trained model: weights, and everything needed to use them.

Predictions always run through `core.preprocess.cut`, the network and
`core.assemble.assemble`, as they do on a device. Files are safetensors with the spec in
their metadata: reading one runs no code.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save

from pitmark.core.assemble import assemble
from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import InspectorSpec, cut_pair
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import Patches, Pixels
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import PixelLoader
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.pace import Pace
from pitmark.train.side_by_side import side_by_side

# Patches that go through the network at once: more gain nothing on a CPU.
_PATCHES_AT_ONCE = 8
_METADATA_KEY = "pitmark"


@dataclass(frozen=True)
class TrainedModel:
    """A network with its spec.

    `history` lists `{"step": images seen, "loss": mean loss}` in the order of training.
    """

    spec: InspectorSpec
    network: Network
    history: list[dict[str, float]] = field(default_factory=list)

    def with_spec(self, spec: InspectorSpec) -> TrainedModel:
        """The same network under another spec, with other thresholds for example.

        Args:
            spec: Of the same task and classes.

        Returns:
            A new model that shares the weights.

        Raises:
            InvalidInputError: The spec is of another task or other classes.
        """
        if (spec.task, spec.classes) != (self.spec.task, self.spec.classes):
            raise InvalidInputError(
                f"this model does {self.spec.task} of {', '.join(self.spec.classes)},"
                f" the spec says {spec.task} of {', '.join(spec.classes)}"
            )
        return replace(self, spec=spec)

    def predict(self, image: Pixels, reference: Pixels | None = None) -> Prediction:
        """What the model says about one image.

        Args:
            image: (H, W) or (H, W, 3), uint8 or uint16.
            reference: The same part without defects, aligned, of the same size and depth;
                unused by a model that compares with nothing.

        Returns:
            The prediction in pixels of the image.

        Raises:
            InvalidInputError: Not an image array, or no fitting reference for a model
                that compares with one.
        """
        patches, beside = cut_pair(image, reference, self.spec)
        return assemble(
            self.run(patches, beside),
            patches,
            image_wh=(image.shape[1], image.shape[0]),
            spec=self.spec,
        )

    def run(
        self,
        patches: Patches | NDArray[np.float32],
        references: Patches | NDArray[np.float32] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """The raw outputs of the network.

        Args:
            patches: (P, 3, H, W) from `core.preprocess.cut`.
            references: The same of the reference, for a model that compares with one.

        Returns:
            The outputs by name, see `core.assemble`.
        """
        if self.network.training:  # Asked first: it takes a while to tell all its parts.
            self.network.eval()
        device = next(self.network.parameters()).device
        parts: list[dict[str, torch.Tensor]] = []
        with torch.inference_mode():
            for start in range(0, len(patches), _PATCHES_AT_ONCE):
                wanted = slice(start, start + _PATCHES_AT_ONCE)
                given = [p[wanted] for p in (patches, references) if p is not None]
                tensors = [torch.from_numpy(g).to(device) for g in given]
                parts.append({k: v.cpu() for k, v in self.network(*tensors).items()})
        return {k: torch.cat([p[k] for p in parts]).numpy() for k in parts[0]}

    def predict_many(
        self,
        shas: Sequence[str],
        load: PixelLoader,
        *,
        references: Mapping[str, str] | None = None,
        report: Reporter = silent,
    ) -> dict[str, Prediction]:
        """What the model says about many images.

        Args:
            shas: sha256 of the images.
            load: Gives pixels; called from two threads at once.
            references: sha256 of images to that of their reference.
            report: Takes progress, and may stop the work.

        Returns:
            sha256 to prediction.
        """
        beside = (references or {}) if self.spec.reference else {}

        def judged(sha: str) -> Prediction:
            reference = beside.get(sha)
            return self.predict(load(sha), None if reference is None else load(reference))

        self.network.eval()
        out: dict[str, Prediction] = {}
        pace = Pace(len(shas))
        for position, found in enumerate(side_by_side(judged, shas)):
            out[shas[position]] = found
            if pace.due(position + 1):
                eta_s = pace.eta_s(position + 1)
                report(Progress("predict", position + 1, len(shas), eta_s=eta_s))
        return out

    def to_bytes(self) -> bytes:
        """The model as the bytes of one safetensors file."""
        about = {
            "spec": self.spec.to_json(),
            "plan": self.network.plan.to_json(),
            "history": self.history,
        }
        tensors = {k: v.cpu().contiguous() for k, v in self.network.state_dict().items()}
        return bytes(save(tensors, metadata={_METADATA_KEY: json.dumps(about)}))

    @staticmethod
    def from_bytes(data: bytes) -> TrainedModel:
        """The model that `to_bytes` wrote.

        Args:
            data: Bytes of a safetensors file.

        Returns:
            The model.

        Raises:
            InvalidInputError: Not a model, or a damaged one.
        """
        about = _read_metadata(data)
        try:
            spec = InspectorSpec.from_json(about["spec"])
            network = Network(NetworkPlan.from_json(about["plan"]))
            network.load_state_dict(load(data))
            history = list(about["history"])
        except (KeyError, TypeError, RuntimeError, SafetensorError) as exc:
            raise InvalidInputError(f"the trained model is damaged: {exc}") from exc
        network.eval()
        return TrainedModel(spec, network, history)


def _read_metadata(data: bytes) -> dict[str, Any]:
    """The JSON at the head of a safetensors file: eight bytes of length, then text."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        if length > len(data) - 8:
            raise InvalidInputError("the trained model is cut off")
        header = json.loads(data[8 : 8 + length])
        found = json.loads(header["__metadata__"][_METADATA_KEY])
    except (struct.error, ValueError, KeyError, TypeError) as exc:
        raise InvalidInputError(
            "not a trained model of Pitmark", hint="Give the file that training wrote."
        ) from exc
    if not isinstance(found, dict):
        raise InvalidInputError("not a trained model of Pitmark")
    return found
