"""cleanlab 2.9 on the same labels and predictions, in a Python of its own.

Every score that it has for an image is taken: ObjectLab's label quality and its three
subtypes for boxes; softmin and the number of pixels with issues for masks. Where it
cannot judge a set because of images without boxes, it judges the others, and those images
are put in the middle of its ranking; what it said is kept.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.faults_draws import Judged
from bench.faults_plants import Planting
from bench.peer import ask_peer
from pitmark.core.labels import ImageClass, Shape, shape_box, shape_mask
from pitmark.core.records import LabeledImage

Floats = NDArray[np.float64]
_TIMEOUT_S = 3600

_BOXES = """
import json, sys, warnings
import numpy as np
warnings.filterwarnings("ignore")
try:
    import cleanlab
    from cleanlab.object_detection import rank
except ImportError as exc:
    print(json.dumps({"missing": str(exc)})); sys.exit()
told = json.load(open(sys.argv[1] + "/labels.json"))
data = np.load(sys.argv[1] + "/predictions.npz")
depth, count = int(data["depth"]), len(data["ends"])
starts = [0, *data["ends"][:-1]]
found = []
for low, high in zip(starts, data["ends"]):
    rows, kinds = data["boxes"][low:high], data["kinds"][low:high]
    found.append(np.array([rows[kinds == k].reshape(-1, 5) for k in range(depth)] + [None],
                          dtype=object)[:-1])
def judge(labels, found):
    given = [{"bboxes": np.array(l["boxes"], dtype=float).reshape(-1, 4),
              "labels": np.array(l["kinds"], dtype=int)} for l in labels]
    out = {"overall": rank.get_label_quality_scores(given, found, verbose=False)}
    aux = rank._get_valid_inputs_for_compute_scores(0.9, given, found)
    for name in ("overlooked", "badloc", "swap"):
        per_box = getattr(rank, f"compute_{name}_box_scores")(auxiliary_inputs=aux)
        out[name] = rank.pool_box_scores_per_image(per_box)
    return out
out = []
for changed in told["changed"]:
    labels = [changed.get(str(i), l) for i, l in enumerate(told["labels"])]
    said, held = "", np.arange(count)
    try:
        scores = judge(labels, found)
    except Exception as exc:
        said = f"{type(exc).__name__}: {exc}"
        held = np.array([i for i in held if labels[i]["boxes"] and sum(map(len, found[i]))])
        try:
            scores = judge([labels[i] for i in held], [found[i] for i in held])
        except Exception as exc:
            said += f"; without them {type(exc).__name__}: {exc}"
            scores = {"overall": np.full(len(held), 0.5)}
    full = {}
    for name, values in scores.items():
        values = np.asarray(values, dtype=float)
        middle = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.5
        full[name] = np.full(count, middle)
        full[name][held] = np.nan_to_num(values, nan=middle)
    out.append({"said": said, "left_out": count - len(held),
                "nan": int(sum(np.isnan(v).sum() for v in scores.values())),
                "scores": {k: v.tolist() for k, v in full.items()}})
print(json.dumps({"version": cleanlab.__version__, "plantings": out}))
"""

_MASKS = """
import json, sys, warnings
import numpy as np
from scipy import ndimage
warnings.filterwarnings("ignore")
try:
    import cleanlab
    from cleanlab.segmentation.rank import get_label_quality_scores as judge
except ImportError as exc:
    print(json.dumps({"missing": str(exc)})); sys.exit()
told = json.load(open(sys.argv[1] + "/labels.json"))
data = np.load(sys.argv[1] + "/predictions.npz")
SIDE = 64
def probs(maps, shape):
    factors = (1, shape[0] / maps.shape[1], shape[1] / maps.shape[2])
    full = np.clip(ndimage.zoom(maps.astype(np.float32), factors, order=1), 0, 1)
    full = full[:, :shape[0], :shape[1]]
    rest = np.clip(1 - full.sum(axis=0, keepdims=True), 1e-6, 1)
    whole = np.concatenate([rest, full])
    return whole / whole.sum(axis=0, keepdims=True)
def small(label):
    rows = (np.arange(SIDE) + 0.5) * label.shape[0] / SIDE
    columns = (np.arange(SIDE) + 0.5) * label.shape[1] / SIDE
    return label[rows.astype(int)][:, columns.astype(int)]
def one(i, label):
    quality, _ = judge(label[None].astype(int), probs(data[f"maps{i}"], label.shape)[None],
                       verbose=False)
    return float(quality[0])
