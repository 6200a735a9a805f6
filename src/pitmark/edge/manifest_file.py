"""The manifest as bytes: strict JSON, so that two readers never see two manifests."""

from __future__ import annotations

import json
import math
from typing import Any

from pitmark.core.bundle import MANIFEST_NAME, Manifest
from pitmark.core.errors import BundleError
from pitmark.core.inspector import InspectorSpec

MAX_MANIFEST_BYTES = 8 * 1024 * 1024


def manifest_to_bytes(manifest: Manifest) -> bytes:
    """A manifest as UTF-8 JSON with sorted keys.

    Args:
        manifest: The manifest.

    Returns:
        The file's bytes, the same for equal manifests.

    Raises:
        BundleError: A value has no place in JSON.
    """
    try:
        text = json.dumps(manifest.to_json(), sort_keys=True, indent=1, allow_nan=False)
    except (TypeError, ValueError) as exc:
        raise BundleError(f"the manifest cannot be written as JSON: {exc}") from exc
    return text.encode()


def manifest_from_bytes(data: bytes) -> Manifest:
    """The manifest that `manifest_to_bytes` wrote.

    Args:
        data: The file's bytes.

    Returns:
        The manifest.

    Raises:
        BundleError: No JSON object, a key given twice, a number that is not finite, or
            anything that `Manifest.from_json` refuses.
    """
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_finite,
        )
        if not isinstance(found, dict):
            raise BundleError(f"{MANIFEST_NAME} is not a JSON object")
        manifest = Manifest.from_json(found)
    except (ValueError, RecursionError, OverflowError) as exc:
        raise BundleError(f"{MANIFEST_NAME} is damaged: {exc}") from exc
    _check_numbers(manifest.inspector)
    return manifest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise BundleError(f"{MANIFEST_NAME} gives a key twice")
    return out


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BundleError(f"{MANIFEST_NAME} holds {text}, which is no finite number")
    return value


def _check_numbers(spec: InspectorSpec) -> None:
    """Refuse here what would otherwise stop the line at its first image."""
    prep = spec.preprocess
    reals = {
        "threshold": spec.threshold,
        "nms_iou": spec.nms_iou,
        "low": prep.low,
        "high": prep.high,
        "scale": prep.scale,
        "mean": prep.mean,
        "std": prep.std,
    }
    wholes = {"max_boxes": spec.max_boxes, "overlap_px": prep.overlap_px}
    for name, value in {**reals, **wholes}.items():
        allowed = (int,) if name in wholes else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise BundleError(f"{MANIFEST_NAME}: {name} must be a number, found {value!r}")
    if not prep.std > 0 or prep.mode not in ("letterbox", "tile"):
        raise BundleError(
            f"{MANIFEST_NAME}: no such preprocessing: mode {prep.mode!r}, std {prep.std}"
        )
