"""What analyses of the data found when they last ran; a job of the same kind runs one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from pitmark.ops.analyses import last_analysis
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.wire.runs import Analysis

router = APIRouter(prefix=PROJECT, tags=["analyses"])


@router.get("/analyses/{kind}")
def analysis(
    access: Annotated[ProjectAccess, Depends(project_access("viewer"))], kind: str
) -> Analysis:
    """What an analysis found when it last ran."""
    found = last_analysis(access.store, kind)
    return Analysis(
        kind=found.kind,
        made=found.made,
        job=found.job,
        document=None if found.document is None else dict(found.document),
        sentences=list(found.sentences),
    )