count = told["count"]
base = [one(i, data[f"label{i}"]) for i in range(count)]
grids = np.stack([probs(data[f"maps{i}"], (SIDE, SIDE)) for i in range(count)])
out = []
for number, changed in enumerate(told["changed"]):
    said, softmin = "", np.array(base)
    labels = [data[f"change{number}_{i}"] if i in changed else data[f"label{i}"]
              for i in range(count)]
    for i in changed:
        softmin[i] = one(i, labels[i])
    scores = {"softmin": softmin}
    try:
        scores["num_pixel_issues"] = judge(np.stack([small(l) for l in labels]).astype(int),
            grids, method="num_pixel_issues", n_jobs=1, verbose=False)[0]
    except Exception as exc:
        said = f"num_pixel_issues: {type(exc).__name__}: {exc}"
    out.append({"said": said, "left_out": 0,
                "nan": int(sum(np.isnan(v).sum() for v in scores.values())),
                "scores": {k: np.nan_to_num(v, nan=0.5).tolist() for k, v in scores.items()}})
print(json.dumps({"version": cleanlab.__version__, "plantings": out}))
"""


@dataclass(frozen=True)
class PeerScores:
    """What the peer says of every image for one planting; higher is more likely wrong.

    `said` is the error that it ended with at first, `left_out` the images it could not
    judge then, `nan` the scores that were no numbers.
    """

    doubts: Mapping[str, Floats]
    said: str
    left_out: int
    nan: int


def peer_scores(
    judged: Judged, plantings: Sequence[Planting], python: str, *, masks: bool
) -> list[PeerScores] | None:
    """The peer's scores for each planting, or None where it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        (_write_masks if masks else _write_boxes)(judged, plantings, Path(folder))
        script = _MASKS if masks else _BOXES
        found = ask_peer(python, script, Path(folder), timeout_s=_TIMEOUT_S)
    if found is None:
        return None
    return [
        PeerScores(
            {name: 1 - np.array(values) for name, values in p["scores"].items()},
            p["said"],
            p["left_out"],
            p["nan"],
        )
        for p in found["plantings"]
    ]


def _write_boxes(judged: Judged, plantings: Sequence[Planting], folder: Path) -> None:
    order = {name: i for i, name in enumerate(judged.classes)}
    position = {i.image.sha256: n for n, i in enumerate(judged.images)}

    def plain(shapes: Sequence[Shape]) -> dict[str, list[object]]:
        pairs = [(shape_box(s), order.get(s.label)) for s in shapes]
        known = [(b, k) for b, k in pairs if b is not None and k is not None]
        return {"boxes": [list(b) for b, _ in known], "kinds": [k for _, k in known]}

    told = {
        "labels": [plain(i.shapes or ()) for i in judged.images],
        "changed": [
            {str(position[sha]): plain(shapes) for sha, shapes in p.changed.items()}
            for p in plantings
        ],
    }
    (folder / "labels.json").write_text(json.dumps(told))
    found = [judged.predictions[i.image.sha256] for i in judged.images]
    rows = [np.column_stack([p.boxes_xyxy.reshape(-1, 4), p.box_scores]) for p in found]
    np.savez(
        folder / "predictions.npz",
        depth=len(order),
        ends=np.cumsum([len(r) for r in rows]),
        boxes=np.concatenate(rows),
        kinds=np.concatenate([p.box_classes for p in found]),
    )


def _write_masks(judged: Judged, plantings: Sequence[Planting], folder: Path) -> None:
    order = {name: i for i, name in enumerate(judged.classes)}
    position = {i.image.sha256: n for n, i in enumerate(judged.images)}
    arrays: dict[str, NDArray[np.generic]] = {}
    for n, image in enumerate(judged.images):
        maps = judged.predictions[image.image.sha256].maps_khw
        assert maps is not None
        arrays[f"maps{n}"] = maps
        arrays[f"label{n}"] = _label_map(image.shapes or (), image, order)
    changed = []
    for number, planting in enumerate(plantings):
        changed.append(sorted(position[sha] for sha in planting.changed))
        for sha, shapes in planting.changed.items():
            n = position[sha]
            arrays[f"change{number}_{n}"] = _label_map(shapes, judged.images[n], order)
    np.savez(folder / "predictions.npz", **arrays)  # type: ignore[arg-type]
    told = {"count": len(judged.images), "changed": changed}
    (folder / "labels.json").write_text(json.dumps(told))


def _label_map(
    shapes: Sequence[Shape], image: LabeledImage, order: Mapping[str, int]
) -> NDArray[np.uint8]:
    """(H, W): 0 for background, k + 1 for class k."""
    width, height = image.image.size_wh
    out = np.zeros((height, width), dtype=np.uint8)
    for shape in shapes:
        if shape.label in order and not isinstance(shape, ImageClass):
            out[shape_mask(shape, (width, height))] = order[shape.label] + 1
    return out
