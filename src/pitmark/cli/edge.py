"""Commands of a device on the line: pitmark edge serve, activate, status, register."""

from __future__ import annotations

import json
import signal
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pitmark.cli.output import Output, table
from pitmark.core.errors import InvalidInputError, NotFoundError, PitmarkError

if TYPE_CHECKING:
    from pitmark.edge.device_spec import DeviceSpec

FILE = click.Path(path_type=Path)
_NAMED = 8
_SOURCES = ("folder", "http", "rtsp", "usb", "genicam")


@click.group()
def edge() -> None:
    """A device on the line: inspection points, handshake, releases, outbox."""


def _shared(command: Any) -> Any:
    """The options that say which device is meant."""
    for option in reversed(
        (
            click.option("--points", type=FILE, help="File that describes the device."),
            click.option("--folder", type=FILE, help="Folder of the device, without a file."),
            click.option("--keys", type=FILE, help="Trusted keys; one must have signed."),
        )
    ):
        command = option(command)
    return command


@edge.command()
@click.argument("bundle", type=FILE, required=False)
@_shared
@click.option("--source", type=click.Choice(_SOURCES), default="http", show_default=True)
@click.option("--at", default="", help="Folder, address, or number of the camera.")
@click.option("--reference", help='Reference of each image in a folder, as in "{name}_temp".')
@click.option("--tags", help='Tags from file names, as in "{camera}_{lot}_{n}".')
@click.option("--port", type=click.IntRange(0, 65535), help="Port of HTTP.  [default: 8090]")
@click.pass_obj
def serve(
    out: Output,
    bundle: Path | None,
    points: Path | None,
    folder: Path | None,
    keys: Path | None,
    source: str,
    at: str,
    reference: str | None,
    tags: str | None,
    port: int | None,
) -> None:
    """Run the device until Ctrl-C; with --points, or one point from the options."""
    from pitmark.edge.memory import share_one_heap
    from pitmark.edge.service import serve as run_device
    from pitmark.ops.models.inspecting import name_tags

    share_one_heap()
    given = {"source": source, "at": at, "reference": reference}
    spec = _device(points, folder, keys, given=given, port=port)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def started(station: Any, http_port: int) -> None:
        held = {n: live.held for n, live in station.releases.items()}
        told = ", ".join(
            f"{n} {h.version if h else 'without release'}" for n, h in held.items()
        )
        line = {"device": spec.name, "port": http_port, "points": list(station.points)}
        if out.as_json:
            click.echo(json.dumps({"started": line}))
            return
        click.echo(f"{spec.name}: {', '.join(station.points)} ({told})")
        click.echo(f"http://{spec.listen.host}:{http_port}/  Ctrl-C ends it.")

    done = run_device(
        spec,
        stop=stop,
        bundle=bundle,
        tags=name_tags(tags) if tags else (lambda _: {}),
        started=started,
    )
    counts = ", ".join(
        f"{name} {p['outputs']['number']} parts" for name, p in done["points"].items()
    )
    out.result(done, [f"Stopped: {counts}."])


@edge.command()
@click.argument("bundle", type=FILE)
@_shared
@click.option("--release", "name", default="main", show_default=True, help="Its name here.")
@click.option("--to", help="Address of a running device, as in http://127.0.0.1:8090.")
@click.option("--token-file", type=FILE, help="Token of a running device.")
@click.pass_obj
def activate(
    out: Output,
    bundle: Path,
    points: Path | None,
    folder: Path | None,
    keys: Path | None,
    name: str,
    to: str | None,
    token_file: Path | None,
) -> None:
    """Bring a release into use, if it passes the gate on this device."""
    if to is not None:
        if not bundle.is_file():
            raise NotFoundError(f"there is no bundle {bundle}")
        done = _asked(to, f"/releases/{name}", token_file, bundle.read_bytes())
        found = {"version": done["version"], "how": done["how"]}
    else:
        from pitmark.edge.service import activate_offline

        held = activate_offline(_device(points, folder, keys, release=name), name, bundle)
        found = {"version": held.held.version, "how": held.how}
    lines = [f"Release {found['version']} is in use: {found['how']}."]
    out.result({"release": name, **found}, lines)


