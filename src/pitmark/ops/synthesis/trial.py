"""What synthetic images are compared with, and how: on the same real images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage, Split
from pitmark.ops.models.class_recall import ClassCases, class_cases
from pitmark.ops.models.equal_limits import Judged, at_equal_limits
from pitmark.ops.models.reports import history, report_of
from pitmark.ops.models.train_options import TrainOptions, settings_of
from pitmark.ops.models.training import Learned, held_out_predictions, in_split, learn, train
from pitmark.ops.synthesis.parts import matches, painted_kind
from pitmark.ops.synthesis.policies import check_policy
from pitmark.ops.synthesis.verdict import Outcome, compare_models
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

# A change seen on one part says nothing of others.
_LEAST_PARTS = 2


@dataclass(frozen=True, slots=True)
class SynthesisOptions:
    """What shall be made better, and with what.

    `label` is the class, None takes the weakest on the validation images; `where` limits
    it to a slice, as in {"camera": "cam2"}. `amounts` are numbers of synthetic images to
    choose from, none takes six for every real one; every further amount or policy costs
    one more training. A choice that helps costs another: it must beat the real images
    shown as often. `policies` are plain augmentations to choose from instead; oversample
    is just that, the real images shown more often. `kind` is the painted defect for
    classes with fewer than five of their own. `train` is how all models are trained.
    """

    label: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    amounts: tuple[int, ...] = ()
    policies: tuple[str, ...] = ()
    kind: str | None = None
    seed: int = 0
    train: TrainOptions = field(default_factory=TrainOptions)


@dataclass(frozen=True, slots=True)
class Setting:
    """What all candidates are compared with, and on what."""

    label: str
    how: SynthesisOptions
    images: Sequence[LabeledImage]
    baseline: RunRow
    effort: TrainOptions

    def of(self, split: Split) -> list[LabeledImage]:
        """The real, labeled images of a split."""
        chosen = in_split(self.images, split)
        return [i for i in chosen if i.shapes is not None and not i.image.synthetic]


def setting_for(
    project: ProjectStore, options: SynthesisOptions, report: Reporter = silent
) -> Setting:
    """What candidates from elsewhere are compared with: trains the baseline if need be.

    Args:
        project: The project.
        options: See SynthesisOptions.
        report: Told of the progress.

    Returns:
        The setting.

    Raises:
        NotEnoughDataError: No test image shows the class.
        InvalidInputError: No such class or slice, or an amount below 1.
    """
    info, images = project.snapshots.load(options.train.snapshot)
    _check(project, images, options)
    baseline = _baseline(project, info.id, images, options.train, report)
    label = options.label or weakest_class(project, images, baseline)
    effort = _effort(project, baseline, options.train)
    setting = Setting(label, options, images, baseline, effort)
    _check_cases(setting)
    return setting


def learn_with(
    project: ProjectStore,
    setting: Setting,
    extra: Sequence[LabeledImage],
    *,
    work: Path,
    report: Reporter = silent,
) -> Learned:
    """A model learned from the training images and some more, with steps to match.

    Args:
        project: The project.
        setting: Names the baseline.
        extra: Further training images.
        work: Folder for checkpoints.
        report: Told of step, loss and time left.

    Returns:
        The model and what it says of the held-out images.
    """
    from pitmark.train.settings import steps_for_more

    spec = InspectorSpec.from_json(setting.baseline.inspector or {})
    settings = settings_of(project, setting.images, setting.effort)
    settings = replace(settings, input_wh=spec.preprocess.input_wh)
    images = [*setting.images, *extra]
    if settings.image_steps is not None:
        before, after = (len(_labeled(s)) for s in (setting.images, images))
        steps = steps_for_more(settings.image_steps, before, after)
        settings = replace(settings, image_steps=steps)
    return learn(project, images, settings, setting.effort, work=work, report=report)


def _labeled(images: Sequence[LabeledImage]) -> list[LabeledImage]:
    return [i for i in in_split(images, "train") if i.shapes is not None]


def outcome_on(
    project: ProjectStore,
    setting: Setting,
    learned: Learned,
    split: Split,
    *,
    against: Learned | None = None,
) -> Outcome | None:
    """What changed against the baseline on the real images of a split.

    Detection is judged at limits at which both models draw as many false boxes.

    Args:
        project: The project.
        setting: Names the baseline.
        learned: The other model.
        split: val or test.
        against: Stands for the baseline.

    Returns:
        The outcome, None where no image of the split shows the class.
    """
    seen, book = setting.of(split), project.book.current()
    first = Judged(
        InspectorSpec.from_json(setting.baseline.inspector or {}),
        held_out_predictions(project, setting.baseline),
    )
    if against is not None:
        first = Judged(against.model.spec, against.predictions)
    second = Judged(learned.model.spec, learned.predictions)
    specs = at_equal_limits(first, second, seen, book)
    before, after = (
        class_cases(spec, seen, judged.predictions, book=book)
        for spec, judged in zip(specs, (first, second), strict=True)
    )
    return compare_models(
        before, after, seen, label=setting.label, where=setting.how.where, seed=setting.how.seed
    )


def weakest_class(
    project: ProjectStore, images: Sequence[LabeledImage], baseline: RunRow
) -> str:
    """The defect class of which the model finds least on the validation images.

    Args:
        project: The project.
        images: Of the snapshot.
        baseline: The run.

    Returns:
        Its name.

    Raises:
        NotEnoughDataError: No validation image shows a defect.
    """
    seen = [i for i in in_split(images, "val") if i.shapes is not None]
    cases = _cases(project, InspectorSpec.from_json(baseline.inspector or {}), seen,
                   held_out_predictions(project, baseline))  # fmt: skip
    every = list(range(len(seen)))
    defects = set(project.book.current().defect_names)
    recalls = {
        name: float(cases.found[every, k].sum() / cases.there[every, k].sum())
        for k, name in enumerate(cases.classes)
        if name in defects and cases.there[:, k].sum()
    }
    if not recalls:
        raise NotEnoughDataError(
            "no validation image shows a defect: the weakest class cannot be told",
            hint="Name the class, as in `pitmark synthesize dent`.",
        )
    return min(recalls, key=lambda name: recalls[name])


def _check(
    project: ProjectStore, images: Sequence[LabeledImage], how: SynthesisOptions
) -> None:
    if project.task == "anomaly":
        raise InvalidInputError(
            "an anomaly project learns from good images only; synthetic defects cannot help it",
            hint="Synthesis is for classification, detection and segmentation.",
        )
    book = project.book.current()
    if how.label is not None:
        book.entry(how.label)
        if how.label not in book.defect_names:
            raise InvalidInputError(
                f"{how.label!r} means a good part: nothing can be laid on it"
            )
    if how.kind is not None:
        painted_kind("", how.kind)
    for policy in how.policies:
        check_policy(policy, book)
    if any(n < 1 for n in how.amounts):
        raise InvalidInputError(f"amounts must be at least 1, found {min(how.amounts)}")
    if how.where and not any(matches(i, how.where) for i in images):
        named = ", ".join(f"{k} = {v}" for k, v in how.where.items())
        known = sorted({k for i in images for k in i.image.metadata})
        raise InvalidInputError(
            f"no image of the snapshot has {named}",
            hint=f"Metadata of these images: {', '.join(known) or 'none'}.",
        )


def _check_cases(setting: Setting) -> None:
    def parts(split: Split) -> int:
        shown = [i for i in setting.of(split) if matches(i, setting.how.where)]
        named = [i for i in shown if any(s.label == setting.label for s in i.shapes or ())]
        return len({i.image.group_key for i in named})

    if parts("test") < _LEAST_PARTS:
        found = "one real part" if parts("test") else "no real part"
        raise NotEnoughDataError(
            f"the test images show {setting.label!r} on {found}: whether synthetic images help"
            " could not be told",
            hint="Label a few images of it on other parts, and take a snapshot in which some"
            " of them are for test.",
        )
    several = len(setting.how.amounts) + len(setting.how.policies) > 1
    if several and not parts("val"):
        raise NotEnoughDataError(
            f"no validation image shows {setting.label!r}: there is nothing to choose between"
            " several amounts or policies by",
            hint="Ask for one amount or policy only.",
        )


def _baseline(
    project: ProjectStore,
    snapshot_id: str,
    images: Sequence[LabeledImage],
    how: TrainOptions,
    report: Reporter,
) -> RunRow:
    """The run without new images: one that is there already, or a new one."""
    kept = {**settings_of(project, images, how).to_json(), "quick": how.quick}
    for row in project.runs.list(kind="train"):
        same = (row.snapshot_id, row.settings, row.seed) == (snapshot_id, kept, how.seed)
        if row.state == "done" and same:
            return row
    return train(project, options=replace(how, snapshot=snapshot_id), report=report)


def _effort(project: ProjectStore, baseline: RunRow, how: TrainOptions) -> TrainOptions:
    """As many steps as the baseline had, whatever they were."""
    points = history(project, baseline)
    learned = report_of(project, baseline).content.get("learned", {})
    if how.quick or not points or learned.get("kept") == "closed form":
        return how
    return replace(how, image_steps=int(points[-1]["step"]))


def _cases(
    project: ProjectStore,
    spec: InspectorSpec,
    images: Sequence[LabeledImage],
    predictions: Mapping[str, Any],
) -> ClassCases:
    return class_cases(spec, images, predictions, book=project.book.current())
