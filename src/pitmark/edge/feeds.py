"""What brings frames to a point: a folder that is watched, or a camera."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, MutableMapping
from pathlib import Path

from pitmark.core.errors import ConflictError, PitmarkError
from pitmark.edge.cameras import NamedCamera, camera_for
from pitmark.edge.delivery import Backoff
from pitmark.edge.device_spec import CAMERAS, PointSpec
from pitmark.edge.parts import Frame
from pitmark.edge.point import Point
from pitmark.edge.sources import FolderReferences, watch_folder

_PAUSE_S = 1.0
_POLL_S = 0.02
# A camera that was plugged in again is found soon, and not asked a hundred times before.
_BACKOFF = Backoff(0.5, 10.0)
Tags = Callable[[str], dict[str, str]]
Work = Callable[[], None]


def feed_for(
    spec: PointSpec, stop: threading.Event, troubles: MutableMapping[str, str], tags: Tags
) -> FolderFeed | CameraFeed:
    """The feed of a point.

    Args:
        spec: The point; its source is a folder or a camera.
        stop: Set it to end the feed.
        troubles: What is wrong with a camera is said here, under the name of the point.
        tags: What file names tell of an image, such as its lot.

    Returns:
        The feed, not begun yet.
    """
    if spec.source.kind in CAMERAS:
        return CameraFeed(spec, camera_for(spec.source, spec.name), stop, troubles)
    return FolderFeed(spec, stop, tags)


class FolderFeed:
    """The images of a folder as they appear, the next one read while one is judged.

    Args:
        spec: The point.
        stop: Set it to end.
        tags: What file names tell of an image.
    """

    def __init__(self, spec: PointSpec, stop: threading.Event, tags: Tags) -> None:
        self._spec, self._stop, self._tags = spec, stop, tags
        self._ready: queue.Queue[Frame | None] = queue.Queue(2)

    def threads(self, point: Point) -> list[Work]:
        """One that reads, and one that shows.

        Args:
            point: Where the images go.

        Returns:
            What to run.

        Raises:
            NotFoundError: There is no such folder.
        """
        source, folder = self._spec.source, Path(self._spec.source.at)
        references = FolderReferences(folder, source.reference)
        images = watch_folder(
            folder,
            poll_s=_POLL_S,
            stop=self._stop,
            recursive=source.recursive,
            leave_out=references.is_reference,
        )

        def read() -> None:
            for name, image in images:
                frame = Frame(name, image, references(name), self._tags(name))
                self._ready.put(frame.ahead())
            self._ready.put(None)

        def show() -> None:
            while (frame := self._ready.get()) is not None:
                _push(point, frame)

        return [read, show]

    def close(self) -> None:
        """Nothing is held."""


class CameraFeed:
    """The pictures of a camera; what is wrong with it is told, and it is tried again.

    Args:
        spec: The point.
        camera: Its camera.
        stop: Set it to end.
        troubles: Where trouble is told.
    """

    def __init__(
        self,
        spec: PointSpec,
        camera: NamedCamera,
        stop: threading.Event,
        troubles: MutableMapping[str, str],
    ) -> None:
        self._spec, self.camera = spec, camera
        self._stop, self._troubles = stop, troubles

    def grab(self, timeout_s: float) -> Frame:
        """The next picture.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            The frame.

        Raises:
            PitmarkError: None came, for whatever reason; it is told as trouble as well.
        """
        try:
            frame = self.camera.grab(timeout_s)
        except PitmarkError as error:
            self._troubles[self._spec.name] = error.message
            raise
        self._troubles.pop(self._spec.name, None)
        return frame

    def threads(self, point: Point) -> list[Work]:
        """One that shows every picture, unless the control asks for them.

        Args:
            point: Where the pictures go.

        Returns:
            What to run.
        """
        return [lambda: self._run(point)] if self._spec.trigger == "image" else []

    def close(self) -> None:
        """Let go of the camera."""
        self.camera.close()

    def _run(self, point: Point) -> None:
        failures, latched = 0, self._spec.acknowledge
        while not self._stop.is_set():
            ready = point.wait(lambda o: o.trigger_ready, _PAUSE_S if latched else 0)
            if latched and not ready.trigger_ready:
                continue  # Nobody has read the last verdict yet.
            try:
                frame = self.grab(self._spec.source.timeout_s)
            except PitmarkError:
                failures += 1
                self._stop.wait(_BACKOFF.wait_s(failures))
                continue
            failures = 0
            _push(point, frame)


def _push(point: Point, frame: Frame) -> None:
    # A part that came too early is counted, and answered with an error, by the point.
    with contextlib.suppress(ConflictError, TimeoutError):
        point.push(frame)
