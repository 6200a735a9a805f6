"""The options of each kind of job: those of the command of the same name.

Nothing here names a file of the server: what a job reads was uploaded, what it writes is
kept by the server.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pitmark.wire.images import UploadedFile
from pitmark.wire.message import Message

Preset = Literal["fast", "balanced", "thorough"]
_SEED = Field(default=0, ge=0, le=2**31 - 1)
_COST = Field(default=1.0, ge=0, le=1e9)


class ImportJob(Message):
    """Bring uploaded files into the project; archives among them are unpacked.

    `metadata_csv` is the path of one of the files. See `ops.importing.ImportOptions`.
    """

    files: list[UploadedFile] = Field(min_length=1, max_length=200_000)
    format: str | None = Field(default=None, max_length=40)
    pattern: str | None = Field(default=None, max_length=500)
    metadata_csv: str | None = Field(default=None, max_length=1000)
    group_by: list[str] = Field(default_factory=list, max_length=20)
    labeler: str = Field(default="import", min_length=1, max_length=200)
    reference: str | None = Field(default=None, max_length=500)


class SnapshotJob(Message):
    """Freeze all labeled images with their splits. See `ops.snapshots.SplitPlan`."""

    train: int | None = Field(default=None, ge=1)
    val: int | None = Field(default=None, ge=0)
    seed: int = _SEED
    given: bool = False
    note: str = Field(default="", max_length=2000)


class TrainingCosts(Message):
    """What a missed defect and a false alarm cost. See `ops.evaluating.Costs`."""

    escape: float = Field(default=10.0, ge=0, le=1e9)
    overkill: float = _COST
    false_alarm_rate: float = Field(default=0.01, gt=0, lt=1)


class TrainJob(Message):
    """Train on a snapshot, or on a new one where there is none.

    See `ops.models.train_options.TrainOptions`; `init` can only ask for random weights.
    """

    snapshot: str = Field(default="latest", max_length=64)
    preset: Preset = "balanced"
    seed: int = _SEED
    quick: bool = False
    side_px: int | None = Field(default=None, ge=32, le=4096)
    input_wh: list[int] | None = Field(default=None, min_length=2, max_length=2)
    image_steps: int | None = Field(default=None, ge=1, le=100_000_000)
    threads: int | None = Field(default=None, ge=1, le=1024)
    init: Literal["random"] | None = None
    network: Literal["standard", "small"] = "standard"
    costs: TrainingCosts = Field(default_factory=TrainingCosts)
    reference: bool | None = None


class AuditJob(Message):
    """Look for what is worth a person's minute. See `ops.out_of_fold.AuditOptions`."""

    snapshot: str = Field(default="latest", max_length=64)
    folds: int = Field(default=3, ge=2, le=20)
    preset: Preset = "fast"
    seed: int = _SEED
    image_steps: int | None = Field(default=None, ge=1, le=100_000_000)
    threads: int | None = Field(default=None, ge=1, le=1024)
    side_px: int | None = Field(default=None, ge=32, le=4096)


class ReleaseJob(Message):
    """Make a bundle for the edge, if its gate lets it pass. See `ops.releasing.release`."""

    run: str = Field(default="latest", max_length=32)
    int8: bool = True
    conditions: list[str] | None = Field(default=None, max_length=20)


class FeedbackJob(Message):
    """Queue images that devices sent. See `ops.feedback.FeedbackOptions`."""

    count: int = Field(default=40, ge=1, le=2000)
    random_share: float = Field(default=0.25, ge=0, le=1)
    same_part: list[str] = Field(default=["part"], max_length=20)
    moment_s: float = Field(default=10.0, gt=0, le=1e6)
    newest: int = Field(default=2000, ge=1, le=20_000)
    seed: int = _SEED


class UpdateJob(Message):
    """Make a new version from the newest labels. See `ops.updating.UpdateOptions`."""

    override: list[str] = Field(default_factory=list, max_length=10)
    int8: bool = True
    conditions: list[str] | None = Field(default=None, max_length=20)
    threads: int | None = Field(default=None, ge=1, le=1024)


class PromoteJob(Message):
    """Put a run into use, if the gate lets it pass. See `ops.promotion.PromoteOptions`."""

    run: str = Field(default="latest", max_length=32)
    dry_run: bool = False
    override: list[str] = Field(default_factory=list, max_length=10)
    int8: bool = True
    conditions: list[str] | None = Field(default=None, max_length=20)


class FeasibilityJob(Message):
    """Whether the first images promise a model. See `ops.feasibility.assess`."""

    most: int = Field(default=50, ge=1, le=1000)


class NeedsJob(Message):
    """What each class needs. See `ops.needs.NeedOptions`."""

    snapshot: str = Field(default="latest", max_length=64)
    more: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    seed: int = _SEED


class SliceSearch(Message):
    """How to search for weak slices. See `quality.slices.SliceOptions`."""

    least_cases: int | None = Field(default=None, ge=4)
    depth: int = Field(default=3, ge=1, le=3)
    false_discovery_rate: float = Field(default=0.1, gt=0, lt=1)
    seed: int = _SEED


class SlicesJob(Message):
    """Where the model does worse than elsewhere. See `ops.slicing.SliceQuestion`."""

    run: str | None = Field(default=None, max_length=32)
    loss: Literal["failures", "graded"] = "failures"
    looks: bool = True
    protect: list[str] = Field(default_factory=list, max_length=20)
    options: SliceSearch = Field(default_factory=SliceSearch)


class DuplicatesJob(Message):
    """Compare all images. See `ops.duplicates.compare_images`."""

    embed: bool = True


class GroupsJob(Message):
    """Propose what keeps images together. See `ops.grouping.propose_groups`."""

    embed: bool = True


class ShortcutsJob(Message):
    """What is no defect and yet tells the class. See `ops.shortcuts`."""


class DatasheetJob(Message):
    """Make the datasheet of a snapshot. See `ops.datasheet.make_datasheet`."""

    snapshot: str = Field(default="latest", max_length=64)
    answers: dict[str, str] = Field(default_factory=dict)


class SynthesizeJob(Message):
    """Make images of a weak class, and keep them only if they help.

    See `ops.synthesis_trial.SynthesisOptions`.
    """

    label: str | None = Field(default=None, max_length=200)
    where: dict[str, str] = Field(default_factory=dict)
    amounts: list[int] = Field(default_factory=list, max_length=10)
    policies: list[str] = Field(default_factory=list, max_length=10)
    kind: str | None = Field(default=None, max_length=100)
    seed: int = _SEED
    train: TrainJob = Field(default_factory=TrainJob)


class MapJob(Message):
    """Place all images on the embedding map."""


class ExportJob(Message):
    """Write a snapshot in the format of another tool, as one zip file to download.

    The snapshot "new" is one of the labels as they stand when the job begins.
    """

    format: str = Field(min_length=1, max_length=40)
    snapshot: str = Field(default="latest", max_length=64)
