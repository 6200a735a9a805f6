"""The manifest of a bundle: what a device must know, and must be able to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pitmark.core.errors import BundleError, InvalidInputError, InvalidLabelError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook

# The newest format that is read. 2 adds models that compare with a reference, 3 int8
# models that take images as bytes.
FORMAT_VERSION = 3
MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "signature.json"
MODEL_FP32 = "model.fp32.onnx"
MODEL_INT8 = "model.int8.onnx"
GOLDEN_NAME = "golden.npz"
DRIFT_NAME = "drift.npz"
DRIFT_BY_CONDITION_NAME = "drift_by_condition.npz"
ALLOWED_FILES = frozenset(
    {MODEL_FP32, MODEL_INT8, GOLDEN_NAME, DRIFT_NAME, DRIFT_BY_CONDITION_NAME}
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a release but its files.

    `files` gives the sha256 of every other file in the bundle. `tolerance` is the
    largest difference of a score, by precision, that golden inputs may show on a device.
    `gate` is the record of the checks that allowed the release. `takes_bytes` tells that
    the int8 model takes images as bytes.
    """

    project: str
    version: int
    snapshot_id: str
    run_id: str
    created: str
    inspector: InspectorSpec
    label_book: LabelBook
    files: Mapping[str, str]
    tolerance: Mapping[str, float]
    gate: Mapping[str, Any]
    takes_bytes: bool = False

    @property
    def format_version(self) -> int:
        """The oldest format that can say all of this, so that older devices read it."""
        if self.takes_bytes:
            return 3
        return 2 if self.inspector.reference else 1

    def to_json(self) -> dict[str, Any]:
        """The manifest as plain JSON types."""
        told = {"takes_bytes": True} if self.takes_bytes else {}
        return {
            "format_version": self.format_version,
            "project": self.project,
            "version": self.version,
            "snapshot_id": self.snapshot_id,
            "run_id": self.run_id,
            "created": self.created,
            "inspector": self.inspector.to_json(),
            "label_book": self.label_book.to_json(),
            "files": dict(self.files),
            "tolerance": dict(self.tolerance),
            "gate": dict(self.gate),
            **told,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Manifest:
        """The manifest that `to_json` wrote.

        Args:
            data: The JSON object.

        Returns:
            The manifest.

        Raises:
            BundleError: A newer format, or something missing, unknown or wrong.
        """
        found = data.get("format_version")
        if not isinstance(found, int) or not 1 <= found <= FORMAT_VERSION:
            raise BundleError(
                f"the bundle has format version {found!r}, this Pitmark reads up to"
                f" {FORMAT_VERSION}",
                hint="Update Pitmark on this device, or release again with this version.",
            )
        try:
            files = {str(k): str(v) for k, v in data["files"].items()}
            manifest = Manifest(
                project=str(data["project"]),
                version=int(data["version"]),
                snapshot_id=str(data["snapshot_id"]),
                run_id=str(data["run_id"]),
                created=str(data["created"]),
                inspector=InspectorSpec.from_json(data["inspector"]),
                label_book=LabelBook.from_json(data["label_book"]),
                files=files,
                tolerance={str(k): float(v) for k, v in data["tolerance"].items()},
                gate=dict(data["gate"]),
                takes_bytes=_flag(data.get("takes_bytes", False)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise BundleError(f"the bundle's manifest is damaged: {exc!r}") from exc
        except (InvalidInputError, InvalidLabelError) as exc:
            raise BundleError(f"the bundle's manifest is damaged: {exc}") from exc
        unknown = sorted(set(files) - ALLOWED_FILES)
        if unknown or MODEL_FP32 not in files:
            raise BundleError(
                f"the bundle lists {unknown[0]!r}, which no bundle holds"
                if unknown
                else f"the bundle lacks {MODEL_FP32}"
            )
        return manifest


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, found {value!r}")
    return value
