"""The file that describes a device, TOML or JSON, read strictly."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.edge.device_spec import (
    DeviceSpec,
    ListenSpec,
    ModbusSpec,
    MqttSpec,
    OpcUaSpec,
    PointSpec,
    RecordSpec,
    ServerSpec,
    Source,
)
from pitmark.edge.outbox_entry import OutboxLimits
from pitmark.edge.recipe import check_keys, recipe_from_json
from pitmark.edge.trial import TrialLimits

T = TypeVar("T")
_TABLES = {
    "device",
    "trial",
    "record",
    "outbox",
    "listen",
    "server",
    "modbus",
    "mqtt",
    "opcua",
    "points",
}


def read_points_file(path: Path) -> DeviceSpec:
    """A device from its file; paths in it are relative to the file.

    Args:
        path: TOML, or JSON with the suffix .json.

    Returns:
        The device.

    Raises:
        NotFoundError: There is no such file, or none of those it names.
        InvalidInputError: It cannot be read, or holds an unknown or wrong setting.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no points file {path}")
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, OSError, RecursionError) as exc:
        raise InvalidInputError(f"the points file {path} cannot be read: {exc}") from exc
    try:
        return _device(data, path.parent)
    except InvalidInputError as exc:
        raise InvalidInputError(f"{path.name}: {exc.message}", hint=exc.hint) from exc


def _device(data: Any, base: Path) -> DeviceSpec:
    check_keys(data, _TABLES, "the points file")
    device = data.get("device", {})
    check_keys(device, {"name", "folder", "keys", "latency_ms"}, "device")
    points = data.get("points", ())
    if not isinstance(points, list):
        raise InvalidInputError("points must be a list of tables: [[points]]")
    keys = device.get("keys")
    given: dict[str, Any] = {
        "folder": base / str(device.get("folder", "device")),
        "points": tuple(_point(p, base) for p in points),
        "keys": None if keys is None else base / str(keys),
        "trial": _filled(TrialLimits, data.get("trial", {}), "trial"),
        "record": _filled(RecordSpec, data.get("record", {}), "record"),
        "outbox": _filled(OutboxLimits, data.get("outbox", {}), "outbox"),
        "listen": _filled(
            ListenSpec, _with_secret(data.get("listen", {}), "token", base), "listen"
        ),
    }
    kinds: dict[str, Any] = {
        "server": (ServerSpec, "key"),
        "modbus": (ModbusSpec, None),
        "mqtt": (MqttSpec, "password"),
        "opcua": (OpcUaSpec, None),
    }
    for name, (kind, secret) in kinds.items():
        if name in data:
            table = _with_secret(data[name], secret, base) if secret else data[name]
            given[name] = _filled(kind, table, name)
    rest = {k: v for k, v in device.items() if k in ("name", "latency_ms")}
    return _filled(DeviceSpec, {**given, **rest}, "device")


def _point(data: Any, base: Path) -> PointSpec:
    check_keys(data, {"name", "source", "recipes", "trigger", "acknowledge"}, "a point")
    source = dict(data.get("source", {}))
    if source.get("kind") == "folder" and "at" in source:
        source["at"] = str(base / str(source["at"]))
    trigger = data.get("trigger", "image")
    given = {
        "name": str(data.get("name", "")),
        "source": _filled(Source, source, "source"),
        "recipes": tuple(recipe_from_json(r) for r in data.get("recipes", ({},))),
        "trigger": trigger,
        "acknowledge": data.get("acknowledge", trigger == "control"),
    }
    return _filled(PointSpec, given, "a point")


def _with_secret(table: Any, name: str, base: Path) -> Any:
    """The table with a secret from the file that it names: none stands in the file itself."""
    if not isinstance(table, Mapping) or f"{name}_file" not in table:
        if isinstance(table, Mapping) and name in table:
            raise InvalidInputError(
                f"{name} stands in the points file itself",
                hint=f"Put it into a file of its own and name that as {name}_file.",
            )
        return table
    path = base / str(table[f"{name}_file"])
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as exc:
        raise NotFoundError(f"there is no readable file {path} for {name}") from exc
    rest = {k: v for k, v in table.items() if k != f"{name}_file"}
    return {**rest, name: secret}


def _filled(kind: type[T], table: Any, what: str) -> T:
    """A value of some kind from a table, with the types of its defaults."""
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    check_keys(table, set(fields), what)
    for name, value in table.items():
        default = fields[name].default
        if isinstance(default, bool) != isinstance(value, bool) and isinstance(
            default, bool | int | float
        ):
            raise InvalidInputError(f"{what}: {name} cannot be {value!r}")
        if isinstance(default, int | float) and not isinstance(value, int | float):
            raise InvalidInputError(f"{what}: {name} must be a number, found {value!r}")
        if isinstance(default, str) and not isinstance(value, str):
            raise InvalidInputError(f"{what}: {name} must be text, found {value!r}")
    try:
        return kind(**table)
    except TypeError as exc:
        raise InvalidInputError(f"{what} lacks a setting: {exc}") from exc
