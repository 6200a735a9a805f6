"""Uploads: files by the hash of their bytes, so that nothing is sent twice."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from pitmark.core.errors import InvalidInputError
from pitmark.ops.images.uploading import Upload, check_size, missing_uploads, refresh_upload
from pitmark.server.access import ORGANISATION, OrganisationAccess, organisation_access
from pitmark.wire.images import AskUploads, MissingUploads, Uploaded

router = APIRouter(prefix=ORGANISATION + "/uploads", tags=["uploads"])
Labeler = Annotated[OrganisationAccess, Depends(organisation_access("labeler", anywhere=True))]
_PIECE = 1 << 20


@router.post("/missing")
def ask_missing(access: Labeler, asked: AskUploads) -> MissingUploads:
    """Which of some files still have to be uploaded."""
    return MissingUploads(missing=missing_uploads(access.store, asked.sha256))


@router.put("/{sha256}")
async def put_upload(access: Labeler, sha256: str, request: Request) -> Uploaded:
    """Upload a file: its bytes are the body. Sending it again changes nothing."""
    announced = request.headers.get("content-length", "")
    check_size(int(announced) if announced.isdecimal() else 0)
    known = await run_in_threadpool(refresh_upload, access.store, sha256)
    if known is not None:
        return Uploaded(sha256=sha256, size_bytes=known)
    upload = await run_in_threadpool(Upload, access.store, sha256)
    with upload:
        await _receive(request, upload)
        size = await run_in_threadpool(upload.finish)
    return Uploaded(sha256=sha256, size_bytes=size)


async def _receive(request: Request, upload: Upload) -> None:
    held: list[bytes] = []
    try:
        async for piece in request.stream():
            held.append(piece)
            # Hashing and writing is for another thread, in pieces worth the way there.
            if sum(map(len, held)) >= _PIECE:
                await run_in_threadpool(upload.write, b"".join(held))
                held.clear()
    except ClientDisconnect as exc:
        raise InvalidInputError("the upload was cut off", hint="Upload it again.") from exc
    await run_in_threadpool(upload.write, b"".join(held))
