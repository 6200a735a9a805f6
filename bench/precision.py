"""What int8 and the small network gain and lose, and what zeroed weights gain.

    python3 dev.py bench precision -- --data FOLDER --task detection --input 512

Every draw is one snapshot, as in bench/fifty.py; both networks are trained on it, released,
and every model judged on the test images by the runtime of a device. An int8 model that the
release left out is measured all the same, and marked. Then half and nine tenths of the
weights of every convolution of the fp32 model are set to zero, the smallest first.

`cpu_ms` is processor time: other work on the machine slows a clock on the wall, not this.
It counts from the resized picture, so what a model needs done to it first is counted, too.
With `--reuse` a second call takes the networks that the first one trained.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fifty import METRICS, draws_of
from bench.loop import PITMARK, run_json
from bench.sets import add_options
from bench.shape import finish, gate, parser, tell
from pitmark.core.bundle import MODEL_FP32, MODEL_INT8
from pitmark.core.preprocess import ByteScale, Patches, cut
from pitmark.core.records import LabeledImage
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.network import Network
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.models.calibrating import calibration_patches
from pitmark.ops.models.evaluating import evaluate_predictions
from pitmark.workspace.home import Workspace

SIZES = ("standard", "small")
SPARSE = (0.5, 0.9)
_MOST_LOSS = 0.005
_MOST_MS = 15.0
_WARM_UP = 3


@dataclass
class Variant:
    """One model over the draws; the runs of the last draw are those that are timed."""

    network: str
    precision: str
    values: dict[str, list[float]] = field(default_factory=dict)
    released: list[bool] = field(default_factory=list)
    extents: list[str] = field(default_factory=list)
    model: bytes = b""


@dataclass
class Timing:
    """How long one patch takes on some threads."""

    name: str
    threads: int
    network: Network
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def run(self, patch: Patches) -> None:
        """Time one patch."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.network.run(patch)
        self.cpu_ms.append((time.process_time() - cpu) * 1000)
        self.wall_ms.append((time.perf_counter() - wall) * 1000)


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    for data in arguments.data:
        with tempfile.TemporaryDirectory() as spare:
            folder = arguments.reuse or Path(spare)
            found, judged = _one(data, folder, arguments)
        results += found
        gates += judged
    finish("precision", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    add_options(out)
    out.add_argument("--task", required=True, choices=METRICS)
    out.add_argument("--train", type=int, default=50, help="labeled images, a fifth of them"
                     " for validation")  # fmt: skip
    out.add_argument("--input", type=int, help="longer side in px; the preset's if left out")
    out.add_argument("--preset", default="balanced")
    out.add_argument("--threads", type=int, help="to train with")
    out.add_argument("--runs", type=int, default=40, help="timed runs of each model")
    out.add_argument(
        "--reuse", type=Path, metavar="FOLDER", help="keep networks here and use them again"
    )
    given = out.parse_args()
    if not given.data:
        sys.exit("give at least one --data FOLDER")
    return given


def _one(
    data: Path, folder: Path, arguments: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    variants = {(s, p): Variant(s, p) for s in SIZES for p in ("fp32", "int8")}
    timings: list[Timing] = []
    for seed in range(arguments.seeds):
        place = folder / f"{data.name}-{arguments.task}-{arguments.train}-{seed}"
        home = _home(data, place, seed, arguments)
        for size in SIZES:
            run = _trained(home, place, size, seed, arguments)
            patch, spec = _judge(home, place, run, variants, size)
            if seed == arguments.seeds - 1:
                mine = [v for v in variants.values() if v.network == size]
                timings += _timings(mine, spec, patch, arguments.runs)
    shared = {
        "data": data.name,
        "task": arguments.task,
        "budget": arguments.train,
        "size": list(spec.preprocess.input_wh),
    }
    results = [*_metric_rows(variants.values()), *_time_rows(timings, variants)]
    rows = [{**shared, **r} for r in results]
    return rows, _gates(data.name, arguments, variants, timings)


def _home(data: Path, place: Path, seed: int, arguments: argparse.Namespace) -> list[str]:
    """The options that name the workspace of a draw, made or kept from another call."""
    told = place / "home.json"
    if not told.exists():
        place.mkdir(parents=True, exist_ok=True)
        home = draws_of(data, place, arguments).drawn(arguments.train, seed)
        told.write_text(json.dumps(home))
    return list(json.loads(told.read_text()))


def _trained(
    home: list[str], place: Path, size: str, seed: int, arguments: argparse.Namespace
) -> str:
    """The id of a finished run of a network, trained or kept from another call."""
    options = ["--network", size, "--preset", arguments.preset, "--seed", str(seed)]
    options += ["--side", str(arguments.input)] if arguments.input else []
    book = place / "runs.json"
    known = json.loads(book.read_text()) if book.exists() else {}
    name = " ".join(options)
    if name not in known:
        threads = ["--threads", str(arguments.threads)] if arguments.threads else []
        report, seconds, _ = run_json([*PITMARK, "train", *options, *threads, *home])
        tell(f"{place.name}: {size} trained in {seconds:.0f} s")
        known[name] = report["run"]
        book.write_text(json.dumps(known))
    return str(known[name])


def _judge(
    home: list[str], place: Path, run: str, variants: dict[tuple[str, str], Variant], size: str
) -> tuple[Patches, Any]:
    """Release a run and judge its models on the test images."""
    path = place / f"{run}.pitmark"
    run_json([*PITMARK, "release", str(path), "--run", run, *home])
    bundle = read_bundle(path)
    spec, record = bundle.manifest.inspector, bundle.manifest.gate["quantization"]
    with Workspace.open(Path(home[1]), create=False) as workspace:
        store = workspace.project().store
        _, images = store.snapshots.load(store.runs.get(run).snapshot_id)
        load, book = pixel_loader(store), store.book.current()
        patches = calibration_patches(spec.preprocess, images, load)
        models = {"fp32": bundle.files[MODEL_FP32]}
        scale = spec.preprocess.byte_scale
        models["int8"] = bundle.files.get(MODEL_INT8) or _refused(
            models["fp32"], patches, scale
        )
        test: list[LabeledImage] = [i for i in images if i.split == "test"]
        for precision, model in models.items():
            network = Network(model, spec, name=precision)
            said = {i.image.sha256: network.predict(load(i.image.sha256)) for i in test}
            metrics = evaluate_predictions(spec, test, said, book=book).metrics
            kept = variants[size, precision]
            kept.model = model
            if precision == "int8":
                kept.released.append(MODEL_INT8 in bundle.files)
                kept.extents.append(str(record["chosen"]))
            for name in METRICS[spec.task]:
                if metrics.get(name) is not None:
                    kept.values.setdefault(name, []).append(float(metrics[name] or 0.0))
            tell(f"{place.name}: {size} {precision} {metrics}")
        patch = cut(load(test[0].image.sha256), spec.preprocess).only(0)
    tell(f"{place.name}: {size}: {record['why']}")
    return patch, spec


def _refused(fp32: bytes, patches: NDArray[np.float32], scale: ByteScale | None) -> bytes:
    from pitmark.train.int8 import export_int8

    return export_int8(fp32, patches, extent="inner", scale=scale)


def _timings(variants: list[Variant], spec: Any, patch: Patches, runs: int) -> list[Timing]:
    """All models of one size in turns, so that what disturbs one disturbs the others."""
    models = {f"{v.network} {v.precision}": v.model for v in variants}
    dense = models[f"{variants[0].network} fp32"]
    for share in SPARSE:
        models[f"{variants[0].network} fp32 {share:.0%} zero"] = with_zeros(dense, share)
    out = [
        Timing(name, threads, Network(model, spec, name=name, threads=threads))
        for name, model in models.items()
        for threads in ((1,) if "zero" in name else (1, 2))
    ]
    for _ in range(runs + _WARM_UP):
        for timing in out:
            timing.run(patch)
    for timing in out:
        del timing.wall_ms[:_WARM_UP], timing.cpu_ms[:_WARM_UP]
    return out


def with_zeros(model: bytes, share: float) -> bytes:
    """A model with the smallest weights of every convolution set to zero.

    Args:
        model: An ONNX file.
        share: Of the weights of each convolution, in [0, 1].

    Returns:
        Another one, of the same size.
    """
    import onnx
    from onnx import numpy_helper

    proto = onnx.load_from_string(model)
    used = {n.input[1] for n in proto.graph.node if n.op_type == "Conv"}
    for tensor in proto.graph.initializer:
        if tensor.name in used:
            weights = numpy_helper.to_array(tensor).copy()
            order = np.argsort(np.abs(weights), axis=None)
            weights.ravel()[order[: round(share * weights.size)]] = 0
            tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    return bytes(proto.SerializeToString())


def _metric_rows(variants: Any) -> list[dict[str, Any]]:
    rows = []
    for variant in variants:
        about = {
            "network": variant.network,
            "precision": variant.precision,
            "bytes": len(variant.model),
        }
        if variant.precision == "int8":
            about |= {"released": variant.released, "extent": variant.extents}
        for metric, values in variant.values.items():
            spread = {
                "median": round(statistics.median(values), 4),
                "low": round(min(values), 4),
                "high": round(max(values), 4),
                "draws": len(values),
            }
            rows.append({**about, "metric": metric, **spread})
    return rows


def _time_rows(
    timings: list[Timing], variants: dict[tuple[str, str], Variant]
) -> list[dict[str, Any]]:
    rows = []
    for timing in timings:
        size, precision, *zeros = timing.name.split()
        about: dict[str, Any] = {"network": size, "precision": precision}
        about |= {"zero_weights": zeros[0]} if zeros else {}
        about |= {} if zeros else {"bytes": len(variants[size, precision].model)}
        for prefix, values in (("", timing.wall_ms), ("cpu_", timing.cpu_ms)):
            least, middle, high = np.percentile(values, (0, 50, 95))
            told = {"least_ms": least, "p50_ms": middle, "p95_ms": high}
            rows += [
                {**about, "threads": timing.threads, "metric": prefix + m, "value": round(v, 2)}
                for m, v in told.items()
            ]
    return rows


def _gates(
    name: str,
    arguments: argparse.Namespace,
    variants: dict[tuple[str, str], Variant],
    timings: list[Timing],
) -> list[dict[str, Any]]:
    out = []
    for size in SIZES:
        for metric, values in variants[size, "fp32"].values.items():
            after = variants[size, "int8"].values.get(metric, [])
            loss = round(statistics.median(values) - statistics.median(after), 4)
            label = f"{name} {size}: {metric} lost by int8 <= .005"
            out.append(gate(label, loss, _MOST_LOSS, at_least=False))
    if arguments.task == "detection" and arguments.input == 512:
        out += [
            gate(
                f"{name} {t.name}: p50 at 512 px, one thread (processor time)",
                round(statistics.median(t.cpu_ms), 2),
                _MOST_MS,
                at_least=False,
            )
            for t in timings
            if t.threads == 1 and t.name.endswith("int8")
        ]
    return out


if __name__ == "__main__":
    main()
