"""The gate in front of the champion: seven checks of a run against the one in use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pitmark.core.progress import Reporter, silent
from pitmark.edge.activation import golden_latency_ms
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.choice import load_golden
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.line import promotion_checks as checks
from pitmark.ops.line import promotion_line as line_checks
from pitmark.ops.line.limits import Limits
from pitmark.ops.line.promotion_facts import (
    InUse,
    Judge,
    in_use,
    same_images,
    shadow,
    to_be_caught,
)
from pitmark.ops.line.promotion_record import Check, GateRecord
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow


def gate(
    project: ProjectStore,
    row: RunRow,
    bundle: Path,
    limits: Limits,
    *,
    override: Sequence[str] = (),
    report: Reporter = silent,
) -> GateRecord:
    """Check a run against the one in use; nothing is written.

    Args:
        project: The project.
        row: The run.
        bundle: Its bundle, as a device would get it.
        limits: With the rules of the gate.
        override: Checks that do not stand in the way.
        report: Told of the progress.

    Returns:
        The record.
    """
    used = in_use(project)
    new = Judge(project, row, bundle.read_bytes())
    found: list[Check] = []
    old_bundle = None
    if used is not None and used.run.id != row.id:
        old_bundle = _bundle_of(project, used)
        found += _against(project, used, old_bundle, row, new, limits, report)
    else:
        found += _alone()
    found.insert(3, _on_device(bundle.read_bytes(), old_bundle, limits))
    found += [
        line_checks.first_devices(limits.first_share),
        line_checks.way_back(limits.way_back, None if used is None else used.version),
    ]
    return GateRecord(
        row.id,
        None if used is None else used.run.id,
        None if used is None else used.version,
        tuple(found),
        tuple(override),
        limits,
    )


def _against(  # noqa: PLR0913 - both versions with all that they are asked about
    project: ProjectStore,
    used: InUse,
    old_bundle: bytes | None,
    row: RunRow,
    new: Judge,
    limits: Limits,
    report: Reporter,
) -> list[Check]:
    old = Judge(project, used.run, old_bundle)
    _, images = project.snapshots.load(row.snapshot_id)
    must = to_be_caught(images, project.book.current())
    same = same_images(project, images, old, new)
    newest = shadow(project, old, new, limits.gate.shadow, report)
    return [
        checks.must_catch(
            [i.image.name for i in must],
            [old.calls_ng(i) for i in must],
            [new.calls_ng(i) for i in must],
        ),
        checks.not_worse(same, limits.gate),
        checks.everywhere(same, limits.gate),
        line_checks.side_by_side(newest, limits.gate),
    ]


def _alone() -> list[Check]:
    """The checks where there is no other version to compare with."""
    reason = "There is no other version in use to compare with."
    return [
        Check(name, title, "nothing to check", reason)
        for name, title in (
            ("must_catch", "Parts that must be caught"),
            ("not_worse", "As good as the version in use"),
            ("everywhere", "Good everywhere"),
            ("side_by_side", "Side by side on the newest parts"),
        )
    ]


def _on_device(new: bytes, old: bytes | None, limits: Limits) -> Check:
    inspector, new_ms = _timed(new)
    old_ms = None if old is None else _timed(old)[1]
    report = inspector.replay_golden().to_json()
    return line_checks.same_on_device(report, new_ms, old_ms, limits.gate)


def _timed(data: bytes) -> tuple[EdgeInspector, float]:
    bundle = read_bundle(data)
    golden = load_golden(bundle)
    inspector = EdgeInspector.open(bundle)
    assert golden is not None, "every release writes golden images"
    return inspector, golden_latency_ms(inspector, golden)


def _bundle_of(project: ProjectStore, used: InUse) -> bytes | None:
    if used.version is None:
        return None
    return project.blobs.read(project.releases.get(used.version).bundle_sha)
