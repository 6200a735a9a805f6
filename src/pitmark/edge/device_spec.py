"""What a device is: its inspection points, and everything around them, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pitmark.core.errors import InvalidInputError
from pitmark.edge.activation import DEFAULT_LATENCY_MS
from pitmark.edge.monitor import DEFAULT_RUN_LENGTH_IMAGES
from pitmark.edge.outbox_entry import OutboxLimits
from pitmark.edge.recipe import Recipe
from pitmark.edge.trial import TrialLimits

SourceKind = Literal["folder", "http", "rtsp", "usb", "genicam"]
SOURCE_KINDS: tuple[SourceKind, ...] = ("folder", "http", "rtsp", "usb", "genicam")
CAMERAS = frozenset({"rtsp", "usb", "genicam"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where the images of a point come from.

    `at` is a folder, an address (rtsp), a number or device file (usb), or the path of a
    producer file with an optional serial number after # (genicam); unused for http.
    `reference` is the rule of references in a folder. `timeout_s` is how long a trigger
    waits for its image.
    """

    kind: SourceKind = "http"
    at: str = ""
    recursive: bool = False
    reference: str | None = None
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if self.kind not in SOURCE_KINDS:
            raise InvalidInputError(
                f"unknown source {self.kind!r}", hint=f"Sources: {', '.join(SOURCE_KINDS)}."
            )
        if not self.at and self.kind != "http":
            raise InvalidInputError(
                f"the source {self.kind} does not say where it is", hint="Set at."
            )
        if not self.timeout_s > 0:
            raise InvalidInputError(f"timeout_s must be above 0, found {self.timeout_s}")


@dataclass(frozen=True, slots=True)
class PointSpec:
    """One inspection point.

    `trigger` says what starts an inspection: every image of the source, or the control.
    With `acknowledge` a verdict stands until the control has acknowledged it; without, the
    next image takes its place.
    """

    name: str
    source: Source = field(default_factory=Source)
    recipes: tuple[Recipe, ...] = (Recipe(),)
    trigger: Literal["image", "control"] = "image"
    acknowledge: bool = False

    def __post_init__(self) -> None:
        check_name(self.name, "an inspection point")
        indices = [r.index for r in self.recipes]
        if not indices or len(set(indices)) != len(indices):
            raise InvalidInputError(
                f"the point {self.name!r} has no recipe, or two with one index: {indices}"
            )
        if self.trigger not in ("image", "control"):
            raise InvalidInputError(
                f"the point {self.name!r} is triggered by {self.trigger!r}",
                hint="trigger is image or control.",
            )
        for recipe in self.recipes:
            check_name(recipe.release, "a release")

    @property
    def first(self) -> Recipe:
        """The recipe to start with: the one with the lowest index."""
        return min(self.recipes, key=lambda r: r.index)


@dataclass(frozen=True, slots=True)
class ListenSpec:
    """Where the device listens; an address other than loopback needs a token."""

    host: str = "127.0.0.1"
    port: int = 8090
    token: str | None = None

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token:
            raise InvalidInputError(
                f"listening on {self.host} would let anybody in the network stop the line",
                hint="Set token_file to a file with a token of 16 characters or more,"
                " or listen on 127.0.0.1.",
            )
        if self.token is not None and len(self.token) < 16:
            raise InvalidInputError("the token has fewer than 16 characters")


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """The Pitmark server that records are sent to.

    `device` is the device's id there, "" for its name. With `update` ask the device brings
    the release that the server offers, under the name `release` of its recipes ("" where
    they use only one); it asks every `ask_s` seconds, more or less.
    """

    url: str
    key: str
    device: str = ""
    update: Literal["no", "ask"] = "no"
    release: str = ""
    ask_s: float = 60.0

    def __post_init__(self) -> None:
        if self.update not in ("no", "ask"):
            raise InvalidInputError(
                f"update cannot be {self.update!r}", hint="update is no or ask."
            )
        if not self.ask_s >= 1:
            raise InvalidInputError(f"ask_s must be 1 or more, found {self.ask_s}")


@dataclass(frozen=True, slots=True)
class ModbusSpec:
    """Where Modbus TCP listens; the protocol knows no token, so keep it in the cell."""

    host: str = "127.0.0.1"
    port: int = 502


@dataclass(frozen=True, slots=True)
class MqttSpec:
    """The broker, and what topics begin with."""

    host: str
    port: int = 1883
    topic: str = "pitmark"
    user: str = ""
    password: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class OpcUaSpec:
    """Where OPC UA listens."""

    host: str = "127.0.0.1"
    port: int = 4840


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """What is kept of the parts.

    `margin` is how near a score may come to its threshold before the verdict counts as
    doubtful, `sample_share` the share of the others whose image is kept all the same.
    `log_bytes` is the size at which the result log is put aside, `log_files` how many are
    kept.
    """

    margin: float = 0.1
    sample_share: float = 0.01
    log_bytes: int = 50_000_000
    log_files: int = 10
    run_length_images: int = DEFAULT_RUN_LENGTH_IMAGES

    def __post_init__(self) -> None:
        if not (0 <= self.margin <= 1 and 0 <= self.sample_share <= 1):
            raise InvalidInputError("margin and sample_share lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """A whole device; see docs/edge.md for the file it is read from."""

    folder: Path
    points: tuple[PointSpec, ...]
    name: str = "device"
    keys: Path | None = None
    latency_ms: float = DEFAULT_LATENCY_MS
    trial: TrialLimits = field(default_factory=TrialLimits)
    record: RecordSpec = field(default_factory=RecordSpec)
    outbox: OutboxLimits = field(default_factory=OutboxLimits)
    listen: ListenSpec = field(default_factory=ListenSpec)
    server: ServerSpec | None = None
    modbus: ModbusSpec | None = None
    mqtt: MqttSpec | None = None
    opcua: OpcUaSpec | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "a device")
        names = [p.name for p in self.points]
        if not names or len(set(names)) != len(names):
            raise InvalidInputError(
                f"a device needs inspection points with different names, found {names}"
            )
        if self.server is not None:
            self._check_update(self.server)

    @property
    def server_release(self) -> str | None:
        """Which release the server knows of; None where that is not said."""
        if self.server is not None and self.server.release:
            return self.server.release
        return self.releases[0] if len(self.releases) == 1 else None

    def _check_update(self, server: ServerSpec) -> None:
        if server.release and server.release not in self.releases:
            raise InvalidInputError(
                f"no recipe uses the release {server.release!r} that the server is to know of",
                hint=f"Its releases: {', '.join(self.releases)}.",
            )
        if server.update == "no":
            return
        if self.server_release is None:
            raise InvalidInputError(
                f"the recipes use several releases: {', '.join(self.releases)}",
                hint="Say with release in [server] which one the server keeps up to date.",
            )
        if self.keys is None:
            raise InvalidInputError(
                "a device that brings releases by itself must know who may sign them",
                hint='pitmark keys export keys.txt, and keys = "keys.txt" in [device].',
            )

    @property
    def releases(self) -> tuple[str, ...]:
        """The names of the releases that its recipes use."""
        return tuple(sorted({r.release for p in self.points for r in p.recipes}))


def check_name(name: str, what: str) -> None:
    """Make sure that a name can be a folder, a topic and a part of an address.

    Args:
        name: The name.
        what: What it names, for the message.

    Raises:
        InvalidInputError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} cannot name {what}",
            hint="Use letters, digits, - and _; at most 64.",
        )
