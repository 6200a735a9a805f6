"""Turn a training run into a bundle that a device can trust, or refuse to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitmark.core.bundle import (
    GOLDEN_NAME,
    MODEL_FP32,
    MODEL_INT8,
    Manifest,
)
from pitmark.core.errors import InvalidInputError, ParityError
from pitmark.core.inspector import load_pair
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.edge.bundle_file import write_bundle
from pitmark.edge.golden import make_golden
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.data.datasheet import make_datasheet
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.line.drift_references import (
    drift_conditions,
    drift_references,
    reference_images,
)
from pitmark.ops.line.signing import signing_key
from pitmark.ops.models.calibrating import stratified
from pitmark.ops.models.quantizing import TOLERANCE_INT8, Judges, add_int8, validation_images
from pitmark.ops.models.training import held_out_predictions, load_model
from pitmark.ops.pages.datasheet import write_datasheet_page
from pitmark.store.db import ProjectStore
from pitmark.store.releases import ReleaseRow

if TYPE_CHECKING:
    from pitmark.train.model import TrainedModel

# The largest difference of any score that a release may show between the trained model
# and its bundle.
TOLERANCE_FP32 = 1e-3
_GOLDEN_IMAGES = 8


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """A release that passed its gate, the file it was written to, and its datasheet."""

    row: ReleaseRow
    path: Path
    size_bytes: int
    datasheet: Path
    drift_conditions: tuple[str, ...] = ()
    reference: bool = False

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "version": self.row.version,
            "run": self.row.run_id,
            "snapshot": self.row.snapshot_id,
            "bundle": str(self.path),
            "sha256": self.row.bundle_sha,
            "size_bytes": self.size_bytes,
            "datasheet": str(self.datasheet),
            "gate": self.row.gate,
            "drift_conditions": list(self.drift_conditions),
            "reference": self.reference,
        }


def release(
    project: ProjectStore,
    out: Path | None = None,
    *,
    run: str = "latest",
    int8: bool = True,
    conditions: Sequence[str] | None = None,
    report: Reporter = silent,
) -> ReleaseResult:
    """Export a run, prove that the export agrees with it, and write the bundle.

    Args:
        project: The project.
        out: File or folder to write to; None writes into the current folder.
        run: The training run.
        int8: Also quantize; left out of the bundle when it changes a golden verdict or
            loses more than half a point on the validation images. The gate says which.
        conditions: Metadata that shift images without being drift, such as the camera or
            the finish of a part; used on a device that names them of each image. None
            takes the camera where the held-out images come from several.
        report: Told of the stages.

    Returns:
        The release.

    Raises:
        NotFoundError: No such run.
        InvalidInputError: A condition that the held-out images do not tell apart.
        ParityError: The exported model disagrees with the trained one.
    """
    version = project.releases.next_version()
    path = bundle_target(out, project.info.name, version)
    made = draft(project, path, run=run, int8=int8, conditions=conditions, report=report)
    row = project.runs.get(made.run_id)
    sha = project.blobs.put_file(path)
    added = project.releases.add(row.id, version, sha, made.gate)
    told = path.with_suffix(".datasheet.html")
    write_datasheet_page(make_datasheet(project, snapshot=row.snapshot_id), told)
    return ReleaseResult(
        added, path, path.stat().st_size, told, made.drift_conditions, made.reference
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A bundle that agrees with its model, signed, and not yet let out."""

    run_id: str
    path: Path
    gate: dict[str, Any]
    drift_conditions: tuple[str, ...]
    reference: bool


def draft(
    project: ProjectStore,
    path: Path,
    *,
    run: str = "latest",
    int8: bool = True,
    conditions: Sequence[str] | None = None,
    report: Reporter = silent,
) -> Draft:
    """Export a run and prove that the export agrees with it; nothing is let out yet.

    Args:
        project: The project.
        path: File to write; it has the version that comes next now.
        run: The training run.
        int8: As for `release`.
        conditions: As for `release`.
        report: Told of the stages.

    Returns:
        The draft.

    Raises:
        NotFoundError: No such run.
        InvalidInputError: A condition that the held-out images do not tell apart.
        ParityError: The exported model disagrees with the trained one.
    """
    row = project.runs.get(run)
    _, images = project.snapshots.load(row.snapshot_id)
    normal = reference_images(images)
    by = drift_conditions(normal, conditions)
    model = load_model(project, row)
    load = pixel_loader(project)
    stages = _Stages(report, total=5 if int8 else 4)
    stages.next("export")
    files = {MODEL_FP32: _export(model)}
    stages.next("golden")
    files[GOLDEN_NAME] = _golden(model, images, load)
    record = {}
    if int8:
        stages.next("int8")
        held = held_out_predictions(project, row)
        record = add_int8(files, _judges(project, model, files, images, held), images)
    stages.next("drift reference")
    references = drift_references(model, normal, load, by)
    files |= {name: reference.to_bytes() for name, reference in references.items()}
    stages.next("parity")
    manifest = Manifest(
        project=project.info.name,
        version=project.releases.next_version(),
        snapshot_id=row.snapshot_id,
        run_id=row.id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        inspector=model.spec,
        label_book=project.book.current(),
        files={},
        tolerance={"fp32": TOLERANCE_FP32, "int8": TOLERANCE_INT8},
        gate={},
    )
    gate = _gate(manifest, files, project.work / "draft.pitmark", record)
    gate["network"] = model.network.plan.size
    takes_bytes = MODEL_INT8 in files and record["takes_bytes"]
    key = signing_key(project.keys)
    final = replace(manifest, gate=gate, takes_bytes=takes_bytes)
    write_bundle(path, final, files, key_pem=key)
    return Draft(row.id, path, gate, by, model.spec.reference)


