"""For devices: registration, what they send, and the release that they should run."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from pitmark.core.errors import InvalidInputError
from pitmark.ops.device_events import (
    PartRecord,
    ReleaseRecord,
    take_part,
    take_release_note,
    take_state,
)
from pitmark.ops.devices import register_device
from pitmark.ops.rollouts import desired
from pitmark.server.attempts import Attempt
from pitmark.server.device_access import DeviceAccess, device_access
from pitmark.server.downloads import download
from pitmark.store.device_reports import DeviceState
from pitmark.store.devices import organisation_of
from pitmark.wire.devices import (
    Desired,
    DeviceKey,
    DeviceRecord,
    DeviceReport,
    PartVerdict,
    Register,
    ReleaseOutcome,
    Taken,
)

router = APIRouter(prefix="/api/devices", tags=["devices"])
ByKey = Annotated[DeviceAccess, Depends(device_access)]
Version = Annotated[int, InPath(ge=1, le=2**31 - 1)]
_MOST_REPORT_BYTES = 64_000
# Beside the verdict these are what a record tells of a part.
_FACTS = (
    "point",
    "number",
    "custom",
    "error_code",
    "classification",
    "recipe",
    "findings",
    "latency_ms",
    "total_ms",
    "tags",
    "drift",
    "other_verdict",
    "priority",
    "sequence",
)


@router.post("/registration", status_code=201)
def register(request: Request, given: Register) -> DeviceKey:
    """Exchange a one-time code for the key of a device; the code is used up by it."""
    stores = request.app.state.stores
    with Attempt(request, "device"):
        owner = organisation_of(stores.local().database, code=given.code)
        done = register_device([] if owner is None else [stores.of(owner)], given.code)
    return DeviceKey(project=done.device.project, device=done.device.name, key=done.key)


@router.post("/{device}/events", status_code=201)
def events(access: ByKey, request: Request, response: Response, given: DeviceRecord) -> Taken:
    """Take one record: 201 where it is new, 200 where it was known already."""
    told = request.headers.get("idempotency-key", given.key)
    if told != given.key:
        raise InvalidInputError("the header Idempotency-Key and the key of the record differ")
    if given.release_note is not None:
        note = _release_record(given.release_note)
        new = take_release_note(access.store, access.device, note)
    elif given.verdict is not None:
        new = take_part(access.store, access.device, _part_record(given, given.verdict))
    else:
        raise InvalidInputError("the record tells neither of a part nor of a release")
    if not new:
        response.status_code = 200
    return Taken(key=given.key, new=new)


@router.put("/{device}/state", status_code=204)
def state(access: ByKey, given: DeviceReport) -> None:
    """Keep what a device says of itself, in the place of what it said before."""
    if len(json.dumps(given.facts)) > _MOST_REPORT_BYTES:
        raise InvalidInputError(f"facts may have {_MOST_REPORT_BYTES} bytes at most")
    told = DeviceState(given.release, given.on_trial, given.drift, given.facts)
    take_state(access.store, access.device, told)


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


def _part_record(given: DeviceRecord, verdict: PartVerdict) -> PartRecord:
    if given.at is None:
        raise InvalidInputError("the record does not say when the part was inspected")
    facts = given.model_dump(mode="json", include=set(_FACTS))
    return PartRecord(
        key=given.key,
        at=given.at,
        name=given.name,
        # A control saw an error, whatever the model said.
        verdict="error" if given.error_code else verdict.outcome,
        score=verdict.score,
        label=verdict.label,
        reason=verdict.reason,
        project=None if given.release is None else given.release.project,
        version=None if given.release is None else given.release.version,
        facts=facts,
        image=_decoded(given),
        image_sha256=given.image_sha256,
    )


def _release_record(given: ReleaseOutcome) -> ReleaseRecord:
    return ReleaseRecord(**given.model_dump())


def _decoded(given: DeviceRecord) -> bytes | None:
    if given.image_base64 is None:
        return None
    if given.image_sha256 is None:
        raise InvalidInputError("an image comes without its image_sha256")
    try:
        return base64.b64decode(given.image_base64, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidInputError(f"image_base64 is not base64: {exc}") from exc
