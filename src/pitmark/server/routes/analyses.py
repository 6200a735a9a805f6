"""What analyses of the data found when they last ran; a job of the same kind runs one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from pitmark.ops.data.analyses import last_analysis
from pitmark.ops.pages.datasheet_files import datasheet_file
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.downloads import download_bytes
from pitmark.wire.runs import Analysis

router = APIRouter(prefix=PROJECT, tags=["analyses"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]


@router.get("/analyses/{kind}")
def analysis(access: Viewer, kind: str) -> Analysis:
    """What an analysis found when it last ran."""
    found = last_analysis(access.store, kind)
    return Analysis(
        kind=found.kind,
        made=found.made,
        job=found.job,
        document=None if found.document is None else dict(found.document),
        sentences=list(found.sentences),
    )


@router.get("/datasheet/{form}", response_class=Response)
def datasheet(access: Viewer, form: str) -> Response:
    """The newest datasheet as a file to hand on: html, markdown, json or croissant."""
    made = datasheet_file(access.store, form)
    return download_bytes(made.data, made.name, made.media_type)
