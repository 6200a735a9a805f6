"""What to say about light, focus, size and contrast, and what to change.

Limits are rules of thumb of machine vision, not laws; texts give the figures beside them.
"""

from __future__ import annotations

import numpy as np

from pitmark.quality.feasibility.first_look import OTHER_PLACES, FirstLook, Level, Remark

# Shorter side of a defect in stored pixels: below the first nothing can be learned, from
# the second on size is no longer what limits.
_LOST_PX, _ENOUGH_PX = 3.5, 10.0
_SMALL_PX = 6.0
# Input of the standard preset; more patches than these make an image slow.
_INPUT_PX = 320
_MANY_PATCHES = 36
_SOFT_PX, _BLURRED_PX = 3.0, 6.0
_BLACK, _FLAT, _DIM = 0.08, 0.04, 0.3
_CLIPPED = 0.15
_TWO_LEVELS = 0.95
_VISIBLE_CNR = 3.0
_LARGEST_CNR = 100.0
_FAINT = 0.3
TOLD_APART = 0.75


def imaging_remarks(look: FirstLook) -> list[Remark]:
    """What there is to say about the imaging.

    Args:
        look: What was measured, on at least one image.

    Returns:
        The remarks.
    """
    light = _light(look)
    if any(r.level == "stop" for r in light):
        return light
    return [*light, *_focus(look), *_size(look), *_contrast(look)]


def _light(look: FirstLook) -> list[Remark]:
    bright = np.array([f.bright for f in look.figures])
    span = np.array([f.bright - f.dark for f in look.figures])
    high = float(np.median([f.clipped_high for f in look.figures]))
    middle = float(np.median(bright))
    if (np.median(span) < _FLAT) or middle < _BLACK:
        what = "black" if middle < _BLACK else "empty: one brightness all over"
        return [
            Remark(
                "stop",
                "light",
                f"Most images are {what} (brightest parts at"
                f" {percent(middle)} of full scale, range"
                f" {percent(float(np.median(span)))}).",
                "Switch the light on, open the lens, or expose longer; check that the"
                " camera's gray levels arrive unscaled.",
            )
        ]
    two = float(np.median([f.two_levels for f in look.figures]))
    if two > _TWO_LEVELS:
        return [
            Remark(
                "note",
                "light",
                f"The images are black and white only ({percent(two)}"
                " of the pixels at either end): what was faint is lost.",
                "If the camera gives gray levels, use those.",
            )
        ]
    out = []
    empty = float((bright < _BLACK).mean())
    if empty > 0:
        out.append(
            Remark(
                "change",
                "light",
                f"{percent(empty)} of the images are black.",
                "Leave them out and check the trigger of light and camera.",
            )
        )
    if high > _CLIPPED:
        out.append(
            Remark(
                "change",
                "light",
                f"{percent(high)} of the pixels are overexposed; nothing can be seen there.",
                "Expose about half as long, or use"
                " diffuse or cross-polarized light against glare.",
            )
        )
    elif middle < _DIM:
        out.append(
            Remark(
                "change",
                "light",
                "The images are dark: their brightest parts"
                f" reach {percent(middle)} of full scale.",
                f"Expose {0.8 / middle:.1f} times as long, or use that much more light.",
            )
        )
    else:
        out.append(
            Remark(
                "fine",
                "light",
                f"Exposure uses {percent(float(np.median(span)))} of"
                f" the range, {percent(high)} of the pixels are overexposed.",
            )
        )
    return out


def _focus(look: FirstLook) -> list[Remark]:
    widths = np.array([f.edge_px for f in look.figures])
    known = widths[np.isfinite(widths)]
    if len(known) < max(1, len(widths) / 3):
        return [
            Remark(
                "note",
                "focus",
                "No edge is clear enough to judge the focus by.",
                "Check the lens on a printed target.",
            )
        ]
    width = float(np.median(known))
    short = look.short_sides_px
    smears = len(short) > 0 and width > float(np.median(short))
    told = f"Even the sharper edges spread over {width:.1f} px"
    fix = "Focus the lens, shorten the exposure if parts move, and do not enlarge images."
    if width > _BLURRED_PX:
        level: Level = "stop" if smears else "change"
        much = ", more than the usual defect is wide" if smears else ""
        return [Remark(level, "focus", f"{told}{much}: the images are blurred.", fix)]
    if width > _SOFT_PX:
        return [Remark("change" if smears else "note", "focus", f"{told}: slightly soft.", fix)]
    unsharp = float((known > _BLURRED_PX).mean())
    if unsharp > 0.1:
        return [
            Remark(
                "change",
                "focus",
                f"{percent(unsharp)} of the images are blurred, the others sharp.",
                "Look for movement or parts at another height.",
            )
        ]
    return [Remark("fine", "focus", f"Edges are sharp ({width:.1f} px wide).")]


