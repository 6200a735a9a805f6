"""What an audit keeps beside its findings: groups for pages, faults for ceilings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pitmark.core.labels import shape_to_json
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding
from pitmark.store.runs import RunRow

KIND = "audit"
ARTIFACT = "audit"


def audit_json(
    doubts: Sequence[NewFinding],
    hashes: Mapping[str, str],
    groups: Sequence[Mapping[str, Any]],
    slices: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """All that an audit keeps, as plain JSON types.

    Args:
        doubts: Findings on single labels.
        hashes: sha256 of every audited image to the hash of the labels that were judged.
        groups: Labeled by two rules.
        slices: On which the models are weak.

    Returns:
        An object with faults, labels, groups and slices.
    """
    return {
        "labels": dict(hashes),
        "groups": [dict(g) for g in groups],
        "slices": [dict(s) for s in slices],
        "faults": [
            {
                "sha256": f.sha256,
                "kind": f.kind,
                "shape_index": f.shape_index,
                "score": f.score,
                "suggestion": None
                if f.suggestion is None
                else [shape_to_json(s) for s in f.suggestion],
            }
            for f in doubts
        ],
    }


def audits(project: ProjectStore) -> list[RunRow]:
    """The audits that are done, the newest first.

    Args:
        project: The project.

    Returns:
        Their runs.
    """
    return [r for r in project.runs.list(kind=KIND) if r.state == "done"]


def read_audit(project: ProjectStore, run: RunRow) -> dict[str, Any]:
    """What an audit kept.

    Args:
        project: The project.
        run: An audit that is done.

    Returns:
        As `audit_json` made it.
    """
    found: dict[str, Any] = json.loads(project.blobs.read(run.artifacts[ARTIFACT]))
    return found


def group_of(project: ProjectStore, run_id: str | None, sentence: str) -> dict[str, Any] | None:
    """The group that a finding tells of.

    Args:
        project: The project.
        run_id: Of the audit that found it.
        sentence: Of the group, as the finding says it.

    Returns:
        The group as plain JSON types, or None if its audit is gone.
    """
    for run in audits(project):
        if run.id == run_id:
            groups = read_audit(project, run)["groups"]
            return next((g for g in groups if g["sentence"] == sentence), None)
    return None
