"""Escapes and overkill of one model after the other: what the work on the data brought."""

from __future__ import annotations

import json
from typing import Any

from pitmark.metrics.intervals import Proportion
from pitmark.ops.models.report_words import proportion
from pitmark.ops.models.training import REPORT
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

_MOST = 50


def model_course(project: ProjectStore) -> list[dict[str, Any]]:
    """Escapes and overkill of every finished training, the oldest first.

    Each was judged on the test images of its own snapshot.

    Args:
        project: The project.

    Returns:
        Plain JSON types: run, snapshot, at, images labeled, escapes and overkill, each with
        count, total, value, low, high and a sentence, or None where nothing could be judged.
    """
    done = [
        r
        for r in project.runs.list(kind="train")
        if r.state == "done" and REPORT in r.artifacts
    ]
    snapshots = {s.id: s for s in project.snapshots.list()}
    return [
        {
            "run": run.id,
            "snapshot": run.snapshot_id,
            "labeled": snapshots[run.snapshot_id].labeled,
            "at": (run.finished or run.created).isoformat(),
            **_outcome(project, run),
        }
        for run in reversed(done[:_MOST])
    ]


def _outcome(project: ProjectStore, run: RunRow) -> dict[str, Any]:
    content = json.loads(project.blobs.read(run.artifacts[REPORT]))
    outcome = content.get("outcome")
    if not outcome:
        return {"escapes": None, "overkill": None}
    return {
        "escapes": _share(proportion(outcome["escapes"]), "defective images missed"),
        "overkill": _share(proportion(outcome["overkill"]), "good images rejected"),
    }


def _share(found: Proportion, what: str) -> dict[str, Any]:
    return {**found.to_json(), "sentence": found.sentence(what)}
