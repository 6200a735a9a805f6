"""Write a bundle once more, under the version that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pitmark.edge.bundle_file import read_bundle, write_bundle
from pitmark.ops.line.signing import signing_key
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class Reissued:
    """A bundle in the blob store, signed, with the version it was written for."""

    version: int
    sha256: str
    gate: dict[str, Any]


def reissue(
    project: ProjectStore, bundle: bytes, path: Path, about: Mapping[str, Any]
) -> Reissued:
    """Write the content of a bundle under the next version; no release is added yet.

    Args:
        project: The project.
        bundle: The bytes of a bundle.
        path: File to write.
        about: Added to the gate's record.

    Returns:
        The new bundle.

    Raises:
        BundleError: The bundle is damaged.
    """
    kept = read_bundle(bundle)
    version = project.releases.next_version()
    manifest = replace(
        kept.manifest,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        gate={**kept.manifest.gate, **about},
    )
    write_bundle(path, manifest, kept.files, key_pem=signing_key(project.keys))
    return Reissued(version, project.blobs.put_file(path), dict(manifest.gate))
