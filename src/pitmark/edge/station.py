"""A device at work: its points, their sources, its releases, and what it keeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from pitmark.edge.activation import Activated, Gate
from pitmark.edge.delivery import Delivery
from pitmark.edge.device_report import device_report
from pitmark.edge.device_spec import DeviceSpec, PointSpec, ServerSpec
from pitmark.edge.drift_watch import DriftWatch
from pitmark.edge.examiner import Examiner
from pitmark.edge.feeds import CameraFeed, Tags, feed_for
from pitmark.edge.http_sender import HttpSender
from pitmark.edge.live import LiveRelease
from pitmark.edge.outbox import Outbox
from pitmark.edge.parts import PartResult
from pitmark.edge.point import Point
from pitmark.edge.recipe import Recipe
from pitmark.edge.recorder import Recorder
from pitmark.edge.release_reports import ReleaseReports
from pitmark.edge.result_log import ResultLog
from pitmark.edge.server_link import ServerLink
from pitmark.edge.server_talk import ServerTalk
from pitmark.edge.signing import read_keys
from pitmark.edge.slots import Slots
from pitmark.edge.updating import Updater
from pitmark.quality.drift.state import DriftState

try:
    import fcntl
except ModuleNotFoundError:  # Windows; there a second start is not noticed.
    fcntl = None  # type: ignore[assignment]

_SETTLE_S = 0.5
_SAVE_S = 30.0


class Station:
    """All of one device. Make it, `start` it, and `stop` it in the end.

    Args:
        spec: What the device is.
        tags: What file names tell of an image, such as its lot.

    Raises:
        ConflictError: Another process runs this device's folder.
        StorageError: The folder cannot be used.
    """

    def __init__(self, spec: DeviceSpec, *, tags: Tags = lambda _: {}) -> None:
        self.spec = spec
        self._lock_file = lock_folder(spec.folder)
        trusted = () if spec.keys is None else read_keys(spec.keys)
        gate = Gate(trusted, spec.latency_ms)
        self.releases = {
            name: LiveRelease(Slots(spec.folder / "slots" / name), gate, spec.trial)
            for name in spec.releases
        }
        self.outbox = Outbox(spec.folder / "outbox", spec.outbox) if spec.server else None
        self.drift = DriftWatch(
            spec.folder / "drift", self.releases, spec.record.run_length_images
        )
        log = ResultLog(
            spec.folder / "log",
            max_bytes=spec.record.log_bytes,
            files=spec.record.log_files,
        )
        self.recorder = Recorder(
            log, self.outbox, spec.record, drift=self._drifted, opinion=self._opinion
        )
        self.delivery: Delivery | None = None
        self.talk: ServerTalk | None = None
        if self.outbox is not None and spec.server is not None:
            server = spec.server
            sender = HttpSender(server.url, server.device or spec.name, server.key)
            self.delivery = Delivery(self.outbox, sender, together=sender)
            self.talk = self._talk(server)
        self.troubles: dict[str, str] = {}
        self._stop = threading.Event()
        self.feeds = {
            p.name: feed_for(p, self._stop, self.troubles, tags)
            for p in spec.points
            if p.source.kind != "http"
        }
        self.points = {p.name: self._point(p) for p in spec.points}
        self._result_listeners: list[Callable[[PartResult], None]] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Load the releases and begin.

        Raises:
            StorageError: A pointer to a release cannot be read.
            NotFoundError: A folder that is a source does not exist.
        """
        for live in self.releases.values():
            live.start()
        self.recorder.start()
        for point in self.points.values():
            point.start()
        for name, feed in self.feeds.items():
            for work in feed.threads(self.points[name]):
                self._spawn(work)
        self._spawn(self._keep_house)
        if self.delivery is not None:
            self._spawn(self.delivery.run, self._stop)
        if self.talk is not None:
            self._spawn(self.talk.run, self._stop)

    def stop(self) -> None:
        """End: no new parts, what was judged is written, states are kept."""
        self._stop.set()
        for point in self.points.values():
            point.stop()
        for thread in self._threads:
            thread.join(timeout=30)
        for feed in self.feeds.values():
            feed.close()
        self.recorder.stop()
        self.drift.save()
        if self.outbox is not None:
            self.outbox.close()
        self._lock_file.close()

    def activate(self, name: str, source: Path | bytes) -> Activated:
        """Bring a release into use while the line runs.

        Args:
            name: Of the release, as recipes name it.
            source: The bundle.

        Returns:
            The release, on trial where another ran before.

        Raises:
            NotFoundError: No recipe uses a release of this name.
            PitmarkError: It is refused; what runs goes on.
        """
        if name not in self.releases:
            raise NotFoundError(
                f"no recipe of this device uses a release {name!r}",
                hint=f"Its releases: {', '.join(self.releases)}.",
            )
        done = self.releases[name].activate(source)
        for point in self.points.values():
            point.look_for_release()
        return done

    def point(self, name: str) -> Point:
        """An inspection point.

        Args:
            name: Its name.

        Returns:
            The point.

        Raises:
            NotFoundError: There is none of this name.
        """
        if name not in self.points:
            raise NotFoundError(
                f"there is no inspection point {name!r}",
                hint=f"There are: {', '.join(self.points)}.",
            )
        return self.points[name]

    def listen(self, listener: Callable[[PartResult], None]) -> None:
        """Have every result told.

        Args:
            listener: Called in the thread of the point; it must be quick.
        """
        self._result_listeners.append(listener)

    def status(self) -> dict[str, Any]:
        """The whole device as plain JSON types."""
        outbox = None
        if self.outbox is not None and self.delivery is not None:
            try:
                kept = self.outbox.state().to_json()
            except StorageError as error:
                kept = {"trouble": error.message}
            connected, sent = self.delivery.connected, self.delivery.sent
            outbox = {**kept, "connected": connected, "sent": sent}
        return {
            "device": self.spec.name,
            "healthy": self.healthy,
            "points": {
                name: {
                    "outputs": point.outputs.to_json(),
                    "unasked": point.unasked,
                    "last": point.last.to_json() if point.last else None,
                }
                for name, point in self.points.items()
            },
            "releases": {name: live.status() for name, live in self.releases.items()},
            "drift": self.drift.to_json(),
            "outbox": outbox,
            "server": self.talk.status() if self.talk is not None else None,
            "unrecorded": dict(self.recorder.unrecorded),
            "disagreements": self.recorder.disagreements,
            "troubles": dict(self.troubles),
        }

    @property
    def healthy(self) -> bool:
        """Whether every point can judge: it has a release, and its source gives images."""
        loaded = all(live.held is not None for live in self.releases.values())
        return loaded and not self.troubles

    def _talk(self, server: ServerSpec) -> ServerTalk:
        name, folder = self.spec.server_release, self.spec.folder / "update"
        link = ServerLink(server.url, server.device or self.spec.name, server.key)
        reports, updater = None, None
        if name is not None:
            slots = Slots(self.spec.folder / "slots" / name)
            reports = ReleaseReports(slots, folder / "told.json")
            if server.update == "ask":
                updater = Updater(link, slots, partial(self.activate, name), folder)
        state = partial(device_report, self)
        return ServerTalk(link, state, server.ask_s, reports=reports, updater=updater)

    def _point(self, spec: PointSpec) -> Point:
        feed = self.feeds.get(spec.name)
        grab = feed.grab if isinstance(feed, CameraFeed) else None
        return Point(spec, Examiner(self.releases), self._publish, grab=grab)

    def _publish(self, result: PartResult) -> None:
        self.recorder(result)
        for listener in self._result_listeners:
            listener(result)

    def _drifted(self, result: PartResult) -> DriftState | None:
        return self.drift.update(result, self._recipe_of(result).release)

    def _opinion(self, result: PartResult) -> str | None:
        inspection = result.inspection
        if inspection is None or inspection.pixels is None:
            return None
        reference = result.frame.reference if result.frame else None
        recipe = self._recipe_of(result)
        if reference is not None and recipe.crop_xywh is not None:
            return None  # The image is cropped by now, its reference is not.
        live = self.releases[recipe.release]
        other = live.second_opinion(inspection.pixels, reference)
        return None if other is None else other.outcome

    def _recipe_of(self, result: PartResult) -> Recipe:
        recipes = self.points[result.point].spec.recipes
        return next(r for r in recipes if r.index == result.recipe)

    def _keep_house(self) -> None:
        saved = time.monotonic()
        while not self._stop.wait(_SETTLE_S):
            for name, live in self.releases.items():
                try:
                    ended = live.settle()
                    self.troubles.pop(f"release {name}", None)
                except StorageError as error:
                    self.troubles[f"release {name}"] = error.message
                    continue
                if ended is not None:
                    for point in self.points.values():
                        point.look_for_release()
            if time.monotonic() - saved > _SAVE_S:
                self.drift.save()
                saved = time.monotonic()

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def lock_folder(folder: Path) -> IO[bytes]:
    """Make sure that no other process uses a device's folder.

    Args:
        folder: Made where it does not exist.

    Returns:
        A file; the folder is free again when it is closed, or the process ends.

    Raises:
        ConflictError: Another process uses it.
        StorageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("ab")
    except OSError as exc:
        raise StorageError(f"the folder {folder} cannot be used: {exc.strerror}") from exc
    if fcntl is None:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise ConflictError(
            f"another process runs the device in {folder}",
            hint="Ask it over HTTP, or stop it first.",
        ) from exc
    return file
