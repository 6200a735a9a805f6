"""Targeted synthesis as Python sees it: one call runs the closed loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.core.records import ImageRecord
from pitmark.ops import synthesis
from pitmark.ops.synthesis_trial import SynthesisOptions
from pitmark.ops.training import TrainOptions
from pitmark.store.db import ProjectStore
from pitmark.workspace.views import Images


@dataclass(frozen=True)
class Synthesis:
    """What one run of synthesis did, shown with its images in a notebook."""

    store: ProjectStore
    result: synthesis.SynthesisResult

    @property
    def kept(self) -> bool:
        """Whether the synthetic images are learned from now."""
        return self.result.kept

    @property
    def record(self) -> Mapping[str, Any]:
        """Everything that was measured, as plain JSON types."""
        return self.result.to_json()

    @property
    def images(self) -> Images:
        """The synthetic images that were judged on the test images."""
        rows: list[ImageRecord] = [
            self.store.images.get(made["sha256"]) for made in self.result.record["images"]
        ]
        return Images(self.store, rows)

    def __str__(self) -> str:
        return "\n".join(self.result.sentences())

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.result.sentences())


def synthesize(  # noqa: PLR0913 - all after the second have defaults
    store: ProjectStore,
    label: str | None = None,
    *,
    where: Mapping[str, str] | None = None,
    amounts: Sequence[int] = (),
    policies: Sequence[str] = (),
    kind: str | None = None,
    train: TrainOptions | None = None,
    seed: int = 0,
    report: Reporter = silent,
) -> Synthesis:
    """Make images of a weak class or slice, retrain, test on real images, keep or drop.

    Args:
        store: The project.
        label: The class; None takes the weakest on the validation images.
        where: Metadata of the slice, as in {"camera": "cam2"}.
        amounts: Numbers of images to choose from on validation; one more training each.
        policies: Plain augmentations to choose from instead of pasted defects.
        kind: Painted defect for a class with fewer than five of its own.
        train: How both models are trained.
        seed: Of all choices.
        report: Told of the progress.

    Returns:
        What was done, and whether it was kept.
    """
    options = SynthesisOptions(
        label=label,
        where=dict(where or {}),
        amounts=tuple(amounts),
        policies=tuple(policies),
        kind=kind,
        seed=seed,
        train=train or TrainOptions(),
    )
    return Synthesis(store, synthesis.synthesize(store, options=options, report=report))


def syntheses(store: ProjectStore) -> list[Synthesis]:
    """All finished runs of synthesis, the newest first.

    Args:
        store: The project.

    Returns:
        What each did.
    """
    return [Synthesis(store, found) for found in synthesis.list_syntheses(store)]
