"""A sound casing as it lies under a camera, with its own piece of texture."""

from functools import lru_cache
from math import cos, sin

import numpy as np

from pitmark.synth.casing import Scene
from pitmark.synth.casing_back import paint_back
from pitmark.synth.casing_side import paint_side
from pitmark.synth.finishes import Finish
from pitmark.synth.surfaces import TEXTURES, Texture
from pitmark.synth.view import View

_MARGIN = 0.22


@lru_cache(maxsize=16)
def _texture(seed: int, name: str, size_wh: tuple[int, int]) -> Texture:
    """A sheet of texture with room for every pose, shared by all parts of a run."""
    width, height = size_wh
    pad = round(_MARGIN * width)
    rng = np.random.default_rng([seed, sorted(TEXTURES).index(name)])
    return TEXTURES[name]((height + 2 * pad, width + 2 * pad), rng)


def _sampled_texture(seed: int, view: View, name: str, rng: np.random.Generator) -> Texture:
    """The part's own piece of the sheet, turned and moved with the part."""
    width, height = view.size_wh
    pad = round(_MARGIN * width)
    turn = view.pose.rotation_rad
    zoom = 1.0 / view.pose.scale
    flip_x, flip_y = rng.choice([-1.0, 1.0], 2)
    away = rng.uniform(-0.1, 0.1, 2) * width
    pixels = view.px_per_mm / view.pose.scale
    at_x = width / 2 + pad + away[0] - flip_x * view.pose.shift_mm[0] * pixels
    at_y = height / 2 + pad + away[1] - flip_y * view.pose.shift_mm[1] * pixels
    a, b = flip_x * zoom * cos(turn), flip_x * zoom * sin(turn)
    d, e = -flip_y * zoom * sin(turn), flip_y * zoom * cos(turn)
    c = at_x - a * width / 2 - b * height / 2
    f = at_y - d * width / 2 - e * height / 2
    sheet = _texture(seed, name, view.size_wh)
    return sheet.sampled(view.size_wh, (a, b, c, d, e, f))


def casing_scene(seed: int, view: View, finish: Finish, rng: np.random.Generator) -> Scene:
    """A sound casing under a camera, with its own piece of texture.

    Args:
        seed: of the run, which has one sheet of each texture.
        view: what the camera sees.
        finish: the product variant.
        rng: of the part.

    Returns:
        The casing before light.
    """
    if view.station.is_side:
        name = "brushed" if finish.texture == "brushed" else "bead-blasted"
        return paint_side(view, finish, _sampled_texture(seed, view, name, rng))
    texture = _sampled_texture(seed, view, finish.texture, rng)
    return paint_back(view, finish, texture, rng)
