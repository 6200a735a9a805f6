"""What the routes of images keep between requests: galleries, savers, suggesters, pictures."""

from __future__ import annotations

import threading
from pathlib import Path

from pitmark.ops.gallery import Gallery
from pitmark.ops.label_saving import LabelSaver
from pitmark.ops.suggesting import Suggester
from pitmark.ops.thumbnails import Thumbnails
from pitmark.store.blobs import BlobStore
from pitmark.store.db import ProjectStore


class ProjectDesk:
    """What one project needs to be looked at and labeled by many people.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self.project = project
        self.gallery = Gallery(project)
        self.saver = LabelSaver(project)
        self.suggester = Suggester(project)


class Galleries:
    """One desk per project, and the pictures of the workspace.

    Args:
        home: The folder of the workspace.
    """

    def __init__(self, home: Path) -> None:
        self.thumbnails = Thumbnails(BlobStore(home / "blobs"), home / "cache" / "pictures")
        self._desks: dict[Path, ProjectDesk] = {}
        self._lock = threading.Lock()

    def of(self, project: ProjectStore) -> ProjectDesk:
        """What belongs to a project.

        Args:
            project: The project.

        Returns:
            The same object for everyone.
        """
        with self._lock:
            # The folder names the project, and no other one ever.
            desk = self._desks.get(project.work)
            if desk is None or desk.project is not project:
                desk = self._desks[project.work] = ProjectDesk(project)
            return desk
