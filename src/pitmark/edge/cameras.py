"""Cameras that give a picture when asked: by network or USB (OpenCV), or GenICam."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from pitmark.core.errors import InvalidInputError, NotFoundError, PitmarkError
from pitmark.core.preprocess import Pixels
from pitmark.edge.device_spec import Source
from pitmark.edge.driver_thread import DriverThread
from pitmark.edge.extras import load_extra
from pitmark.edge.genicam import GenicamCamera
from pitmark.edge.parts import Frame


class Camera(Protocol):
    """What every camera can do."""

    def grab(self, timeout_s: float) -> Pixels:
        """The next picture, or NotFoundError where none comes in time."""

    def close(self) -> None:
        """Let go of the camera."""


class NamedCamera:
    """A camera whose pictures have running names, opened when it is first asked.

    A camera that fails, in whatever way its driver has, is closed and opened anew at the next
    picture: cables get loose.

    Args:
        name: Before the number.
        open_camera: Opens it.
        grace_s: How much longer than told a driver may take before it counts as hanging;
            opening a camera takes its time, too.
    """

    def __init__(
        self, name: str, open_camera: Callable[[], Camera], *, grace_s: float = 10.0
    ) -> None:
        self._name, self._open_camera, self._grace_s = name, open_camera, grace_s
        self._camera: Camera | None = None
        # One that hung may hold a picture of a part that has gone by long ago.
        self._suspect = False
        self._number = 0
        self._driver = DriverThread(f"the camera {name}")
        self._lock = threading.Lock()

    def grab(self, timeout_s: float) -> Frame:
        """The next picture as a frame.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            The frame.

        Raises:
            NotFoundError: The camera cannot be reached, fails, hangs, or gives nothing in
                time.
            MissingExtraError: Its driver is not installed.
        """
        with self._lock:
            if self._suspect:
                self._suspect = False
                self._let_go()
            try:
                pixels = self._driver.call(
                    lambda: self._next(timeout_s), timeout_s + self._grace_s
                )
            except PitmarkError:
                self._suspect = True
                raise
            self._number += 1
            return Frame(f"{self._name}-{self._number:08d}", pixels)

    def close(self) -> None:
        """Let go of the camera."""
        with self._lock:
            self._let_go()
            self._driver.end()

    def _let_go(self) -> None:
        """Close it, if that can be done: one that was unplugged may refuse."""
        with contextlib.suppress(PitmarkError):
            self._driver.call(self._release, self._grace_s)

    def _next(self, timeout_s: float) -> Pixels:
        if self._camera is None:
            self._camera = self._open_camera()
        return self._camera.grab(timeout_s)

    def _release(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()


def camera_for(source: Source, name: str) -> NamedCamera:
    """The camera of a source.

    Args:
        source: Of the kind rtsp, usb or genicam.
        name: What its pictures are called.

    Returns:
        The camera, not opened yet.

    Raises:
        InvalidInputError: The source is no camera.
    """
    if source.kind in ("rtsp", "usb"):
        return NamedCamera(name, lambda: VideoCamera(source.at))
    if source.kind == "genicam":
        return NamedCamera(name, lambda: GenicamCamera(source.at))
    raise InvalidInputError(f"the source {source.kind} is no camera")


class VideoCamera:
    """A camera that OpenCV can open; a thread keeps only the newest picture.

    Network cameras and their drivers keep a row of old pictures; whoever reads them one by
    one sees the part before the last. So all are read, and all but the newest forgotten.

    Args:
        at: An address (rtsp://...), a number of a USB camera, or a device file.

    Raises:
        MissingExtraError: OpenCV is not installed.
        NotFoundError: The camera cannot be opened.
    """

    def __init__(self, at: str) -> None:
        cv2 = load_extra("cv2", "camera", f"the camera {at}")
        self._at = at
        self._capture: Any = cv2.VideoCapture(int(at) if at.isdigit() else at)
        if not self._capture.isOpened():
            raise NotFoundError(
                f"the camera {at} cannot be opened",
                hint="Look at its address, its cable, and who else uses it.",
            )
        self._newest: tuple[float, Pixels] | None = None
        self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, name=f"camera {at}", daemon=True)
        self._thread.start()

    def grab(self, timeout_s: float) -> Pixels:
        """The first picture taken after this call.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            (H, W, 3) uint8, red first.

        Raises:
            NotFoundError: None came in time, or the stream has ended.
        """
        asked = time.monotonic()
        with self._news:
            self._news.wait_for(lambda: self._ended or self._is_newer(asked), timeout_s)
            if self._newest is None or self._newest[0] < asked:
                raise NotFoundError(
                    f"the camera {self._at} gave no picture within {timeout_s:g} s",
                    hint="Look at the camera, its cable and the network.",
                )
            return self._newest[1]

    def close(self) -> None:
        """Let go of the camera."""
        self._ended = True
        self._thread.join(timeout=10)
        self._capture.release()

    def _is_newer(self, asked: float) -> bool:
        return self._newest is not None and self._newest[0] >= asked

    def _read(self) -> None:
        try:
            while not self._ended:
                begun = time.monotonic()
                there, picture = self._capture.read()
                if not there:
                    break
                rgb = picture[..., ::-1] if picture.ndim == 3 else picture
                with self._news:
                    self._newest = (begun, np.ascontiguousarray(rgb))
                    self._news.notify_all()
        finally:  # However the driver fails, nobody waits for it in vain.
            with self._news:
                self._ended = True
                self._news.notify_all()
