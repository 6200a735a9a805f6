"""The Python API over HTTP: `pitmark.connect(url, token)` gives the objects of `pitmark.open`.

ws = pitmark.connect("https://inspection.example", token)
project = ws.create_project("casings", task="detection")
project.import_folder("photos")
run = project.train()
project.audit()
project.release("casings.pitmark")

What is said is said by the person of the token: methods take no `by`, `author` or `labeler`.
"""

from __future__ import annotations

from dataclasses import replace
from types import NoneType
from typing import Self

from pitmark.core.errors import NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import task_named
from pitmark.sdk.connection import Connection, message, part
from pitmark.sdk.project import RemoteProject
from pitmark.wire.projects import NewProject, Project, ProjectChange

DEFAULT_ORGANISATION = "local"


class RemoteWorkspace:
    """The projects of an organisation on a server.

    Use it as a context manager, or call `close`.

    Args:
        connection: To the server.
        organisation: Whose projects to see.
    """

    def __init__(self, connection: Connection, organisation: str) -> None:
        self._connection, self.organisation = connection, organisation
        self._path = f"/api/orgs/{part(organisation)}"

    @staticmethod
    def connect(
        url: str, token: str, *, organisation: str = DEFAULT_ORGANISATION
    ) -> RemoteWorkspace:
        """Connect to a server.

        Args:
            url: Where it is.
            token: Made in the web app under People.
            organisation: Whose projects to see.

        Returns:
            The workspace.

        Raises:
            InvalidInputError: The URL is none, or the token is empty.
            NotSignedInError: The server does not know the token.
            NotFoundError: The person does not belong to the organisation.
            StorageError: The server cannot be reached.
        """
        found = RemoteWorkspace(Connection(url, token), organisation)
        try:
            found.projects()
        except BaseException:
            found.close()
            raise
        return found

    @property
    def url(self) -> str:
        """The server."""
        return self._connection.url

    def create_project(
        self, name: str, *, task: str, label_book: LabelBook | None = None
    ) -> RemoteProject:
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
        book = label_book or LabelBook()
        new = message(NewProject, name=name, task=task_named(task), classes=list(book.names))
        made = self._connection.send("POST", f"{self._path}/projects", new, Project)
        project = RemoteProject(self._connection, self._path, made)
        first = project.label_book
        if replace(book, revision=first.revision) != first:
            project.save_label_book(book, reason="project created", based_on=first.revision)
        return project

    def project(self, name: str | None = None) -> RemoteProject:
        """A project by name, or the only one.

        Args:
            name: Its name; None where there is just one.

        Returns:
            The project.

        Raises:
            NotFoundError: There is none of that name, or not just one.
        """
        if name is None:
            name = self._only_one()
        found = self._connection.get(f"{self._path}/projects/{part(name)}", Project)
        return RemoteProject(self._connection, self._path, found)

    def projects(self) -> list[Project]:
        """All projects with their counts, by name."""
        return self._connection.get(f"{self._path}/projects", list[Project])

    def rename_project(self, name: str, new_name: str) -> RemoteProject:
        """Call a project by another name; all that belongs to it stays.

        Args:
            name: Its name.
            new_name: Another one.

        Returns:
            The project.

        Raises:
            NotFoundError: No such project.
            ConflictError: The new name is taken, or a run of it is being worked on.
            InvalidInputError: The name cannot be used.
        """
        path = f"{self._path}/projects/{part(name)}"
        change = message(ProjectChange, name=new_name)
        made = self._connection.send("PATCH", path, change, Project)
        return RemoteProject(self._connection, self._path, made)

    def delete_project(self, name: str) -> None:
        """Remove a project with all its images, labels, runs and releases.

        Args:
            name: Its name.

        Raises:
            NotFoundError: No such project.
            ConflictError: A run of it is being worked on.
        """
        self._connection.send("DELETE", f"{self._path}/projects/{part(name)}", None, NoneType)

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _only_one(self) -> str:
        names = [p.name for p in self.projects()]
        if len(names) != 1:
            found = f"there are {len(names)} projects" if names else "there is no project yet"
            hint = f"Name one of: {', '.join(names)}." if names else "Create one first."
            raise NotFoundError(found, hint=hint)
        return names[0]
