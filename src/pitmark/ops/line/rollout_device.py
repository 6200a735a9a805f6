"""A rollout as one device sees it: what it should run, and its place among the waves."""

from __future__ import annotations

from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.store.db import ProjectStore
from pitmark.store.devices import DeviceRow
from pitmark.store.releases import ReleaseRow


def desired(project: ProjectStore, device: DeviceRow) -> ReleaseRow | None:
    """The release that a device should run.

    Args:
        project: That of the device.
        device: The device.

    Returns:
        The release; None where nothing is offered, or a rollout is halted before the
        device has taken it.
    """
    if device.desired is None:
        return None
    newest = project.rollouts.find()
    if (
        newest is not None
        and newest.version == device.desired != device.release
        and newest.state == "halted"
    ):
        return None
    return project.releases.get(device.desired)


def join(project: ProjectStore, device: DeviceRow) -> None:
    """Give a device that has just registered its place: in the last wave.

    Args:
        project: That of the device.
        device: The device; one that has a place already keeps it.
    """
    if device.wave is not None or device.desired is not None:
        return
    rows = project.rollouts.list()
    whole = [r for r in rows if r.state == "done" and RolloutPlan.from_json(r.plan).complete]
    offered = whole[0].version if whole else None
    wave = None
    if rows and rows[0].open and RolloutPlan.from_json(rows[0].plan).complete:
        wave = rows[0].plan["placed"] - 1
        if rows[0].wave >= wave:
            offered = rows[0].version
    project.rollouts.place_one(device.id, wave=wave, desired=offered)
