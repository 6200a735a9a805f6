"""An earlier release once more: as a new, higher version with the old content.

Devices refuse a version below the one they run, so that nobody can slip an old model in.
Who goes back on purpose therefore releases the old content once more, and its run is in use
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import ConflictError
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.reissuing import reissue
from pitmark.ops.line.releasing import bundle_target
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import NewPromotion
from pitmark.store.releases import ReleaseRow


@dataclass(frozen=True, slots=True)
class ReleasedAgain:
    """The new release, the one whose content it has, and its file."""

    row: ReleaseRow
    content_of: int
    path: Path


def release_again(
    project: ProjectStore,
    version: int,
    out: Path | None = None,
    *,
    by: str = "",
    reason: str = "",
) -> ReleasedAgain:
    """Release the content of an earlier version again; no device is told of it.

    Args:
        project: The project.
        version: The version to go back to.
        out: File or folder to write to; None writes into the current folder.
        by: Who decides.
        reason: Why; kept with the decision.

    Returns:
        The new release.

    Raises:
        NotFoundError: There is no such release.
        ConflictError: It is the newest release already.
        BundleError: The kept bundle is damaged.
    """
    old = project.releases.get(version)
    number = project.releases.next_version()
    if old.version == number - 1:
        raise ConflictError(
            f"release {version} is the newest one: there is nothing to go back from",
            hint="pitmark releases lists them all.",
        )
    path = bundle_target(out, project.info.name, number)
    used = in_use(project)
    issued = reissue(project, project.blobs.read(old.bundle_sha), path, {"content_of": version})
    with project.transaction():
        row = project.releases.add(
            old.run_id, issued.version, issued.sha256, issued.gate, by=by
        )
        project.promotions.name("champion", old.run_id, version=row.version, by=by)
        record = {"content_of": version, "reason": reason}
        before = None if used is None else used.run.id
        decided = NewPromotion("rolled back", old.run_id, before, row.version, record)
        project.promotions.add(decided, by=by)
    return ReleasedAgain(row, version, path)
