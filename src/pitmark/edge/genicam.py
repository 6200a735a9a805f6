"""Industrial cameras by GenICam (GigE Vision, USB3 Vision), through harvesters."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from pitmark.core.errors import NotFoundError
from pitmark.core.preprocess import Pixels
from pitmark.edge.extras import load_extra


class GenicamCamera:
    """A camera behind a GenTL producer, the driver that its maker gives away.

    Args:
        at: Path of the producer (.cti); after #, the serial number of the camera. Without
            one the first camera is taken.
        harvesters: The module to use instead of the installed one, as a simulated camera
            does.

    Raises:
        MissingExtraError: harvesters is not installed.
        NotFoundError: There is no such producer or camera.
    """

    def __init__(self, at: str, *, harvesters: Any = None) -> None:
        library = harvesters or load_extra("harvesters.core", "genicam", f"the camera {at}")
        producer, _, serial = at.partition("#")
        self._at = at
        self._harvester = library.Harvester()
        # Drivers have errors of their own; whatever is raised, the producer is let go.
        with contextlib.ExitStack() as undo:
            undo.callback(self._harvester.reset)
            try:
                self._harvester.add_file(producer)
                self._harvester.update()
                wanted = {"serial_number": serial} if serial else 0
                self._acquirer = self._harvester.create(wanted)
                undo.callback(self._acquirer.destroy)
                self._acquirer.start()
            except (OSError, ValueError, IndexError, RuntimeError) as exc:
                raise NotFoundError(
                    f"the camera {at} cannot be opened: {exc}",
                    hint="Look at the producer file, the serial number, and who else uses it.",
                ) from exc
            undo.pop_all()

    def grab(self, timeout_s: float) -> Pixels:
        """The next picture.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            (H, W) or (H, W, 3), uint8 or uint16.

        Raises:
            NotFoundError: None came in time, or in a pixel format that is not read.
        """
        try:
            with self._acquirer.fetch(timeout=timeout_s) as buffer:
                component = buffer.payload.components[0]
                # The buffer goes back to the camera, so the pixels are copied.
                flat = np.array(component.data)
                height, width = int(component.height), int(component.width)
        except (OSError, RuntimeError, IndexError, TimeoutError) as exc:
            raise NotFoundError(
                f"the camera {self._at} gave no picture within {timeout_s:g} s: {exc}",
                hint="Look at the camera, its cable and its trigger.",
            ) from exc
        depth = flat.size // max(1, height * width)
        if flat.dtype not in (np.uint8, np.uint16) or depth not in (1, 3):
            raise NotFoundError(
                f"the camera {self._at} gives {depth} values of {flat.dtype} per pixel",
                hint="Set its pixel format to Mono8, Mono16 or RGB8.",
            )
        shape = (height, width) if depth == 1 else (height, width, 3)
        return flat[: height * width * depth].reshape(shape)

    def close(self) -> None:
        """Let go of the camera."""
        with contextlib.ExitStack() as all_of_it:
            all_of_it.callback(self._harvester.reset)
            all_of_it.callback(self._acquirer.destroy)
            self._acquirer.stop()
