"""What analyses found when they last ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.ops.data.datasheet import KIND as DATASHEET
from pitmark.ops.data.datasheet import latest_datasheet
from pitmark.store.db import ProjectStore

ANALYSES = ("feasibility", "needs", "slices", "duplicates", "groups", "shortcuts", DATASHEET)


@dataclass(frozen=True, slots=True)
class LastAnalysis:
    """What an analysis found when it last ran; no document where it never did."""

    kind: str
    made: datetime | None = None
    job: str | None = None
    document: Mapping[str, Any] | None = None
    sentences: tuple[str, ...] = ()


def last_analysis(project: ProjectStore, kind: str) -> LastAnalysis:
    """What the newest finished job of an analysis found.

    A datasheet needs no job: it is the one made last in whatever way, or drafted from what
    is known.

    Args:
        project: The project.
        kind: One of `ANALYSES`.

    Returns:
        The analysis.

    Raises:
        NotFoundError: There is no such analysis.
    """
    if kind not in ANALYSES:
        raise NotFoundError(
            f"there is no analysis {kind[:40]!r}", hint=f"Analyses: {', '.join(ANALYSES)}."
        )
    if kind == DATASHEET:
        return _datasheet(project)
    for job in project.jobs.list(kind=kind, state="done", limit=1):
        if job.artifact is not None:
            document = json.loads(project.blobs.read(job.artifact))
            said = tuple((job.result or {}).get("sentences", ()))
            return LastAnalysis(kind, job.finished, job.id, document, said)
    return LastAnalysis(kind)


def _datasheet(project: ProjectStore) -> LastAnalysis:
    from pitmark.ops.data.analysis_words import datasheet_sentences

    try:
        sheet = latest_datasheet(project)
    except NotFoundError:
        return LastAnalysis(DATASHEET)
    made = datetime.fromisoformat(sheet.created)
    # One made on the command line has no job.
    jobs = project.jobs.list(kind=DATASHEET, state="done", limit=1)
    by = next((j.id for j in jobs if j.finished is not None and j.finished >= made), None)
    return LastAnalysis(DATASHEET, made, by, sheet.to_json(), tuple(datasheet_sentences(sheet)))
