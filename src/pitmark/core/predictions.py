"""What a model says about one image: the one currency between models, scores and users.

Scores lie in [0, 1]; higher means more likely a defect (or the named class). Boxes are
in pixels of the stored image. Maps cover the whole image, whatever their resolution: the
cell (i, j) of an (h, w) map stands for H / h x W / w pixels.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pitmark.core.errors import InvalidInputError


def _no_boxes() -> NDArray[np.float32]:
    return np.zeros((0, 4), dtype=np.float32)


def _no_scores() -> NDArray[np.float32]:
    return np.zeros(0, dtype=np.float32)


def _no_classes() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One image as a model sees it; fields that its task does not have stay empty.

    `score` is that of the image being NG. `class_probs` is (K,) for classification;
    boxes are (N, 4), (N,), (N,) for detection, best first; `maps_khw` is (K, h, w)
    float16 for segmentation and anomaly (there K = 1); `embedding` is (D,).
    """

    size_wh: tuple[int, int]
    score: float
    class_probs: NDArray[np.float32] | None = None
    boxes_xyxy: NDArray[np.float32] = field(default_factory=_no_boxes)
    box_scores: NDArray[np.float32] = field(default_factory=_no_scores)
    box_classes: NDArray[np.int64] = field(default_factory=_no_classes)
    maps_khw: NDArray[np.float16] | None = None
    embedding: NDArray[np.float32] = field(default_factory=_no_scores)

    def maps_at(self, size_wh: tuple[int, int]) -> NDArray[np.float32]:
        """The maps resampled (bilinear) to another size.

        Args:
            size_wh: Width and height in pixels, usually those of the image.

        Returns:
            (K, H, W) float32 in [0, 1].

        Raises:
            InvalidInputError: This prediction has no maps.
        """
        if self.maps_khw is None:
            raise InvalidInputError("this prediction has no maps")
        planes = [
            np.asarray(
                Image.fromarray(m.astype(np.float32)).resize(size_wh, Image.Resampling.BILINEAR)
            )
            for m in self.maps_khw
        ]
        if not planes:
            return np.zeros((0, size_wh[1], size_wh[0]), dtype=np.float32)
        return np.asarray(np.stack(planes), dtype=np.float32)


_BOX_FIELDS = ("boxes_xyxy", "box_scores", "box_classes")


def predictions_to_bytes(predictions: Mapping[str, Prediction]) -> bytes:
    """Predictions by image as one npz file (no pickled objects).

    Args:
        predictions: sha256 to prediction.

    Returns:
        The file's bytes.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        "keys": np.array(list(predictions), dtype="U64"),
        "sizes": np.array([p.size_wh for p in predictions.values()], dtype=np.int64),
        "scores": np.array([p.score for p in predictions.values()], dtype=np.float64),
        "counts": np.array([len(p.box_scores) for p in predictions.values()]),
    }
    if predictions:
        for name in _BOX_FIELDS:
            arrays[name] = np.concatenate([getattr(p, name) for p in predictions.values()])
        arrays["embeddings"] = np.stack([p.embedding for p in predictions.values()])
    for position, prediction in enumerate(predictions.values()):
        if prediction.class_probs is not None:
            arrays[f"probs{position}"] = prediction.class_probs
        if prediction.maps_khw is not None:
            arrays[f"maps{position}"] = prediction.maps_khw
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def predictions_from_bytes(data: bytes) -> dict[str, Prediction]:
    """The predictions that `predictions_to_bytes` wrote.

    Args:
        data: The file's bytes.

    Returns:
        sha256 to prediction, in the order written.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        ends: list[int] = np.cumsum(file["counts"]).tolist()
        boxes = {n: file[n] for n in _BOX_FIELDS} if len(file["keys"]) else {}
        embeddings = file["embeddings"] if len(file["keys"]) else []
        out: dict[str, Prediction] = {}
        for i, key in enumerate(file["keys"]):
            low, high = ends[i] - int(file["counts"][i]), ends[i]
            width, height = (int(v) for v in file["sizes"][i])
            out[str(key)] = Prediction(
                size_wh=(width, height),
                score=float(file["scores"][i]),
                class_probs=file.get(f"probs{i}"),
                maps_khw=file.get(f"maps{i}"),
                embedding=embeddings[i],
                **{n: a[low:high] for n, a in boxes.items()},
            )
    return out


@dataclass(frozen=True, slots=True)
class Headlines:
    """The least that predictions say: which images, their scores, their likeliest class.

    `scores` is (N,) in [0, 1]; `best_class` is (N,), -1 for tasks that name no class.
    """

    keys: tuple[str, ...]
    scores: NDArray[np.float64]
    best_class: NDArray[np.int64]


def headlines_of(file: BinaryIO) -> Headlines:
    """What `predictions_to_bytes` wrote, without reading maps and boxes.

    Args:
        file: Open for reading.

    Returns:
        The headlines in the order written.
    """
    with np.load(file, allow_pickle=False) as held:
        keys = tuple(str(k) for k in held["keys"])
        best = np.full(len(keys), -1, dtype=np.int64)
        for name in held.files:
            if name.startswith("probs"):
                best[int(name.removeprefix("probs"))] = int(np.argmax(held[name]))
        return Headlines(keys, np.asarray(held["scores"], dtype=np.float64), best)


def one_prediction(file: BinaryIO, key: str) -> Prediction | None:
    """One of the predictions that `predictions_to_bytes` wrote, without reading the others.

    Args:
        file: Open for reading.
        key: sha256 of the image.

    Returns:
        The prediction, without its embedding; None where the image is not among them.
    """
    with np.load(file, allow_pickle=False) as held:
        found = np.flatnonzero(held["keys"] == key)
        if not len(found):
            return None
        at = int(found[0])
        high = int(np.cumsum(held["counts"])[at])
        low = high - int(held["counts"][at])
        width, height = (int(v) for v in held["sizes"][at])
        return Prediction(
            size_wh=(width, height),
            score=float(held["scores"][at]),
            class_probs=held.get(f"probs{at}"),
            maps_khw=held.get(f"maps{at}"),
            **{n: held[n][low:high] for n in _BOX_FIELDS},
        )
