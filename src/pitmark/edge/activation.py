"""The gate in front of a release on a device: proved here, then swapped in one step.

Signature, hashes, rising version, golden images within their tolerance, time per image; only
then is it written and pointed at. It runs on trial from there, see `pitmark.edge.live`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pitmark.core.errors import (
    BundleError,
    ConflictError,
    NotFoundError,
    PitmarkError,
    StorageError,
)
from pitmark.edge.bundle_file import MAX_BUNDLE_BYTES, read_bundle
from pitmark.edge.choice import load_golden
from pitmark.edge.golden import Golden
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.signing import PublicKey
from pitmark.edge.slots import Held, Pointer, Slots, Step

DEFAULT_LATENCY_MS = 1000.0
_RUNS = 12


@dataclass(frozen=True, slots=True)
class Gate:
    """What a release must fulfill on this device.

    `trusted` are keys one of which must have signed it; none means that a signature is not
    asked for. `latency_ms` is the time per image that 95 % of the golden images must keep.
    """

    trusted: Sequence[PublicKey] = field(default=())
    latency_ms: float = DEFAULT_LATENCY_MS


@dataclass(frozen=True, slots=True)
class Activated:
    """A release that passed the gate and was pointed at.

    `latency_ms` is the 95 % quantile over its golden images; `how` tells what was measured.
    """

    held: Held
    inspector: EdgeInspector
    latency_ms: float
    how: str


def activate(
    slots: Slots,
    source: Path | bytes,
    gate: Gate,
    *,
    step: Step = lambda _: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Activated:
    """Bring a release into use, or refuse it; what runs goes on running until the swap.

    Args:
        slots: Where to.
        source: The bundle.
        gate: What it must fulfill.
        step: Told every step as it is reached.
        clock: Seconds, rising.

    Returns:
        The release, ready to inspect, on trial.

    Raises:
        NotFoundError: There is no such file.
        BundleError: Damaged, altered, not signed by a trusted key, a lower version, of
            another project, too slow, or one that failed here before.
        ParityError: It does not give here what it gave in training.
        ConflictError: The release that runs is still on trial.
        StorageError: It cannot be written.
    """
    facts: dict[str, object] = {}
    try:
        data = _bytes_of(source)
        facts["sha256"] = hashlib.sha256(data).hexdigest()
        return _activate(slots, data, gate, step, clock)
    except PitmarkError as error:
        # What is no fault of the release is tried again.
        later = isinstance(error, ConflictError | StorageError | NotFoundError)
        outcome = "put off" if later else "refused"
        slots.note(outcome, {**facts, "reason": error.message})
        raise


def file_sha256(source: Path) -> str:
    """What a bundle is recognized by.

    Args:
        source: Its file.

    Returns:
        64 hexadecimal digits.

    Raises:
        NotFoundError: There is no such file.
        BundleError: It is larger than a bundle may be.
        StorageError: It cannot be read.
    """
    return hashlib.sha256(_bytes_of(source)).hexdigest()


def _activate(
    slots: Slots, data: bytes, gate: Gate, step: Step, clock: Callable[[], float]
) -> Activated:
    pointer = slots.pointer()
    if pointer.trial:
        raise ConflictError(
            "the release that runs is still on trial",
            hint="Wait until it has proved itself or was rolled back.",
        )
    bundle = read_bundle(data, trusted=gate.trusted)
    digest = hashlib.sha256(data).hexdigest()
    manifest = bundle.manifest
    _check_version(pointer, manifest.project, manifest.version, digest)
    step("checked")
    golden = load_golden(bundle)
    if golden is None:
        raise BundleError(
            "the bundle has no golden images, so nothing shows that it works here",
            hint="Release again; a release writes them by itself.",
        )
    inspector = EdgeInspector.open(bundle)
    step("proved")
    latency_ms = golden_latency_ms(inspector, golden)
    if latency_ms > gate.latency_ms:
        raise BundleError(
            f"release {manifest.version} takes {latency_ms:.0f} ms per image on this device,"
            f" allowed are {gate.latency_ms:.0f} ms",
            hint="Train a smaller network, or allow more time per image.",
        )
    step("timed")
    slot = slots.put(data, pointer, step=step)
    step("slot in place")
    held = Held(
        slot, digest, manifest.project, manifest.version, inspector.precision, inspector.threads
    )
    slots.read(held, trusted=gate.trusted)
    # The first release has nothing to go back to.
    on_trial = pointer.current is not None
    how = inspector.choice.sentence()
    facts = {"version": held.version, "sha256": digest, "on_trial": on_trial}
    slots.point(
        replace(
            pointer,
            current=held,
            previous=pointer.current,
            trial=on_trial,
            starts=0,
            highest=max(pointer.highest, held.version),
        ),
        step=step,
        note=("activated", {**facts, "latency_ms": latency_ms, "how": how}),
    )
    step("swapped")
    slots.complete_record()
    return Activated(held, inspector, latency_ms, how)


def _bytes_of(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    if not source.is_file():
        raise NotFoundError(f"there is no bundle {source}")
    try:
        if source.stat().st_size > MAX_BUNDLE_BYTES:
            raise BundleError(
                f"the bundle {source.name} has {source.stat().st_size:,} bytes,"
                f" allowed are {MAX_BUNDLE_BYTES:,}"
            )
        return source.read_bytes()
    except OSError as exc:
        raise StorageError(f"the bundle {source} cannot be read: {exc.strerror}") from exc


def _check_version(pointer: Pointer, project: str, version: int, digest: str) -> None:
    if digest in pointer.refused:
        raise BundleError(
            f"release {version} failed on this device before and was rolled back",
            hint="Release again; a new release has a new version.",
        )
    held = pointer.current or pointer.previous
    if held is not None and held.project != project:
        raise BundleError(
            f"the bundle is of the project {project!r}, here runs {held.project!r}",
            hint="Activate it under another name.",
        )
    if version <= pointer.highest:
        raise BundleError(
            f"release {version} is not newer than {pointer.highest}, which ran here",
            hint="To go back, use pitmark rollback: it gives the old content a new version.",
        )


def golden_latency_ms(inspector: EdgeInspector, golden: Golden) -> float:
    """The 95 % quantile over some runs on golden images, from pixels to verdict.

    Args:
        inspector: Of a bundle.
        golden: Of the same bundle.

    Returns:
        Milliseconds per image on this machine.
    """
    times = []
    for run in range(max(_RUNS, len(golden.images))):
        image, reference = golden.pair(run % len(golden.images))
        times.append(inspector.inspect(image, reference=reference).latency_ms)
    return float(np.quantile(times, 0.95))
