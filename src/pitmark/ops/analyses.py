"""What analyses found when they last ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.ops.datasheet import KIND as DATASHEET
from pitmark.ops.datasheet import draft_datasheet
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

    A datasheet needs no job: where none was made it is drafted from what is known.

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
    for job in project.jobs.list(kind=kind, state="done", limit=1):
        if job.artifact is not None:
            document = json.loads(project.blobs.read(job.artifact))
            said = tuple((job.result or {}).get("sentences", ()))
            return LastAnalysis(kind, job.finished, job.id, document, said)
    return _draft(project) if kind == DATASHEET else LastAnalysis(kind)


def _draft(project: ProjectStore) -> LastAnalysis:
    from pitmark.ops.analysis_words import datasheet_sentences

    if not project.snapshots.list():
        return LastAnalysis(DATASHEET)
    sheet = draft_datasheet(project)
    made = datetime.fromisoformat(sheet.created)
    said = tuple(datasheet_sentences(sheet))
    return LastAnalysis(DATASHEET, made, None, sheet.to_json(), said)
