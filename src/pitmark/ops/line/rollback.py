"""Go back to an earlier release: as a new, higher version with the old content.

Devices refuse a version below the one they run, so that nobody can slip an old model in.
Who goes back on purpose therefore releases the old content once more, and its run is in use
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.errors import ConflictError
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.choice import MODEL_NAMES
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.signing import PublicKey
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.reissuing import reissue
from pitmark.ops.line.releasing import bundle_target
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import NewPromotion
from pitmark.store.releases import ReleaseRow


@dataclass(frozen=True, slots=True)
class RollbackResult:
    """The new release, the one whose content it has, and its file."""

    row: ReleaseRow
    content_of: int
    path: Path

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "version": self.row.version,
            "content_of": self.content_of,
            "run": self.row.run_id,
            "bundle": str(self.path),
            "sha256": self.row.bundle_sha,
        }


def roll_back(
    project: ProjectStore,
    version: int,
    out: Path | None = None,
    *,
    by: str = "",
    reason: str = "",
) -> RollbackResult:
    """Release the content of an earlier version again, under a new version.

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
    return RollbackResult(row, version, path)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked of a bundle, in words and figures."""

    project: str
    version: int
    created: str
    signed_by: str | None
    trusted: bool
    golden: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "project": self.project,
            "version": self.version,
            "created": self.created,
            "signed_by": self.signed_by,
            "trusted": self.trusted,
            "golden": self.golden,
        }

    def sentences(self) -> list[str]:
        """The result for a person."""
        who = "It is not signed."
        if self.signed_by is not None:
            checked = "a key you trust" if self.trusted else "not checked: no keys were given"
            who = f"Signed by {self.signed_by} ({checked})."
        played = ", ".join(
            f"{p}: largest difference {g['largest']:.1e}" for p, g in self.golden.items()
        )
        return [
            f"Release {self.version} of {self.project}, {self.created}: every file is whole.",
            who,
            f"Golden images on this machine: {played or 'there are none in it'}.",
        ]


def verify(bundle: Path, *, trusted: tuple[PublicKey, ...] = ()) -> Verification:
    """Check a bundle as a device would before running it.

    Args:
        bundle: Its file.
        trusted: Keys one of which must have signed it; none asks for no signature.

    Returns:
        What was found.

    Raises:
        NotFoundError: There is no such file.
        BundleError: It is damaged, altered, too new, or not signed by a trusted key.
        ParityError: A model does not reproduce the golden outputs on this machine.
    """
    found = read_bundle(bundle, trusted=trusted)
    golden: dict[str, Any] = {}
    for precision in [p for p, name in MODEL_NAMES.items() if name in found.files]:
        inspector = EdgeInspector.open(found, precision=precision)
        if inspector.choice.golden is not None:
            golden[precision] = inspector.choice.golden.to_json()
    about = found.manifest
    return Verification(
        about.project, about.version, about.created, found.signed_by, found.trusted, golden
    )
