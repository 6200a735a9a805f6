"""What a device says of itself to its server; it names no parts but those to label first."""

from __future__ import annotations

import shutil
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pitmark.edge.station import Station

_MOST_TROUBLES = 20
_MOST_WORDS = 300
_MOST_WATCHES = 16
_MOST_CARRIERS, _MOST_LETTERS = 50, 200


def device_report(station: Station) -> dict[str, Any]:
    """The state of a device for the list of a fleet.

    Args:
        station: The device.

    Returns:
        `release`, `on_trial`, `drift`, `facts` and `watches` as plain JSON types; the first
        two are of the release that the server knows of, None and False where it knows of none.
    """
    told = station.status()
    releases = {
        name: {key: _short(found[key]) for key in ("version", "on_trial", "last_failure")}
        for name, found in told["releases"].items()
    }
    known = releases.get(station.spec.server_release or "", {})
    drift = {
        name: {"alarm": state["alarm"], "sentence": _short(state["sentence"])}
        for name, state in told["drift"].items()
    }
    troubles = list(told["troubles"].items())[:_MOST_TROUBLES]
    return {
        "release": known.get("version"),
        "on_trial": bool(known.get("on_trial", False)),
        "drift": any(state["alarm"] for state in drift.values()),
        "facts": {
            "pitmark": _installed(),
            "healthy": told["healthy"],
            "releases": releases,
            "drift": drift,
            "outbox": told["outbox"],
            "update": told["server"]["update"] if told["server"] else "",
            "unrecorded": told["unrecorded"],
            "disagreements": told["disagreements"],
            "troubles": {name: _short(what) for name, what in troubles},
            "disk": _disk(station),
        },
        "watches": [_watch(w) for w in station.drift.courses()[:_MOST_WATCHES]],
    }


def _watch(told: dict[str, Any]) -> dict[str, Any]:
    """A watch with its words cut to what the server takes."""
    carriers = [[str(w)[:_MOST_LETTERS] for w in pair] for pair in told["carriers"]]
    return {
        **told,
        "sentence": _short(told["sentence"]),
        "carriers": carriers[:_MOST_CARRIERS],
        "newest": [{**part, "name": part["name"][:_MOST_LETTERS]} for part in told["newest"]],
    }


def _disk(station: Station) -> dict[str, int] | None:
    try:
        found = shutil.disk_usage(station.spec.folder)
    except OSError:
        return None
    return {"free_bytes": found.free, "total_bytes": found.total}


@cache
def _installed() -> str:
    """The version of Pitmark here; "" where it runs from its source."""
    try:
        return metadata.version("pitmark")
    except metadata.PackageNotFoundError:
        return ""


def _short(value: Any) -> Any:
    return value[:_MOST_WORDS] if isinstance(value, str) else value
