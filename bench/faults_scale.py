"""The search for wrong classes alone, on any number of images and classes.

    python -m bench.faults_scale N K FILE

The probabilities lie in a file that is mapped into memory; making it is not measured.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.shape import measured, tell
from pitmark.quality.faults.class_faults import classification_faults

_BLOCK = 10_000
_FAULTS = 0.03
_LEVELS = 4.0


def run_scale(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Measure one size in a process of its own.

    Args:
        text: "N,K".

    Returns:
        Results and gates.
    """
    from bench.shape import gate

    count, classes = (int(v) for v in text.split(","))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probs.npy"
        write_probs(file, count, classes)
        tell(f"scale: {count} images, {classes} classes")
        command = [sys.executable, "-m", "bench.faults_scale", str(file)]
        status, output, _, peak_mb = measured(command)
    if status:
        sys.exit(f"the search ended with status {status}")
    told = json.loads(output.splitlines()[-1])
    shared = {"data": f"generated {count} x {classes}", "task": "classification"}
    results = [
        {**shared, "metric": "seconds", "median": told["seconds"], "peak_mb": round(peak_mb)},
        {**shared, "metric": "peak_mb", "median": round(peak_mb)},
        {**shared, "metric": "precision_at_k", "median": told["precision"]},
    ]
    cells = count * classes
    gates = []
    if cells <= 1_000_000:
        gates.append(gate(f"{text} within 2 s", told["seconds"], 2.0, at_least=False))
    if cells <= 100_000_000:
        gates.append(gate(f"{text} within 60 s", told["seconds"], 60.0, at_least=False))
        gates.append(gate(f"{text} within 2 GB", round(peak_mb), 2048, at_least=False))
    return results, gates


def write_probs(file: Path, count: int, classes: int) -> None:
    """Probabilities of a good model, given labels with faults beside them."""
    rng = np.random.default_rng(0)
    table = np.lib.format.open_memmap(file, "w+", np.float32, (count, classes))
    labels, faulty = np.zeros(count, np.int64), np.zeros(count, bool)
    for low in range(0, count, _BLOCK):
        size = min(_BLOCK, count - low)
        true = rng.integers(0, classes, size)
        logits = rng.normal(size=(size, classes)).astype(np.float32)
        logits[np.arange(size), true] += _LEVELS
        odds = np.exp(logits)
        table[low : low + size] = odds / odds.sum(axis=1, keepdims=True)
        wrong = rng.random(size) < _FAULTS
        labels[low : low + size] = np.where(
            wrong, (true + rng.integers(1, classes, size)) % classes, true
        )
        faulty[low : low + size] = wrong
    table.flush()
    np.savez(file.with_suffix(".npz"), labels=labels, faulty=faulty)


def _search(file: Path) -> dict[str, Any]:
    with np.load(file.with_suffix(".npz")) as known:
        labels: NDArray[np.int64] = known["labels"]
        faulty: NDArray[np.bool_] = known["faulty"]
    probs = np.load(file, mmap_mode="r")
    classes = [f"class {k}" for k in range(probs.shape[1])]
    keys = [str(n) for n in range(len(labels))]
    names = [classes[k] for k in labels.tolist()]
    started = time.perf_counter()
    found = classification_faults(keys, names, probs, classes)
    seconds = time.perf_counter() - started
    first = [int(f.key) for f in found[: int(faulty.sum())]]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time(), 2),
        "precision": round(float(faulty[first].mean()), 4),
        "peak_mb": round(peak_mb),
    }


if __name__ == "__main__":
    print(json.dumps(_search(Path(sys.argv[1]))))