@edge.command()
@_shared
@click.option("--to", help="Address of a running device, as in http://127.0.0.1:8090.")
@click.option("--token-file", type=FILE, help="Token of a running device.")
@click.pass_obj
def status(
    out: Output,
    points: Path | None,
    folder: Path | None,
    keys: Path | None,
    to: str | None,
    token_file: Path | None,
) -> None:
    """What a device does (--to), or what lies in its folder while it does not run."""
    if to is not None:
        found = _asked(to, "/status", token_file, None)
    else:
        from pitmark.edge.service import status_offline

        found = status_offline(_device(points, folder, keys))
    rows = [{"release": n, **r} for n, r in found["releases"].items()]
    lines = [f"Device {found['device']}", *table(rows, ("release", "version", "on_trial"))]
    for name, point in found.get("points", {}).items():
        said = [k for k in ("trigger_ready", "ok", "ng", "error") if point["outputs"][k]]
        told = ", ".join(s.replace("_", " ") for s in said) or "busy"
        lines.append(f"{name}: {told}, {point['outputs']['number']} parts")
    lines += _drifted(found.get("drift", {}))
    if found["outbox"]:
        waiting = sum(found["outbox"].get("waiting", {}).values())
        lines.append(f"Outbox: {waiting} records wait for the server")
    lines += [f"{where}: {what}" for where, what in found.get("troubles", {}).items()]
    out.result(found, lines)


@edge.command()
@click.argument("server")
@click.argument("code")
@click.option("--key-file", type=FILE, required=True, help="Where the key is kept.")
@click.pass_obj
def register(out: Output, server: str, code: str, key_file: Path) -> None:
    """Make this device known to a server, with the one-time code of `pitmark devices add`."""
    from pitmark.edge.registration import register as exchange

    done = exchange(server, code, key_file)
    found = {"project": done.project, "device": done.device, "key_file": str(done.key_file)}
    lines = [
        f"This is {done.device} of the project {done.project} now; its key is in {key_file}.",
        "Into the points file:",
        "",
        *done.lines(),
    ]
    out.result({**found, "points_file": done.lines()}, lines)


def _drifted(states: dict[str, Any]) -> list[str]:
    """Where there is a drift: what, since when, and which parts to label first."""
    lines = []
    for key, state in states.items():
        if state["alarm"]:
            point = key.partition(".")[0]
            since = f"it began between images {state['since_low']} and {state['since_high']}"
            lines.append(f"{point}: DRIFT: {state['sentence']} ({since})")
            names = [i["name"] for i in state["newest"][:_NAMED]]
            lines.append(f"{point}: to label first: {', '.join(names)}")
    return lines


def _device(
    points: Path | None,
    folder: Path | None,
    keys: Path | None,
    *,
    given: dict[str, str | None] | None = None,
    port: int | None = None,
    release: str = "main",
) -> DeviceSpec:
    """The device of a points file, or one with a single point from the options."""
    from dataclasses import replace

    from pitmark.edge.device_spec import DeviceSpec, PointSpec, Source
    from pitmark.edge.points_file import read_points_file
    from pitmark.edge.recipe import Recipe

    if points is not None:
        if folder is not None or (given is not None and given["at"]):
            raise InvalidInputError(
                "--points says everything about the device",
                hint="Leave out --folder, --source and --at.",
            )
        spec = read_points_file(points)
    else:
        from_options: dict[str, Any] = {}
        if given is not None:
            kind = given["source"]
            from_options["source"] = Source(
                kind=kind,  # type: ignore[arg-type]
                at=given["at"] or "",
                reference=given["reference"],
            )
        point = PointSpec("line", recipes=(Recipe(release=release),), **from_options)
        spec = DeviceSpec(folder=folder or Path("device"), points=(point,))
    if keys is not None:
        spec = replace(spec, keys=keys)
    if port is not None:
        spec = replace(spec, listen=replace(spec.listen, port=port))
    return spec


def _asked(to: str, path: str, token_file: Path | None, body: bytes | None) -> dict[str, Any]:
    """The answer of a running device."""
    if not to.startswith(("http://", "https://")):
        raise InvalidInputError(f"{to!r} is no address", hint="As in http://127.0.0.1:8090.")
    request = urllib.request.Request(to.rstrip("/") + path, data=body)
    request.add_header("Content-Type", "application/octet-stream")
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except OSError as exc:
            raise NotFoundError(f"there is no readable file {token_file}") from exc
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except urllib.error.HTTPError as exc:
        raise _refusal(exc.read(), to) from exc
    except (OSError, ValueError) as exc:
        raise NotFoundError(
            f"no device answers at {to}: {exc}", hint="Is it running? pitmark edge serve"
        ) from exc


def _refusal(body: bytes, to: str) -> PitmarkError:
    """The error that a device answered with, as an error of this command."""
    try:
        found = json.loads(body)
        return PitmarkError(str(found["message"]), hint=str(found["hint"]))
    except (ValueError, KeyError, TypeError):
        return PitmarkError(f"{to} gave an answer that is none of a device")


COMMANDS = (edge,)
