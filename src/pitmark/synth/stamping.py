"""Lays a drawn defect on a surface, and says where in the image it then is."""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats, Mask, bounds_xyxy
from pitmark.synth.defect_patch import DefectPatch
from pitmark.synth.maps import SurfaceMaps, Window

# A film scatters white light; a deposit is grey, and darker than a bright surface.
_FILM_ALBEDO, _DEPOSIT_LIGHT, _DEPOSIT_DARK = 0.42, 0.48, 0.09
_BLACK_SURFACE, _BRIGHT_SURFACE = 0.08, 0.28


@dataclass(frozen=True)
class PaintedDefect:
    """A defect that lies in an image.

    Attributes:
        kind: one of `KINDS`.
        box_xyxy: tight box in pixels of the image.
        mask_hw: bool, of the image's height and width.
    """

    kind: str
    box_xyxy: tuple[int, int, int, int]
    mask_hw: Mask


def overlap(
    at_xy: tuple[int, int], patch_hw: tuple[int, int], image_hw: tuple[int, int]
) -> tuple[Window, Window]:
    """Where a patch centered on a pixel meets an image.

    Args:
        at_xy: the pixel under the patch's middle pixel.
        patch_hw: odd height and width of the patch.
        image_hw: height and width of the image.

    Returns:
        The window of the image and that of the patch; both empty where they do not meet.
    """
    windows = []
    for at, size, limit in (
        (at_xy[1], patch_hw[0], image_hw[0]),
        (at_xy[0], patch_hw[1], image_hw[1]),
    ):
        start = at - size // 2
        low, high = max(0, start), min(limit, start + size)
        high = max(low, high)
        windows.append((slice(low, high), slice(low - start, high - start)))
    (rows, patch_rows), (columns, patch_columns) = windows
    return (rows, columns), (patch_rows, patch_columns)


def _brightness(maps: SurfaceMaps, window: Window) -> float:
    """About how much light the surface sends back before anything is painted on it."""
    mirror, diffuse = maps.specular_hwc[window], maps.diffuse_hwc[window]
    return float(mirror.mean()) + float(diffuse.mean()) if mirror.size else 0.0


def _residue(patch: DefectPatch, inner: Window, brightness: float) -> Floats:
    """What covers the surface; on black, what would darken shows as a pale film."""
    residue = patch.residue_hw[inner]
    if brightness > _BLACK_SURFACE:
        return residue
    lost: Floats = 1.0 - patch.gain_hwc[inner].mean(axis=-1)
    film: Floats = np.maximum(residue, np.float32(0.3) * lost)
    return film


def _albedo(patch: DefectPatch, brightness: float) -> np.float32:
    if not patch.is_deposit:
        return np.float32(_FILM_ALBEDO)
    return np.float32(_DEPOSIT_DARK if brightness > _BRIGHT_SURFACE else _DEPOSIT_LIGHT)


def stamp(
    maps: SurfaceMaps, patch: DefectPatch, at_xy: tuple[int, int], allowed_hw: Mask
) -> PaintedDefect:
    """Lay a defect on a surface.

    Args:
        maps: painted in place.
        patch: the defect.
        at_xy: the pixel under the patch's middle pixel.
        allowed_hw: bool (H, W), where defects may be; the rest stays untouched.

    Returns:
        The defect with its box and mask in the image.
    """
    shape_hw = (allowed_hw.shape[0], allowed_hw.shape[1])
    window, inner = overlap(at_xy, (patch.mask_hw.shape[0], patch.mask_hw.shape[1]), shape_hw)
    allowed = allowed_hw[window].astype(np.float32)
    rough = maps.roughness_hw2[window]
    # A rough surface blurs its highlights: it takes more relief to be seen on it.
    relief = np.float32(0.03 + 0.75 * float(rough.mean())) if rough.size else np.float32(0)
    maps.height_hw[window] += patch.height_hw[inner] * relief * allowed
    brightness = _brightness(maps, window)
    gain = 1.0 + (patch.gain_hwc[inner] - 1.0) * allowed[..., None]
    maps.diffuse_hwc[window] *= gain
    maps.specular_hwc[window] = np.minimum(maps.specular_hwc[window] * gain, 0.97)
    share = (_residue(patch, inner, brightness) * allowed)[..., None]
    maps.diffuse_hwc[window] += share * (_albedo(patch, brightness) - maps.diffuse_hwc[window])
    if patch.is_deposit:
        maps.specular_hwc[window] *= 1.0 - share
    maps.roughness_hw2[window] *= (1.0 + (patch.gloss_hw[inner] - 1.0) * allowed)[..., None]
    maps.open_hw[window] *= 1.0 - (1.0 - patch.open_hw[inner]) * allowed
    mask = np.zeros(shape_hw, np.bool_)
    mask[window] = patch.mask_hw[inner] & allowed_hw[window]
    return PaintedDefect(patch.kind, bounds_xyxy(mask), mask)
