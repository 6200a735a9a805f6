"""What advice rests on: the state of a project, read once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.ops.data.datasheet import KIND as DATASHEET
from pitmark.ops.data.looks import last_look
from pitmark.ops.data.need_history import CHECK, in_points
from pitmark.ops.data.needs import ARTIFACT as NEEDS_ARTIFACT
from pitmark.ops.data.needs import KIND as NEEDS
from pitmark.ops.labels.audit_record import audits, read_audit
from pitmark.ops.labels.finding_order import RankedFinding, ranked
from pitmark.ops.labels.review import review_status
from pitmark.ops.labels.review_status import ReviewStatus
from pitmark.ops.synthesis.closed_loop import SynthesisResult, list_syntheses
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingBrief
from pitmark.store.releases import ReleaseRow
from pitmark.store.runs import RunRow
from pitmark.store.snapshots import SnapshotInfo

_MOST_BROUGHT = 5


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The state of a project.

    Attributes:
        images: Real images, and how many of them are `labeled`.
        grouped: Real images that belong to a group.
        labelers: Number of people whose labels there are; `shared` images have several.
        studies: Agreement studies that were designed.
        snapshot: The newest one; `changed` counts the images labeled anew since.
        trained: Finished training runs, the newest first.
        audit: What the newest audit kept, and whether it is of the newest snapshot.
        queue: Open findings in their order.
        needs: What `needs` kept last.
        brought: What earlier advice brought, in words.
        groups_seen: What the last look for groups found; None where nobody looked.
        shortcuts_seen: What the last look for shortcuts found.
    """

    name: str
    task: str
    images: int
    labeled: int
    grouped: int
    labelers: int
    shared: int
    studies: int
    snapshot: SnapshotInfo | None
    changed: int
    trained: Sequence[RunRow]
    audit: Mapping[str, Any] | None
    audit_is_new: bool
    review: ReviewStatus
    queue: Sequence[RankedFinding[FindingBrief]]
    needs: Mapping[str, Any] | None
    needs_are_new: bool
    needs_checked: bool
    syntheses: Sequence[SynthesisResult]
    releases: Sequence[ReleaseRow]
    blanks: int | None
    brought: tuple[str, ...]
    groups_seen: Mapping[str, Any] | None
    shortcuts_seen: Mapping[str, Any] | None

    @property
    def pool(self) -> int:
        """Images without a label."""
        return self.images - self.labeled


def read_facts(project: ProjectStore) -> ProjectFacts:
    """Read the state of a project.

    Args:
        project: The project.

    Returns:
        The facts.
    """
    records = [r for r in project.images.iterate() if not r.synthetic]
    real = {r.sha256 for r in records}
    said = {s: who for s, who in project.annotations.all_latest().items() if s in real}
    snapshots = project.snapshots.list()
    newest = project.snapshots.info("latest") if snapshots else None
    times = [max(a.at for a in who.values()) for who in said.values()]
    newest_id = newest.id if newest is not None else ""
    audit = next(iter(audits(project)), None)
    needs = [r for r in project.runs.list(kind=NEEDS) if r.state == "done"]
    sheets = [r for r in project.runs.list(kind=DATASHEET) if r.state == "done"]
    return ProjectFacts(
        name=project.info.name,
        task=project.task,
        images=len(records),
        labeled=len(said),
        grouped=sum(r.group is not None for r in records),
        labelers=len({name for who in said.values() for name in who}),
        shared=sum(len(who) > 1 for who in said.values()),
        studies=len(project.studies.list()),
        snapshot=newest,
        changed=sum(newest is not None and at > newest.created for at in times),
        trained=[r for r in project.runs.list(kind="train") if r.state == "done"],
        audit=None if audit is None else read_audit(project, audit),
        audit_is_new=audit is not None and audit.snapshot_id == newest_id,
        review=review_status(project),
        queue=ranked(project, state="open"),
        needs=_kept(project, needs[0]) if needs else None,
        needs_are_new=bool(needs) and needs[0].snapshot_id == newest_id,
        needs_checked=not needs or CHECK in needs[0].artifacts,
        syntheses=list_syntheses(project),
        releases=project.releases.list(),
        blanks=int(sheets[0].metrics.get("blanks", 0)) if sheets else None,
        brought=tuple(_brought(project, needs)),
        groups_seen=last_look(project, "groups", len(records)),
        shortcuts_seen=last_look(project, "shortcuts", len(said)),
    )


def _kept(project: ProjectStore, row: RunRow) -> Mapping[str, Any]:
    kept: Mapping[str, Any] = json.loads(project.blobs.read(row.artifacts[NEEDS_ARTIFACT]))
    return kept


def _brought(project: ProjectStore, needs: Sequence[RunRow]) -> list[str]:
    """Forecasts that were checked: what was foretold and what came true."""
    out = []
    for row in needs:
        if CHECK not in row.artifacts:
            continue
        told = json.loads(project.blobs.read(row.artifacts[CHECK]))
        for check in told["checks"]:
            foretold, came = check["foretold"], check["realized"]
            if foretold and came:
                out.append(
                    f"{check['class']}, {check['number']} labels: foretold"
                    f" {in_points(foretold)}, came true {in_points(came)}."
                )
    return out[:_MOST_BROUGHT]
