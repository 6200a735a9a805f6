"""Which of a bundle's models a device should run, and with how many threads.

Whether int8 or a second thread pays depends on the processor and on what else it does, so
it is measured on the device. A model that does not reproduce the golden outputs is out,
however fast it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from pitmark.core.bundle import GOLDEN_NAME, MODEL_FP32, MODEL_INT8
from pitmark.core.errors import BundleError, InvalidInputError, ParityError
from pitmark.core.inspector import cut_pair
from pitmark.core.preprocess import Patches, cut
from pitmark.edge.bundle_file import Bundle
from pitmark.edge.golden import Golden, GoldenReport, golden_from_bytes, replay
from pitmark.edge.network import Network

Precision = Literal["fp32", "int8"]
MODEL_NAMES: dict[Precision, str] = {"fp32": MODEL_FP32, "int8": MODEL_INT8}
MAX_THREADS = 8
# Time after which no more is measured; replaying the golden inputs comes on top.
BUDGET_S = 0.6
_RUNS = 5
# Of one candidate; slow ones are told apart by fewer runs.
_CANDIDATE_S = 0.1
# A gain below this is no reason for more threads or fewer bits.
_WORTHWHILE = 1.1


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to run the model: the quickest of a few runs on one patch."""

    precision: Precision
    threads: int
    run_ms: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked, what it was compared with, and what was ruled out and why."""

    precision: Precision
    threads: int
    trials: tuple[Trial, ...]
    refused: Mapping[str, str]
    golden: GoldenReport | None
    seconds: float

    def sentence(self) -> str:
        """The choice in words, for a log."""
        measured = ", ".join(
            f"{t.precision} x{t.threads} {t.run_ms:.1f} ms" for t in self.trials
        )
        refused = "".join(f"; {name} refused: {why}" for name, why in self.refused.items())
        told = f" (measured: {measured})" if measured else ""
        return f"{self.precision} with {self.threads} thread(s){told}{refused}"

    def to_json(self) -> dict[str, Any]:
        """The choice as plain JSON types."""
        return {
            "precision": self.precision,
            "threads": self.threads,
            "trials": [asdict(t) for t in self.trials],
            "refused": dict(self.refused),
            "golden": self.golden.to_json() if self.golden else None,
            "seconds": self.seconds,
        }


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_network(bundle: Bundle, precision: Precision, threads: int) -> Network:
    """One of a bundle's models, loaded.

    Args:
        bundle: The bundle.
        precision: Which model.
        threads: At least 1.

    Returns:
        The network.

    Raises:
        InvalidInputError: The bundle has no such model, or no thread is asked for.
        BundleError: The model cannot be loaded.
    """
    name = MODEL_NAMES[precision]
    if name not in bundle.files:
        held = [p for p, n in MODEL_NAMES.items() if n in bundle.files]
        raise InvalidInputError(
            f"the bundle has no {precision} model", hint=f"It holds {' and '.join(held)}."
        )
    if threads < 1:
        raise InvalidInputError(f"threads must be at least 1, found {threads}")
    spec = bundle.manifest.inspector
    return Network(bundle.files[name], spec, name=name, threads=threads)


def load_golden(bundle: Bundle) -> Golden | None:
    """The golden inputs of a bundle, None where it has none.

    Args:
        bundle: The bundle.

    Returns:
        The golden inputs.

    Raises:
        BundleError: They are damaged.
    """
    data = bundle.files.get(GOLDEN_NAME)
    return golden_from_bytes(data, bundle.manifest.inspector) if data is not None else None


def allowed_difference(bundle: Bundle, precision: Precision) -> float:
    """The tolerance that a bundle states for one of its models.

    Args:
        bundle: The bundle.
        precision: Which model.

    Returns:
        Largest difference of a score allowed, in [0, 1].

    Raises:
        BundleError: The manifest states none.
    """
    try:
        return bundle.manifest.tolerance[precision]
    except KeyError as exc:
        raise BundleError(f"the manifest states no tolerance for {precision}") from exc


def choose(
    bundle: Bundle,
    *,
    precisions: Sequence[Precision],
    threads: Sequence[int],
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Network, Choice]:
    """The fastest way to run a bundle here among those that reproduce its golden outputs.

    Every precision is measured on the fewest threads, more threads as far as the time
    budget reaches, of the faster precision first; the fastest is judged by the golden
    inputs, and the next one if it fails. Without golden inputs only the first precision is
    considered.

    Args:
        bundle: The bundle.
        precisions: Candidates, the most trusted first.
        threads: Candidates, fewest first.
        clock: Seconds, rising.

    Returns:
        The network, ready, and the record of the choice.

    Raises:
        ParityError: No candidate reproduces the golden outputs.
        BundleError: A model cannot be loaded.
    """
    start = clock()
    golden = load_golden(bundle)
    refused: dict[str, str] = {}
    if golden is None:
        refused = {str(p): "no golden inputs to judge it by" for p in precisions[1:]}
        precisions = precisions[:1]
    trials = _measure(bundle, precisions, threads, golden, clock)
    open_trials = list(trials)
    while open_trials:
        best = pick(open_trials)
        network = load_network(bundle, best.precision, best.threads)
        report = _judge(bundle, network, best.precision, golden)
        if report is None or report.ok:
            choice = Choice(
                best.precision, best.threads, trials, refused, report, clock() - start
            )
            return network, choice
        refused[best.precision] = report.sentence()
        open_trials = [t for t in open_trials if t.precision != best.precision]
    raise ParityError(
        "no model of the bundle gives on this device what it gave in training: "
        + "; ".join(f"{p}: {why}" for p, why in refused.items()),
        hint="Release again, or keep the release that runs.",
    )


def pick(trials: Sequence[Trial]) -> Trial:
    """The first trial that is about as fast as the fastest.

    Args:
        trials: In order of preference: few threads before many, fp32 before int8.

    Returns:
        One of them.
    """
    fastest = min(t.run_ms for t in trials)
    return next(t for t in trials if t.run_ms <= _WORTHWHILE * fastest)


def _measure(
    bundle: Bundle,
    precisions: Sequence[Precision],
    threads: Sequence[int],
    golden: Golden | None,
    clock: Callable[[], float],
) -> tuple[Trial, ...]:
    """Each precision on the fewest threads, then more within the budget, the faster first."""
    start = clock()
    patches = _one_patch(bundle, golden)
    trials: dict[tuple[int, Precision], Trial] = {}
    promising = list(precisions)
    for count in threads:
        for precision in promising:
            if count == threads[0] or clock() - start < BUDGET_S:
                network = load_network(bundle, precision, count)
                run_ms = _time(network, patches, clock)
                trials[count, precision] = Trial(precision, count, run_ms)
        promising.sort(key=lambda p: trials[threads[0], p].run_ms)
    preferred = product(threads, precisions)
    return tuple(trials[way] for way in preferred if way in trials)


def _judge(
    bundle: Bundle, network: Network, precision: Precision, golden: Golden | None
) -> GoldenReport | None:
    if golden is None:
        return None
    tolerance = allowed_difference(bundle, precision)
    return replay(golden, network.predict, bundle.manifest.inspector, tolerance=tolerance)


def _one_patch(bundle: Bundle, golden: Golden | None) -> list[Patches]:
    """A patch for every input of the network."""
    spec = bundle.manifest.inspector
    if golden is not None:
        pair = cut_pair(*golden.pair(0), spec)
        return [patches.only(0) for patches in pair if patches is not None]
    width, height = spec.preprocess.input_wh
    blank = cut(np.zeros((height, width), dtype=np.uint8), spec.preprocess).only(0)
    return [blank, blank] if spec.reference else [blank]


def _time(network: Network, patches: Sequence[Patches], clock: Callable[[], float]) -> float:
    """The quickest of a few runs in milliseconds."""
    start = clock()
    network.run(*patches)  # The first run sets up buffers and is not representative.
    best = float("inf")
    for _ in range(_RUNS):
        before = clock()
        network.run(*patches)
        after = clock()
        best = min(best, (after - before) * 1000)
        if after - start > _CANDIDATE_S:
            break
    return best
