"""Go back to an earlier release, with the devices; and look at a bundle as a device does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.choice import MODEL_NAMES
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.signing import PublicKey
from pitmark.ops.line.release_again import release_again
from pitmark.ops.line.rollout_back import bring_back
from pitmark.store.db import ProjectStore
from pitmark.store.releases import ReleaseRow


@dataclass(frozen=True, slots=True)
class RollbackResult:
    """The new release, the one whose content it has, and its file.

    `rollout` is the number of the rollout that brings it to `devices`; None where no device
    was offered another.
    """

    row: ReleaseRow
    content_of: int
    path: Path
    rollout: int | None = None
    devices: int = 0

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "version": self.row.version,
            "content_of": self.content_of,
            "run": self.row.run_id,
            "bundle": str(self.path),
            "sha256": self.row.bundle_sha,
            "rollout": self.rollout,
            "devices": self.devices,
        }

    def sentences(self) -> list[str]:
        """The result for a person."""
        told = f"Release {self.row.version} has the content of {self.content_of}: {self.path}"
        if self.rollout is None:
            return [
                told,
                "No device was offered another: there is none to bring back.",
            ]
        many = "device" if self.devices == 1 else f"{self.devices} devices"
        return [
            told,
            f"It goes to the {many} with another: rollout {self.rollout}.",
        ]


def roll_back(
    project: ProjectStore,
    version: int,
    out: Path | None = None,
    *,
    by: str = "",
    reason: str = "",
) -> RollbackResult:
    """Release the content of an earlier version again, and bring it to the devices.

    The devices are those that were offered the version of the newest rollout, unless that
    is the version to go back to. All are offered the new one at once.

    Args:
        project: The project.
        version: The version to go back to.
        out: File or folder to write to; None writes into the current folder.
        by: Who decides.
        reason: Why; kept with the decision.

    Returns:
        The new release, and its rollout.

    Raises:
        NotFoundError: There is no such release.
        ConflictError: It is the newest release already.
        BundleError: The kept bundle is damaged.
    """
    with project.transaction():
        done = release_again(project, version, out, by=by, reason=reason)
        brought = bring_back(project, done.row.version, content_of=version, by=by)
        devices = project.rollouts.offered(done.row.version)
    number = None if brought is None else brought.number
    return RollbackResult(done.row, version, done.path, number, len(devices))


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