def _size(look: FirstLook) -> list[Remark]:
    short = look.short_sides_px
    width, height = (float(v) for v in np.median(look.sizes_wh, axis=0))
    if not len(short):
        return [
            Remark(
                "note",
                "size",
                f"Images are {width:.0f} x {height:.0f} px; how large"
                " defects are is not known.",
                "Mark some defects by box or outline to learn whether they are large enough.",
            )
        ]
    middle, small = float(np.median(short)), float(np.quantile(short, 0.1))
    told = (
        f"Defects are {middle:.0f} px across their shorter side (a tenth under {small:.0f} px)"
        f" in images of {width:.0f} x {height:.0f} px"
    )
    if look.mm_per_px is not None:
        told += f", that is {middle * look.mm_per_px:.2g} mm"
    factor = _ENOUGH_PX / max(min(middle, small * 1.5), 0.5)
    closer = (
        f"Magnify about {factor:.1f} times: a longer lens, a shorter distance, or a camera"
        f" with more pixels, seeing {width / factor:.0f} x {height / factor:.0f} of today's"
        " pixels at once; or split the field among several shots."
    )
    if middle < _LOST_PX:
        return [Remark("stop", "size", f"{told}: too small to be told from noise.", closer)]
    if small < _SMALL_PX:
        return [Remark("change", "size", f"{told}: the smallest are hardly seen.", closer)]
    out = [Remark("fine", "size", f"{told}.")]
    scale = _INPUT_PX / max(width, height)
    if small * scale < _SMALL_PX and scale < 1:
        zoom = min(1.0, _ENOUGH_PX / small)
        step = _INPUT_PX * 0.8
        patches = int(np.ceil(width * zoom / step) * np.ceil(height * zoom / step))
        level: Level = "change" if patches > _MANY_PATCHES else "note"
        out.append(
            Remark(
                level,
                "size",
                f"Shrunk to {_INPUT_PX} px, the smallest would be"
                f" {small * scale:.1f} px: each image is looked at in about {patches}"
                " patches, which takes as many times longer.",
                "Crop images to where defects can be, where that is known.",
            )
        )
    return out


def _contrast(look: FirstLook) -> list[Remark]:
    known = look.contrasts[np.isfinite(look.contrasts)]
    if not len(known):
        return []
    faint = float((known < _VISIBLE_CNR).mean())
    middle = float(np.median(known))
    told = (
        f"{percent(1 - faint)} of {len(known)} marked defects stand out from other places of"
        f" their image by at least {_VISIBLE_CNR:.0f} standard deviations (median"
        f" {f'{middle:.1f}' if middle < _LARGEST_CNR else f'over {_LARGEST_CNR:.0f}'})"
    )
    if faint <= _FAINT:
        return [Remark("fine", "contrast", f"{told}.")]
    if look.compared:
        return [Remark("note", "contrast", f"{told}; the reference images show the others.")]
    seen = next((t for t in look.told if t.second == OTHER_PLACES), None)
    if seen is not None and seen.right > TOLD_APART:
        shown = (
            "brightness alone does not show the others, shape and texture do"
            f" ({percent(seen.right)} told from other places by a first model)"
        )
        return [Remark("note", "contrast", f"{told}: {shown}.")]
    light = "Try light from the side (scratches, dents), diffuse light (glare, prints) or"
    light += " another color; or import references of the same part without defects."
    hidden = "the others hide in the texture around them"
    return [Remark("change", "contrast", f"{told}: {hidden}.", light)]


def percent(share: float) -> str:
    """A share as people read it, such as "12 %".

    Args:
        share: In [0, 1].

    Returns:
        Whole percents.
    """
    return f"{100 * share:.0f} %"
