"""For devices: registration, what they send, and the release that they should run."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from pitmark.core.errors import InvalidInputError
from pitmark.ops.line.device_events import take_part, take_release_note, take_state
from pitmark.ops.line.devices import register_device
from pitmark.ops.line.rollout_device import desired
from pitmark.server.attempts import Attempt
from pitmark.server.device_access import DeviceAccess, device_access
from pitmark.server.device_records import (
    BATCH_HEADER,
    part_record,
    release_record,
    take_records,
)
from pitmark.server.downloads import download
from pitmark.store.device_reports import DeviceState
from pitmark.store.whose import organisation_of_code
from pitmark.wire.devices import (
    MOST_RECORDS,
    Desired,
    DeviceKey,
    DeviceRecord,
    DeviceRecords,
    DeviceReport,
    RecordAnswers,
    Register,
    Taken,
)

router = APIRouter(prefix="/api/devices", tags=["devices"])
ByKey = Annotated[DeviceAccess, Depends(device_access)]
Version = Annotated[int, InPath(ge=1, le=2**31 - 1)]
_MOST_REPORT_BYTES = 64_000


@router.post("/registration", status_code=201)
def register(request: Request, given: Register) -> DeviceKey:
    """Exchange a one-time code for the key of a device; the code is used up by it."""
    stores = request.app.state.stores
    with Attempt(request, "device"):
        owner = organisation_of_code(stores.local().database, given.code)
        done = register_device(None if owner is None else stores.of(owner), given.code)
    return DeviceKey(project=done.device.project, device=done.device.name, key=done.key)


@router.post("/{device}/events", status_code=201)
def events(access: ByKey, request: Request, response: Response, given: DeviceRecord) -> Taken:
    """Take one record: 201 where it is new, 200 where it was known already."""
    response.headers[BATCH_HEADER] = str(MOST_RECORDS)
    told = request.headers.get("idempotency-key", given.key)
    if told != given.key:
        raise InvalidInputError("the header Idempotency-Key and the key of the record differ")
    if given.release_note is not None:
        note = release_record(given.release_note)
        new = take_release_note(access.store, access.device, note)
    elif given.verdict is not None:
        new = take_part(access.store, access.device, part_record(given, given.verdict))
    else:
        raise InvalidInputError("the record tells neither of a part nor of a release")
    if not new:
        response.status_code = 200
    return Taken(key=given.key, new=new)


@router.post("/{device}/events/batch")
def batch(access: ByKey, given: DeviceRecords) -> RecordAnswers:
    """Take records that travel together; one that is refused does not concern the others."""
    return RecordAnswers(records=take_records(access, given.records))


@router.put("/{device}/state", status_code=204)
def state(access: ByKey, given: DeviceReport) -> None:
    """Keep what a device says of itself, in the place of what it said before."""
    if len(json.dumps(given.facts)) > _MOST_REPORT_BYTES:
        raise InvalidInputError(f"facts may have {_MOST_REPORT_BYTES} bytes at most")
    told = DeviceState(given.release, given.on_trial, given.drift, given.facts)
    watches = None if given.watches is None else [w.model_dump() for w in given.watches]
    take_state(access.store, access.device, told, watches)


@router.get("/{device}/desired", response_model=Desired)
def desired_release(access: ByKey, request: Request, response: Response) -> Desired | Response:
    """The release that the device should run; 304 where it is the one of If-None-Match."""
    row = desired(access.store, access.device)
    if row is None:
        return Desired(version=None, sha256=None, size_bytes=None)
    tag = f'"{row.bundle_sha}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    path = access.store.blobs.path(row.bundle_sha)
    size = path.stat().st_size if path.is_file() else None
    return Desired(version=row.version, sha256=row.bundle_sha, size_bytes=size)


@router.get("/{device}/releases/{version}/bundle", response_class=FileResponse)
def bundle(access: ByKey, version: Version) -> FileResponse:
    """The bundle of a release of the device's project; from where Range asks for."""
    row = access.store.releases.get(version)
    name = f"{access.store.info.name}-v{row.version}.pitmark"
    path = access.store.blobs.path(row.bundle_sha)
    found = download(path, name, "application/octet-stream")
    found.headers["ETag"] = f'"{row.bundle_sha}"'
    return found
