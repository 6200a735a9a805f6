"""What the routes of images keep between requests: galleries, savers, suggesters, pictures.

Only the projects that were used last are kept, as many as fit: a server may have those of
ten thousand customers. Which those are outlives the server, so that the next start reads
them before anybody asks.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from pitmark.core.errors import PitmarkError
from pitmark.ops.images.gallery import Gallery
from pitmark.ops.images.thumbnails import Thumbnails
from pitmark.ops.labels.saving import LabelSaver
from pitmark.ops.models.suggesting import Suggester
from pitmark.store.blobs import BlobStore
from pitmark.store.db import ProjectStore

# About 0.4 GB of memory per million images.
MOST_IMAGES = 4_000_000
MOST_DESKS = 500
_USED = "used-projects.json"
# Organisation and project.
Place = tuple[str, str]


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
    """One desk per project that was used lately, and the pictures of the workspace.

    Args:
        home: The folder of the workspace.
        most_images: How many images the galleries hold together; the project that was used
            last is kept however many it has.
        most_desks: How many projects are kept.
    """

    def __init__(
        self, home: Path, *, most_images: int = MOST_IMAGES, most_desks: int = MOST_DESKS
    ) -> None:
        cache = home / "cache"
        self.thumbnails = Thumbnails(BlobStore(home / "blobs"), cache / "pictures")
        self._most_images, self._most_desks = most_images, most_desks
        self._used = cache / _USED
        # The project that was used last stands last.
        self._desks: OrderedDict[Path, ProjectDesk] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, project: ProjectStore) -> ProjectDesk:
        """What belongs to a project, which is the one used last from now on.

        Args:
            project: The project.

        Returns:
            The same object for everyone, for as long as it is kept.
        """
        with self._lock:
            # The folder names the project, and no other one ever.
            desk = self._desks.get(project.work)
            new = desk is None or desk.project is not project
            if desk is None or new:
                desk = self._desks[project.work] = ProjectDesk(project)
            self._desks.move_to_end(project.work)
            self._drop()
        if new:
            # Now and not only at the end: a server may be killed.
            self.remember()
        return desk

    def held(self) -> list[Place]:
        """The projects that are kept, the one used last first."""
        with self._lock:
            desks = list(reversed(self._desks.values()))
        return [(d.project.organisation, d.project.name) for d in desks]

    def remember(self) -> None:
        """Note which projects were used last, for `read_used` of the next start."""
        try:
            self._used.parent.mkdir(parents=True, exist_ok=True)
            self._used.write_text(json.dumps(self.held()), encoding="utf-8")
        except OSError:
            # Whoever asks first waits a moment; nothing else depends on it.
            return

    def read_used(
        self, find: Callable[[str, str], ProjectStore], stop: threading.Event
    ) -> None:
        """Read the galleries of the projects that were used last, one after the other.

        Args:
            find: Gives a project by organisation and name.
            stop: Ends it before the next project.
        """
        held = 0
        for organisation, name in self._remembered():
            if stop.is_set() or held >= self._most_images:
                return
            try:
                desk = self._behind(find(organisation, name))
                desk.gallery.read()
            except PitmarkError:
                # Removed since, or out of reach: who asks for it is told why.
                continue
            held += desk.gallery.images

    def _behind(self, project: ProjectStore) -> ProjectDesk:
        """The desk of a project that nobody has asked for: it is the first to be dropped."""
        with self._lock:
            desk = self._desks.get(project.work)
            if desk is None:
                desk = self._desks[project.work] = ProjectDesk(project)
                self._desks.move_to_end(project.work, last=False)
            return desk

    def _drop(self) -> None:
        """Let go of what was not used for longest; who works with it still can."""
        images = sum(desk.gallery.images for desk in self._desks.values())
        while len(self._desks) > 1 and (
            images > self._most_images or len(self._desks) > self._most_desks
        ):
            _, gone = self._desks.popitem(last=False)
            images -= gone.gallery.images

    def _remembered(self) -> list[Place]:
        try:
            found = json.loads(self._used.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        pairs = [p for p in found if isinstance(p, list)] if isinstance(found, list) else []
        return [(p[0], p[1]) for p in pairs if [type(x) for x in p] == [str, str]]
