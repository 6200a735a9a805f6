"""The Python API: `pitmark.open(folder)` gives objects over everything a person can do.

ws = pitmark.open("factory")
project = ws.create_project("casings", task="detection")
project.import_folder("photos")
run = project.train()
project.audit()
project.release("casings.pitmark")
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pitmark.core.errors import NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import task_named
from pitmark.ops.line.signing import WorkspaceKey, export_keys, renew_key, workspace_keys
from pitmark.store.db import ProjectInfo, Store, open_store
from pitmark.workspace.project import Project


class Workspace:
    """A folder with projects. Use it as a context manager, or call `close`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def open(home: Path, *, create: bool = True, database_url: str | None = None) -> Workspace:
        """Open the workspace in a folder.

        Args:
            home: The folder.
            create: Make it if it does not exist.
            database_url: Keep a new workspace in this PostgreSQL database instead of SQLite.

        Returns:
            The workspace.

        Raises:
            NotFoundError: There is none and `create` is off.
            ConflictError: The workspace uses another database than `database_url`.
            StorageError: The folder or the database cannot be used.
        """
        return Workspace(open_store(home, create=create, database_url=database_url))

    @property
    def home(self) -> Path:
        """The folder."""
        return self._store.home

    def create_project(
        self, name: str, *, task: str, label_book: LabelBook | None = None
    ) -> Project:
        """Begin a project.

        Args:
            name: 1 to 64 characters.
            task: classification, detection, segmentation or anomaly.
            label_book: Its classes; None begins with an empty one that imports fill.

        Returns:
            The project.

        Raises:
            ConflictError: The name is taken.
            InvalidInputError: No such task, or the name cannot be used.
        """
        return Project(
            self._store.create_project(name, task_named(task), label_book or LabelBook())
        )

    def project(self, name: str | None = None) -> Project:
        """A project by name, or the only one.

        Args:
            name: Its name; None where there is just one.

        Returns:
            The project.

        Raises:
            NotFoundError: There is none of that name, or not just one.
        """
        if name is not None:
            return Project(self._store.project(name))
        names = self._store.project_names()
        if len(names) != 1:
            found = f"there are {len(names)} projects" if names else "there is no project yet"
            hint = (
                f"Name one of: {', '.join(names)}." if names else "pitmark new NAME --task TASK"
            )
            raise NotFoundError(found, hint=hint)
        return Project(self._store.project(names[0]))

    def projects(self) -> list[ProjectInfo]:
        """All projects with their counts."""
        return self._store.projects()

    def rename_project(self, name: str, new_name: str, *, by: str = "python") -> Project:
        """Call a project by another name; all that belongs to it stays.

        Args:
            name: Its name.
            new_name: Another one.
            by: Who does, for the audit log.

        Returns:
            The project.

        Raises:
            NotFoundError: No such project.
            ConflictError: The new name is taken, or a run of it is being worked on.
            InvalidInputError: The name cannot be used.
        """
        return Project(self._store.rename_project(name, new_name, by=by))

    def delete_project(self, name: str, *, by: str = "python") -> None:
        """Remove a project with all its images, labels, runs and releases.

        Args:
            name: Its name.
            by: Who does, for the audit log.

        Raises:
            NotFoundError: No such project.
            ConflictError: A run of it is being worked on.
        """
        self._store.delete_project(name, by=by)

    def signing_keys(self) -> list[WorkspaceKey]:
        """The public halves of the keys that sign releases, the newest first."""
        return workspace_keys(self._store.keys)

    def renew_key(self) -> WorkspaceKey:
        """Make a new key that signs from now on."""
        return renew_key(self._store.keys)

    def export_keys(self, path: str | Path) -> list[WorkspaceKey]:
        """Write the public keys as the file that devices are given.

        Args:
            path: The file.

        Returns:
            The keys in it.
        """
        return export_keys(self._store.keys, Path(path))

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
