"""What is known about the agreement of some people on some images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pitmark.metrics.acceptance import Limit
from pitmark.metrics.attribute_study import AgreementFigures
from pitmark.metrics.mask_agreement import MaskAgreement
from pitmark.metrics.outline_bias import OutlineBias
from pitmark.metrics.record import Record


@dataclass(frozen=True)
class PartedImage(Record):
    """An image on which people part: how far, and what each of them said in short."""

    sha256: str
    image: str
    apart: float
    said: Mapping[str, str]


@dataclass(frozen=True)
class AgreementReport(Record):
    """Everything that is known about the agreement of some people on some images.

    `figures` are by kind of judgement: classes, verdicts (OK or NG), objects (boxes).
    `confused` counts, for each two classes, how often one person said the first and
    another the second. `parted` are the images on which they differ, worst first.
    `sentences` say what it comes to, and what cannot be said.
    """

    project: str
    task: str
    study: str | None
    source: str
    images: int
    labelers: tuple[str, ...]
    trials: int
    reference: str
    reference_by: tuple[str, ...]
    figures: tuple[AgreementFigures, ...]
    outlines: tuple[OutlineBias, ...]
    masks: MaskAgreement | None
    confused: tuple[tuple[str, str, int], ...]
    parted: tuple[PartedImage, ...]
    limits: tuple[Limit, ...]
    sentences: tuple[str, ...]
