"""One project: what it is, and one attribute per concept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func

from pitmark.core.errors import NotFoundError
from pitmark.core.labels import Task
from pitmark.store.annotations import Annotations
from pitmark.store.audit import AuditLog
from pitmark.store.blobs import BlobStore
from pitmark.store.book import Books
from pitmark.store.device_drift import DeviceDrift
from pitmark.store.device_reports import DeviceReports
from pitmark.store.devices import Devices
from pitmark.store.events import Events
from pitmark.store.findings import Findings
from pitmark.store.fleet import Fleet
from pitmark.store.image_facts import ImageFacts
from pitmark.store.images import Images
from pitmark.store.jobs import Jobs
from pitmark.store.key_files import KeyFiles
from pitmark.store.origins import Origins
from pitmark.store.project_settings import ProjectSettings
from pitmark.store.promotions import Promotions
from pitmark.store.releases import Releases
from pitmark.store.rollouts import Rollouts
from pitmark.store.run_lock import RunLocks
from pitmark.store.runs import Runs
from pitmark.store.schema import annotation_table, projects
from pitmark.store.scope import Scope
from pitmark.store.snapshots import Snapshots
from pitmark.store.studies import Studies
from pitmark.store.updates import Updates


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project in figures; `labeled` counts the images with an annotation that stands."""

    id: int
    name: str
    task: Task
    created: datetime
    images: int
    labeled: int


class ProjectStore:
    """One project of a workspace.

    `id`, `name` and `task` are at hand; `info` counts.

    Args:
        scope: The project.
        row: Its row.
        blobs: Of the workspace.
        work: A folder for its checkpoints and temporary files.
        audit: Of the organisation.
        keys: Of the organisation, to sign its releases.
    """

    def __init__(
        self,
        scope: Scope,
        row: Any,
        *,
        blobs: BlobStore,
        work: Path,
        audit: AuditLog,
        keys: KeyFiles,
    ) -> None:
        self._scope, self._work = scope, work
        self.id, self.name = int(row.id), str(row.name)
        self.task = cast("Task", row.task)
        self.organisation, self.name = scope.organisation, str(row.name)
        self.blobs, self.audit, self.keys = blobs, audit, keys
        self.book = Books(scope)
        self.images = Images(scope, blobs)
        self.origins = Origins(scope)
        self.annotations = Annotations(scope, self.task, images=self.images, book=self.book)
        self.facts = ImageFacts(scope, self.task)
        self.studies = Studies(scope, images=self.images, book=self.book)
        self.snapshots = Snapshots(scope, self.images)
        locks = RunLocks(work / "locks")
        self.runs = Runs(scope, blobs, snapshots=self.snapshots, locks=locks)
        self.findings = Findings(
            scope,
            images=self.images,
            annotations=self.annotations,
            book=self.book,
            audit=audit,
        )
        self.releases = Releases(scope, blobs, runs=self.runs, audit=audit)
        self.promotions = Promotions(scope, runs=self.runs, audit=audit)
        self.updates = Updates(scope, locks)
        self.settings = ProjectSettings(scope, audit)
        self.events = Events(scope)
        self.devices, self.fleet = Devices(scope), Fleet(scope)
        self.device_reports = DeviceReports(scope)
        self.device_drift = DeviceDrift(scope)
        self.rollouts = Rollouts(scope)
        self.jobs = Jobs(scope)

    @property
    def info(self) -> ProjectInfo:
        """The project in figures, as of now."""
        row = self._scope.first(
            self._scope.select(projects).where(
                projects.c.id == self._scope.project_id, projects.c.deleted.is_(None)
            )
        )
        if row is None:
            raise NotFoundError("the project has been deleted")
        labeled = func.count(annotation_table.c.image_id.distinct())
        back = annotation_table.alias("back")
        taken_back = self._scope.select(back, back.c.withdraws).where(
            back.c.withdraws.is_not(None)
        )
        stands = annotation_table.c.withdraws.is_(None) & annotation_table.c.id.not_in(
            taken_back
        )
        return ProjectInfo(
            id=row.id,
            name=row.name,
            task=self.task,
            created=row.created,
            images=self.images.count(),
            labeled=int(
                self._scope.value(self._scope.select(annotation_table, labeled).where(stands))
            ),
        )

    @property
    def work(self) -> Path:
        """A folder for checkpoints and temporary files; what is in it may be removed."""
        self._work.mkdir(parents=True, exist_ok=True)
        return self._work

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside is saved together at the end, or not at all.

        One inside another joins it. Keep it short: other writers wait for its end.
        """
        with self._scope.write():
            yield

    def close(self) -> None:
        """Let go of the runs that this process holds."""
        self.runs.close()
