"""A whole device as one process: the station, its HTTP service and its transports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.edge.activation import Activated, Gate
from pitmark.edge.device_spec import DeviceSpec
from pitmark.edge.feeds import Tags
from pitmark.edge.http_service import HttpService
from pitmark.edge.live import LiveRelease
from pitmark.edge.outbox import Outbox
from pitmark.edge.signing import read_keys
from pitmark.edge.slots import Slots
from pitmark.edge.station import Station, lock_folder
from pitmark.edge.transports import Transport, transports_for

Started = Callable[[Station, int], None]


def serve(
    spec: DeviceSpec,
    *,
    stop: threading.Event,
    bundle: Path | None = None,
    tags: Tags = lambda _: {},
    started: Started = lambda _, __: None,
) -> dict[str, Any]:
    """Run a device until told to stop.

    Args:
        spec: What it is.
        stop: Set it to end.
        bundle: A release to begin with, where a newer or the same one does not run already;
            for a device whose recipes use one release.
        tags: What file names tell of an image.
        started: Told when everything runs: the station, and the port of HTTP.

    Returns:
        The status of the device at the end.

    Raises:
        PitmarkError: It cannot be started; what was opened is closed again.
    """
    station = Station(spec, tags=tags)
    opened: list[Transport] = []
    try:
        if bundle is not None:
            _begin_with(station, bundle)
        station.start()
        http = HttpService(station, spec.listen)
        for transport in (http, *transports_for(spec, station)):
            transport.start()
            opened.append(transport)
        started(station, http.port)
        stop.wait()
        return station.status()
    finally:
        for transport in reversed(opened):
            transport.stop()
        station.stop()


def activate_offline(spec: DeviceSpec, name: str, source: Path) -> Activated:
    """Bring a release into the slots of a device that does not run just now.

    Args:
        spec: What the device is.
        name: Of the release, as recipes name it.
        source: The bundle.

    Returns:
        The release; it goes on trial when the device starts, where another ran before.

    Raises:
        ConflictError: The device runs; ask it over HTTP.
        PitmarkError: The release is refused.
    """
    if name not in spec.releases:
        raise NotFoundError(
            f"no recipe of this device uses a release {name!r}",
            hint=f"Its releases: {', '.join(spec.releases)}.",
        )
    with lock_folder(spec.folder):
        trusted = () if spec.keys is None else read_keys(spec.keys)
        slots = Slots(spec.folder / "slots" / name)
        live = LiveRelease(slots, Gate(trusted, spec.latency_ms), spec.trial)
        return live.activate(source)


def status_offline(spec: DeviceSpec) -> dict[str, Any]:
    """What lies in the folder of a device that does not run just now.

    Args:
        spec: What the device is.

    Returns:
        Releases with their latest activations, and the outbox, as plain JSON types.

    Raises:
        ConflictError: The device runs; ask it over HTTP.
        StorageError: The folder cannot be read.
    """
    with lock_folder(spec.folder):
        releases = {}
        for name in spec.releases:
            slots = Slots(spec.folder / "slots" / name)
            pointer = slots.pointer()
            releases[name] = {
                "version": pointer.current.version if pointer.current else None,
                "before": pointer.previous.version if pointer.previous else None,
                "on_trial": pointer.trial,
                "activations": slots.notes()[-20:],
            }
        outbox = None
        if (spec.folder / "outbox").is_dir():
            kept = Outbox(spec.folder / "outbox", spec.outbox)
            outbox = kept.state().to_json()
            kept.close()
    return {"device": spec.name, "releases": releases, "outbox": outbox}


def _begin_with(station: Station, bundle: Path) -> None:
    names = list(station.releases)
    if len(names) != 1:
        raise InvalidInputError(
            f"the recipes of this device use {len(names)} releases: {', '.join(names)}",
            hint="Start without a bundle, and use pitmark edge activate for each of them.",
        )
    station.releases[names[0]].begin_with(bundle)