class _Stages:
    """Counts the stages of a release."""

    def __init__(self, report: Reporter, *, total: int) -> None:
        self._report, self._total, self._done = report, total, 0

    def next(self, name: str) -> None:
        """Tell that a stage begins."""
        self._report(Progress(f"release: {name}", self._done, self._total))
        self._done += 1


def _export(model: TrainedModel) -> bytes:
    from pitmark.train.export import export_fp32

    return export_fp32(model)


def _judges(
    project: ProjectStore,
    model: TrainedModel,
    files: dict[str, bytes],
    images: Sequence[LabeledImage],
    held_out: Mapping[str, Prediction],
) -> Judges:
    return Judges(
        model.spec,
        validation_images(images, held_out),
        held_out,
        pixel_loader(project),
        project.book.current(),
        files[GOLDEN_NAME],
    )


def _golden(model: TrainedModel, images: Sequence[LabeledImage], load: PixelLoader) -> bytes:
    """The file of golden inputs with what the model says about them."""
    pairs = [load_pair(i.image, load, model.spec) for i in _golden_images(images)]
    return make_golden(
        [pixels for pixels, _ in pairs],
        [model.predict(*pair) for pair in pairs],
        model.spec,
        references=[beside for _, beside in pairs if beside is not None],
    )


def _golden_images(images: Sequence[LabeledImage]) -> list[LabeledImage]:
    """Held-out images for the golden set; real training images where none were held out."""
    real = [i for i in images if not i.image.synthetic]
    held_out = [i for i in real if i.split != "train"]
    return stratified(held_out or real, _GOLDEN_IMAGES)


def _gate(
    manifest: Manifest, files: dict[str, bytes], draft: Path, record: dict[str, Any]
) -> dict[str, Any]:
    """Replay the golden inputs in the runtime of the device and compare.

    The fp32 model must agree. An int8 model that does not, once it is in a bundle, is
    taken out of `files`; the record of how it was chosen goes into the gate as it is.
    """
    gate: dict[str, Any] = {}
    draft.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(draft, manifest, files)
    fp32 = EdgeInspector.open(draft, precision="fp32", threads=1).replay_golden()
    gate["fp32"] = fp32.to_json()
    if not fp32.ok:
        raise ParityError(
            f"the exported model disagrees with the trained one by {fp32.largest:.2g},"
            f" allowed is {TOLERANCE_FP32:g}; verdicts changed: {len(fp32.flipped)}",
            hint="Nothing was released. Please report this with the settings of the run.",
        )
    if MODEL_INT8 in files:
        int8 = EdgeInspector.open(draft, precision="int8", threads=1).replay_golden()
        gate["int8"] = int8.to_json()
        if not int8.ok:
            del files[MODEL_INT8]
            record = {**record, "chosen": None, "why": f"int8 is out: {int8.sentence()}"}
    draft.unlink()
    gate["precisions"] = ["fp32", "int8"] if MODEL_INT8 in files else ["fp32"]
    gate["quantization"] = record or {"chosen": None, "why": "int8 was not asked for"}
    return gate


def bundle_target(out: Path | None, project: str, version: int) -> Path:
    """Where a bundle goes; known to be writable before minutes are spent on it.

    Args:
        out: File or folder; None means the current folder.
        project: Name of the project.
        version: Of the release.

    Returns:
        The file to write.

    Raises:
        InvalidInputError: There is no such folder.
    """
    name = f"{project}-v{version}.pitmark"
    path = Path(name) if out is None else out / name if out.is_dir() else out
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"there is no folder {str(path.parent)!r} to write the bundle to",
            hint="Make it first, or name another file.",
        )
    return path
