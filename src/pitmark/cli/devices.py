"""Commands of the fleet: which devices may send, and how they fare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pitmark.cli.output import Output, table

if TYPE_CHECKING:
    from pitmark.ops.line.fleet import DeviceOfFleet

_STATES = ("active", "silent", "waiting", "revoked")
BY = click.option("--by", default="cli", show_default=True, help="Who decides.")


@click.group()
def devices() -> None:
    """The devices of a project: make known, list, revoke."""


@devices.command()
@click.argument("name")
@BY
@click.pass_obj
def add(out: Output, name: str, by: str) -> None:
    """Make a device known; prints the one-time code with which it registers."""
    from pitmark.ops.line.devices import add_device

    _, code = add_device(out.project().store, name, by=by)
    out.result({"name": name, "code": code}, _next(name, code))


@devices.command()
@click.argument("name")
@BY
@click.pass_obj
def renew(out: Output, name: str, by: str) -> None:
    """Give a device another code; its key works until the code is used."""
    from pitmark.ops.line.devices import renew_device

    code = renew_device(out.project().store, name, by=by)
    out.result({"name": name, "code": code}, _next(name, code))


@devices.command()
@click.argument("name")
@BY
@click.pass_obj
def revoke(out: Output, name: str, by: str) -> None:
    """Let a device in no more; what it told stays."""
    from pitmark.ops.line.devices import revoke_device

    revoke_device(out.project().store, name, by=by)
    out.result({"name": name, "state": "revoked"}, [f"{name} is let in no more."])


@devices.command("list")
@click.option("--name", default="", help="Only names with this in them.")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--release", type=click.IntRange(0), help="Only those that run this version.")
@click.option("--behind", is_flag=True, help="Only those that do not run what is offered.")
@click.option("--drift", is_flag=True, help="Only those with an alarm of drift.")
@click.option("--after", default="", help="Only names behind this one, for the next page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--hours", type=click.IntRange(1), default=24, show_default=True)
@click.pass_obj
def list_(out: Output, /, after: str, limit: int, hours: int, **asked: Any) -> None:
    """Devices by name: what they run, when they were heard of, their share of NG."""
    from pitmark.ops.line.fleet import fleet_page, fleet_summary
    from pitmark.store.fleet import FleetFilter

    store = out.project().store
    wanted = FleetFilter(**asked)
    found = fleet_page(store, wanted, after=after, limit=limit, hours=hours)
    counts = fleet_summary(store)
    told = ", ".join(f"{n} {state}" for state, n in counts.states.items() if n)
    columns = ("name", "state", "runs", "offered", "last seen", "NG", "drift", "last word")
    lines = table([_row(d) for d in found.items], columns)
    lines.append(f"{told or 'no devices'}; {counts.behind} behind, {counts.drift} with drift")
    if found.after is not None:
        lines.append(f"More: pitmark devices list --after {found.after}")
    items = [d.to_json() for d in found.items]
    out.result({"items": items, "after": found.after}, lines)


@devices.command()
@click.argument("name")
@click.option("--hours", type=click.IntRange(1), default=24, show_default=True)
@click.pass_obj
def show(out: Output, name: str, hours: int) -> None:
    """One device: what it says of itself, and what became of releases on it."""
    from pitmark.ops.line.fleet import device_details, note_json

    found = device_details(out.project().store, name, hours=hours)
    row, report = _row(found.shown), found.shown.device.state or {}
    lines = [f"{key}: {value}" for key, value in row.items() if value is not None]
    lines.append(f"parts of {hours} h: {found.shown.ng.sentence('parts NG')}")
    lines += _reported(report)
    notes = [note_json(n) for n in found.notes]
    if notes:
        lines += ["", *table(notes, ("at", "version", "outcome", "reason"))]
    out.result({**found.shown.to_json(), "notes": notes}, lines)


def _reported(report: dict[str, Any]) -> list[str]:
    """What a device said of itself, in words."""
    lines = [f"drift at {n}: {d['sentence']}" for n, d in report.get("drift", {}).items()]
    outbox, disk = report.get("outbox") or {}, report.get("disk") or {}
    if "waiting" in outbox:
        waiting, size = sum(outbox["waiting"].values()), outbox["size_bytes"] / 1e6
        lines.append(f"outbox: {waiting} records wait, {size:.1f} MB")
    if disk:
        free, total = disk["free_bytes"] / 1e9, disk["total_bytes"] / 1e9
        lines.append(f"disk: {free:.1f} of {total:.1f} GB free")
    if report.get("update"):
        lines.append(f"update: {report['update']}")
    return lines + [f"{where}: {what}" for where, what in report.get("troubles", {}).items()]


def _row(found: DeviceOfFleet) -> dict[str, Any]:
    row, note = found.device, found.note
    seen = None if row.last_seen is None else row.last_seen.isoformat(" ", "minutes")[:16]
    runs = "-" if row.release is None else str(row.release)
    return {
        "name": row.name,
        "state": found.state,
        "runs": f"{runs} on trial" if row.on_trial else runs,
        "offered": row.desired,
        "last seen": seen,
        "NG": _ng(found),
        "drift": "ALARM" if row.drift else None,
        "last word": None if note is None else f"{note.version} {note.outcome}",
    }


def _ng(found: DeviceOfFleet) -> str | None:
    ng = found.ng
    if ng.value is None:
        return None
    return f"{ng.value:.1%} ({ng.low:.1%} to {ng.high:.1%})"


def _next(name: str, code: str) -> list[str]:
    return [
        f"Code of {name}, once, within an hour: {code}",
        f"On the device: pitmark edge register https://SERVER {code} --key-file device-key",
    ]


COMMANDS = (devices,)
