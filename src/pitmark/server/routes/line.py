"""Releases, their bundles, and what devices tell from the line."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from pitmark.edge.bundle_file import bundle_signer
from pitmark.ops.line.fleet_messages import inspection_message
from pitmark.ops.line.limits import Actor, expect_allowed
from pitmark.ops.line.rollback import roll_back
from pitmark.ops.line.status import MOST_HOURS, DeviceOnLine, line_status
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.downloads import download
from pitmark.store.releases import ReleaseRow
from pitmark.wire.drift import DeviceDriftCourses
from pitmark.wire.line import Device, Hour, Line, Release

router = APIRouter(prefix=PROJECT, tags=["line"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Operator = Annotated[ProjectAccess, Depends(project_access("operator"))]
Version = Annotated[int, InPath(ge=1, le=2**31 - 1)]


@router.get("/releases")
def releases(access: Viewer) -> list[Release]:
    """All releases, the newest first."""
    return [_release(access, row) for row in access.store.releases.list()]


@router.get("/releases/{version}/bundle", response_class=FileResponse)
def bundle(access: Viewer, version: Version) -> FileResponse:
    """The bundle of a release, as a device takes it."""
    row = access.store.releases.get(version)
    name = f"{access.store.name}-v{row.version}.pitmark"
    return download(access.store.blobs.path(row.bundle_sha), name, "application/octet-stream")


@router.post("/releases/{version}/rollback", status_code=201)
def rollback(access: Operator, version: Version) -> Release:
    """Release the content of an earlier version once more, and bring it to the devices."""
    expect_allowed(access.store, "roll_back", Actor(access.who, access.role))
    with TemporaryDirectory(dir=access.store.work) as folder:
        done = roll_back(access.store, version, Path(folder), by=access.who)
    return _release(access, done.row)


@router.get("/line")
def line(
    access: Viewer,
    hours: Annotated[int, Query(ge=1, le=MOST_HOURS)] = 24,
    limit: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> Line:
    """What devices told within the last hours, and the newest inspections."""
    found = line_status(access.store, hours=hours, limit=limit)
    return Line(
        since=found.starts[0],
        counts=found.counts,
        devices=[_device(d) for d in found.devices],
        hours=[
            Hour(start=start, counts=counts)
            for start, counts in zip(found.starts, found.by_hour, strict=True)
        ],
        items=[inspection_message(row) for row in found.newest],
    )


@router.get("/drift")
def drift(
    access: Viewer,
    device: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[DeviceDriftCourses]:
    """How the watches for drift went on the devices, those with an alarm first."""
    found = access.store.device_drift.list(device=device, limit=limit)
    return [DeviceDriftCourses.model_validate(asdict(row)) for row in found]


def _release(access: ProjectAccess, row: ReleaseRow) -> Release:
    path = access.store.blobs.path(row.bundle_sha)
    return Release(
        version=row.version,
        run=row.run_id,
        size_bytes=path.stat().st_size if path.is_file() else 0,
        created=row.created,
        gate=row.gate,
        signed_by=bundle_signer(path),
    )


def _device(found: DeviceOnLine) -> Device:
    return Device(
        name=found.newest.device,
        last_seen=found.newest.at,
        release=found.newest.release,
        counts=found.counts,
        ng_rate=found.ng.value,
        ng_low=found.ng.low,
        ng_high=found.ng.high,
        sentence=found.ng.sentence("images NG"),
        ng_by_hour=list(found.ng_by_hour),
        drift=found.drift,
    )
