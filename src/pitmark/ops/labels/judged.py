"""What models that never saw a label said about its image, as kept by the last audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction, predictions_from_bytes
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class Judged:
    """Out-of-fold predictions by sha256, and the classes of the models."""

    run_id: str
    spec: InspectorSpec
    predictions: Mapping[str, Prediction]


def latest_judged(project: ProjectStore) -> Judged | None:
    """The newest out-of-fold predictions of a project.

    Args:
        project: The project.

    Returns:
        None before the first audit.
    """
    for row in project.runs.list(kind="folds"):
        blob = project.runs.predictions(row.id, "oof")
        if blob is not None and row.inspector:
            found = predictions_from_bytes(project.blobs.read(blob))
            return Judged(row.id, InspectorSpec.from_json(row.inspector), found)
    return None
