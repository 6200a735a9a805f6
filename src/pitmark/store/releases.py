"""Releases: the bundles that were let out, numbered from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.store.audit import AuditLog
from pitmark.store.blobs import BlobStore
from pitmark.store.plain_json import plain
from pitmark.store.run_rows import RunReader, run_name
from pitmark.store.schema import now, snapshots
from pitmark.store.schema_runs import releases, runs
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release: which run it is of, the blob of its bundle, and the gate's record."""

    version: int
    run_id: str
    snapshot_id: str
    bundle_sha: str
    gate: dict[str, Any]
    created: datetime


class Releases:
    """The releases of one project.

    Args:
        scope: The project.
        blobs: Where the bundles are.
        runs: Of the same project.
        audit: Where releases are recorded.
    """

    def __init__(
        self, scope: Scope, blobs: BlobStore, *, runs: RunReader, audit: AuditLog
    ) -> None:
        self._scope, self._blobs = scope, blobs
        self._runs, self._audit = runs, audit

    def next_version(self) -> int:
        """The version that the next release will have."""
        return (
            self._scope.value(self._scope.select(releases, func.max(releases.c.version))) or 0
        ) + 1

    def add(
        self,
        run_id: str,
        version: int,
        bundle_sha: str,
        gate: Mapping[str, Any],
        *,
        by: str = "",
    ) -> ReleaseRow:
        """Add a release.

        Args:
            run_id: What is released.
            version: From `next_version`, as it is written in the bundle.
            bundle_sha: The blob of the bundle.
            gate: The record of the checks that allowed it.
            by: Who released it.

        Returns:
            The release.

        Raises:
            NotFoundError: No such run.
            ConflictError: Another release took this version meanwhile.
            StorageError: The bundle is not in the blob store.
        """
        with self._scope.write() as connection:
            due = self.next_version()
            if version != due:
                raise ConflictError(
                    f"release {version} cannot be added: the next one is {due}",
                    hint="Another release was made meanwhile; release again.",
                )
            self._blobs.require([bundle_sha])
            run = self._runs.row(run_id)
            values = {
                "version": version,
                "run_key": run.key,
                "bundle_sha": bundle_sha,
                "gate": plain(gate),
                "created": now(),
            }
            self._scope.insert(connection, releases, [values])
            details = {"run": run_name(run.number), "bundle": bundle_sha}
            self._audit.log(by, "release", f"release/{version}", details)
        return self.get(version)

    def get(self, version: int | Literal["latest"] = "latest") -> ReleaseRow:
        """One release.

        Args:
            version: Its number, or "latest".

        Returns:
            The release.

        Raises:
            NotFoundError: No such release.
        """
        query = self._query()
        if version != "latest":
            query = query.where(releases.c.version == int(version))
        row = self._scope.first(query)
        if row is None:
            made = self.next_version() - 1
            which = "no release yet" if version == "latest" else f"no release {version}"
            raise NotFoundError(
                f"the project has {which}",
                hint=f"Releases: 1 to {made}." if made else "Make one: `pitmark release`.",
            )
        return _release(row)

    def version_of(self, bundle_sha: str) -> int | None:
        """Which release a bundle is.

        Args:
            bundle_sha: The sha256 of its bytes.

        Returns:
            Its version, or None where it is none of this project.
        """
        query = self._scope.select(releases, releases.c.version)
        found = self._scope.value(query.where(releases.c.bundle_sha == bundle_sha))
        return None if found is None else int(found)

    def list(self) -> Sequence[ReleaseRow]:
        """All releases, the newest first."""
        return [_release(row) for row in self._scope.rows(self._query())]

    def count(self) -> int:
        """How many releases there are."""
        return int(self._scope.value(self._scope.select(releases, func.count())))

    def _query(self) -> Any:
        query = self._scope.select(
            releases, releases, runs.c.number, snapshots.c.id.label("snapshot_id")
        )
        query = query.join(runs, runs.c.key == releases.c.run_key)
        query = query.join(snapshots, snapshots.c.key == runs.c.snapshot_key)
        return query.order_by(releases.c.version.desc())


def _release(row: Any) -> ReleaseRow:
    return ReleaseRow(
        version=row.version,
        run_id=run_name(row.number),
        snapshot_id=row.snapshot_id,
        bundle_sha=row.bundle_sha,
        gate=row.gate,
        created=row.created,
    )
