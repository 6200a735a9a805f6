"""A workspace folder: its database, its blobs, its projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pitmark.core.errors import (
    ConflictError,
    NotFoundError,
    StorageError,
)
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Task, task_named
from pitmark.store.audit import AuditLog
from pitmark.store.blobs import BlobStore
from pitmark.store.connection import BUSY_TIMEOUT_MS, Database
from pitmark.store.deletion import delete_rows, referenced, remove_unreferenced
from pitmark.store.devices import Devices
from pitmark.store.invitations import Invitations
from pitmark.store.jobs import Jobs
from pitmark.store.key_files import KeyFiles
from pitmark.store.migrate import migrate
from pitmark.store.people import People
from pitmark.store.persons import Persons
from pitmark.store.project import ProjectInfo, ProjectStore
from pitmark.store.project_names import check_project_name
from pitmark.store.schema import now, organisations, projects
from pitmark.store.scope import Scope
from pitmark.store.sessions import Sessions
from pitmark.store.tokens import Tokens
from pitmark.store.which_database import keep_url, workspace_database

__all__ = ["DEFAULT_ORGANISATION", "ProjectInfo", "ProjectStore", "Store", "open_store"]
DEFAULT_ORGANISATION = "local"


def open_store(
    home: Path,
    *,
    create: bool = False,
    organisation: str = DEFAULT_ORGANISATION,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    database_url: str | None = None,
) -> Store:
    """Open the workspace in a folder.

    Args:
        home: The folder.
        create: Make the folder and the workspace where there is none.
        organisation: Whose projects to see.
        busy_timeout_ms: How long to wait for another writer.
        database_url: Keep a new workspace in this PostgreSQL database, such as
            postgresql+psycopg://user:password@host:5432/name; the folder remembers it.
            None follows the folder, and uses SQLite for a new workspace.

    Returns:
        The workspace.

    Raises:
        NotFoundError: There is no workspace, or no such organisation in it.
        ConflictError: The workspace uses another database than `database_url`.
        InvalidInputError: `database_url` is none of a PostgreSQL database.
        StorageError: It cannot be reached, read or written, or a newer Pitmark made it.
    """
    database = workspace_database(
        home, create=create, url=database_url, busy_timeout_ms=busy_timeout_ms
    )
    if create:
        _make_folder(home)
    try:
        migrate(database, create=create)
        if create and database_url is not None:
            keep_url(home, database_url)
        _check_organisation(database, organisation, create=create)
    except BaseException:
        database.close()
        raise
    return Store(home, database, organisation=organisation)


class Store:
    """An open workspace as one organisation sees it; close it after use.

    Args:
        home: Its folder.
        database: In that folder, migrated.
        organisation: Whose projects to see.
    """

    def __init__(self, home: Path, database: Database, *, organisation: str) -> None:
        self.home, self.organisation = home, organisation
        self.database = database
        self.blobs = BlobStore(home / "blobs")
        self.blobs.clear_stale()
        self._scope = Scope(database, organisation)
        self.audit = AuditLog(self._scope)
        self.keys = KeyFiles(home / "keys" / organisation)
        self.jobs = Jobs(self._scope)
        self.people = People(self._scope)
        self.invitations = Invitations(self._scope)
        self.tokens = Tokens(self._scope)
        self.devices = Devices(self._scope)
        # Accounts are those of the workspace, whatever the organisation.
        self.persons, self.sessions = Persons(database), Sessions(database)
        self._open: dict[tuple[int, str], ProjectStore] = {}

    def of(self, organisation: str) -> Store:
        """The same workspace as another organisation sees it, over the same connections.

        Args:
            organisation: Its id.

        Returns:
            A store to be used while this one is open; it need not be closed.

        Raises:
            NotFoundError: No such organisation.
        """
        _check_organisation(self.database, organisation, create=False)
        return Store(self.home, self.database, organisation=organisation)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside, also of persons, is saved together or not at all."""
        with self.database.write():
            yield

    def create_project(
        self, name: str, task: Task, book: LabelBook, *, by: str = ""
    ) -> ProjectStore:
        """Make a project.

        Args:
            name: 1 to 64 characters, without slashes and control characters.
            task: What its models shall do.
            book: The first label book; it becomes revision 1.
            by: Who makes it.

        Returns:
            The project.

        Raises:
            InvalidInputError: An impossible name or an unknown task.
            ConflictError: There is a project of this name.
        """
        check_project_name(name)
        task = task_named(task)
        with self._scope.write() as connection:
            if self._row(name) is not None:
                raise ConflictError(
                    f"project {name!r} exists already", hint="Choose another name."
                )
            values = {"name": name, "live_name": name, "task": task, "created": now()}
            self._scope.insert(connection, projects, [values])
            project = self.project(name)
            project.book.save(book, by or "pitmark", "project created")
            self.audit.log(by, "create_project", f"project/{name}", {"task": task})
        return project

    def project(self, name: str) -> ProjectStore:
        """One project.

        Args:
            name: Its name.

        Returns:
            The project; the same object while this store is open.

        Raises:
            NotFoundError: No such project.
        """
        row = self._row(name)
        if row is None:
            names = [r.name for r in self._rows()]
            known = f"Projects: {', '.join(names)}." if names else "There is none yet."
            raise NotFoundError(f"there is no project {name!r}", hint=known)
        # What a project writes into the audit log names it, so another name is another one.
        key = (row.id, row.name)
        held = self._open.get(key)
        if held is not None:
            return held
        made = ProjectStore(
            self._scope.of_project(row.id),
            row,
            blobs=self.blobs,
            work=self.home / "work" / f"project-{row.id}",
            audit=AuditLog(self._scope, prefix=f"project/{row.name}/"),
            keys=self.keys,
        )
        # Another thread may have been quicker: all are given the same one.
        return self._open.setdefault(key, made)

    def projects(self) -> list[ProjectInfo]:
        """All projects in the order of their names."""
        return [self.project(row.name).info for row in self._rows()]

    def project_names(self) -> list[str]:
        """The names of all projects, in their order, without counting what is in them."""
        return [row.name for row in self._rows()]

    def rename_project(self, name: str, new_name: str, *, by: str = "") -> ProjectStore:
        """Call a project by another name; all that belongs to it stays.

        Args:
            name: Its name.
            new_name: As for `create_project`.
            by: Who does.

        Returns:
            The project.

        Raises:
            NotFoundError: No such project.
            InvalidInputError: An impossible name.
            ConflictError: The new name is taken, or a run or job is being worked on.
        """
        check_project_name(new_name)
        with self._scope.write() as connection:
            row = self.project(name).info
            taken = self._row(new_name)
            if taken is not None and taken.id != row.id:
                raise ConflictError(
                    f"project {new_name!r} exists already", hint="Choose another name."
                )
            _expect_idle(self.project(name), name)
            change = self._scope.update(projects).where(projects.c.id == row.id)
            connection.execute(change.values(name=new_name, live_name=new_name))
            self.audit.log(by, "rename_project", f"project/{new_name}", {"was": name})
        return self.project(new_name)

    def delete_project(self, name: str, *, by: str = "") -> None:
        """Remove a project with all its images, labels, runs and releases.

        Its name becomes free. Only the audit log still tells of it.

        Args:
            name: Its name.
            by: Who removes it.

        Raises:
            NotFoundError: No such project.
            ConflictError: A run or job of it is being worked on.
        """
        with self._scope.write() as connection:
            # Looked for under the lock: it may be removed twice, or a job may begin on it.
            project = self.project(name)
            _expect_idle(project, name)
            info = project.info
            scope = self._scope.of_project(info.id)
            shas = referenced(scope)
            gone = self._scope.update(projects).where(projects.c.id == info.id)
            connection.execute(gone.values(live_name=None, deleted=now()))
            delete_rows(connection, scope)
            details = {"images": info.images, "labeled": info.labeled}
            self.audit.log(by, "delete_project", f"project/{name}", details)
        for key in [k for k in list(self._open) if k[0] == info.id]:
            self._open.pop(key, None)
        remove_unreferenced(self.database, self.blobs, shas)

    def images_among(self, shas: Sequence[str]) -> set[str]:
        """Which of some bytes are an image of any project of this organisation.

        Args:
            shas: Hashes of bytes.

        Returns:
            Those that are; other organisations' images are not.
        """
        out: set[str] = set()
        for row in self._rows():
            out |= self.project(row.name).images.known(shas)
        return out

    def check(self) -> list[str]:
        """What is wrong with the workspace: damaged rows, blobs missing or altered.

        Returns:
            One sentence per problem; empty when all is well.
        """
        problems = self.database.problems()
        for row in self._rows():
            for sha256 in sorted(referenced(self._scope.of_project(row.id))):
                try:
                    self.blobs.read(sha256)
                except StorageError as exc:
                    problems.append(f"project {row.name}: {exc.message}")
        return problems

    def close(self) -> None:
        """Let go of the database and of all runs that this process holds."""
        for project in self._open.values():
            project.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _row(self, name: str) -> Any:
        return self._scope.first(
            self._scope.select(projects).where(projects.c.live_name == name)
        )

    def _rows(self) -> Sequence[Any]:
        query = self._scope.select(projects).where(projects.c.deleted.is_(None))
        return self._scope.rows(query.order_by(projects.c.name))


def _expect_idle(project: ProjectStore, name: str) -> None:
    busy = [run.id for run in project.runs.list() if run.state == "running"]
    if busy:
        raise ConflictError(
            f"run {busy[0]} of project {name!r} is being worked on",
            hint="Wait until it ends, or stop it.",
        )
    working = project.jobs.list(state="running", limit=1)
    if working:
        raise ConflictError(
            f"job {working[0].id} of project {name!r} is being worked on",
            hint="Wait until it ends, or cancel it.",
        )


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(
            f"the workspace folder {home} cannot be made: {exc.strerror}",
            hint="Name a folder in which your user may write.",
        ) from exc


def _check_organisation(database: Database, organisation: str, *, create: bool) -> None:
    scope = Scope(database, organisation)
    mine = scope.select(organisations)
    if scope.first(mine) is not None:
        return
    if not create:
        raise NotFoundError(f"the workspace knows no organisation {organisation!r}")
    with scope.write() as connection:
        if scope.first(mine) is None:
            scope.insert(connection, organisations, [{"created": now()}])
