"""What the newest model says of the images that it was not trained on, for the gallery."""

from __future__ import annotations

from pitmark.core.errors import NotFoundError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import headlines_of
from pitmark.ops.images.gallery_columns import ModelSays
from pitmark.store.db import ProjectStore


def newest_model_says(project: ProjectStore) -> ModelSays | None:
    """The verdicts of the newest finished run on its validation and test images.

    Args:
        project: The project.

    Returns:
        None where no run is finished, or it kept no predictions.
    """
    try:
        run = project.runs.get("latest")
    except NotFoundError:
        return None
    blob = project.runs.predictions(run.id, "held-out")
    if blob is None or not run.inspector:
        return None
    spec = InspectorSpec.from_json(run.inspector)
    with project.blobs.path(blob).open("rb") as file:
        found = headlines_of(file)
    limit = spec.threshold
    # The verdict is least sure at the threshold, and surest at the farther end of [0, 1].
    reach = max(limit, 1 - limit, 1e-9)
    names = [None if c < 0 else spec.classes[int(c)] for c in found.best_class.tolist()]
    return ModelSays(
        sha256=found.keys,
        defect=tuple((found.scores >= limit).tolist()),
        uncertainty=tuple((1 - abs(found.scores - limit) / reach).tolist()),
        label=tuple(names),
    )
