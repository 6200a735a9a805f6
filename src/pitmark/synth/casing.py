"""Paints the sound casing: outline, edges, features, texture, but no light yet."""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats, Mask, Reals
from pitmark.synth.finishes import Finish
from pitmark.synth.layout import clearance
from pitmark.synth.maps import SurfaceMaps
from pitmark.synth.surfaces import Texture
from pitmark.synth.view import View


@dataclass
class Scene:
    """A casing as it lies under the camera, before light.

    Attributes:
        view: pose and scale.
        finish: the product variant.
        x_mm: float32 (H, W), place on the part.
        y_mm: float32 (H, W), place on the part.
        maps: height and material.
        cover_hw: float32 (H, W), share of the pixel that shows the part.
        outside_mm: float32 (H, W), distance to the outline, negative inside.
    """

    view: View
    finish: Finish
    x_mm: Floats
    y_mm: Floats
    maps: SurfaceMaps
    cover_hw: Floats
    outside_mm: Floats

    def coverage(self, distance_mm: Reals) -> Floats:
        """Antialiased share of a pixel inside an outline.

        Args:
            distance_mm: signed distances, negative inside.

        Returns:
            float32 of the same shape, [0, 1].
        """
        inside_px = np.float32(0.5) - distance_mm * np.float32(self.view.px_per_mm)
        share: Floats = np.clip(inside_px, 0.0, 1.0).astype(np.float32, copy=False)
        return share

    def inspected(self) -> Mask:
        """The plain surface, clear of edges and features, where defects are judged."""
        return clearance(self.view.station, self.finish, self.x_mm, self.y_mm) > 0.0

    def raise_by(self, table_mm: Floats, relief_mm: Floats, at_mm: Floats) -> None:
        """Add a relief given as a table over a distance.

        Args:
            table_mm: increasing distances.
            relief_mm: heights at those distances.
            at_mm: float32 (H, W) distance of every pixel.
        """
        # Most pixels lie where the relief has ended: spare them the look-up.
        bent = (at_mm > table_mm[0]) & (at_mm < table_mm[-1])
        height = np.where(at_mm < table_mm[0], relief_mm[0], relief_mm[-1])
        height[bent] = np.interp(at_mm[bent], table_mm, relief_mm)
        scale = np.float32(self.view.px_per_mm)
        self.maps.height_hw += height.astype(np.float32) * scale

    def add_texture(self, texture: Texture, share_hw: Floats) -> None:
        """Give the surface its fine structure.

        Args:
            texture: sampled to the view.
            share_hw: float32 (H, W), where and how strongly, [0, 1].
        """
        self.maps.height_hw += texture.height_hw * share_hw
        gain = (1.0 + (texture.gain_hw - 1.0) * share_hw)[..., None]
        self.maps.specular_hwc *= gain
        self.maps.diffuse_hwc *= gain
