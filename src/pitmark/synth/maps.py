"""The state of a surface before any light falls on it."""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats, Rgb, planar

Window = tuple[slice, slice]
EVERYWHERE: Window = (slice(None), slice(None))


@dataclass(frozen=True)
class Material:
    """What a surface is made of, as far as light is concerned.

    Attributes:
        diffuse: linear RGB albedo in [0, 1].
        specular: linear RGB reflectance seen head-on, in [0, 1].
        roughness: standard deviation of the facets' slopes along x and along y.
    """

    diffuse: Rgb
    specular: Rgb
    roughness: tuple[float, float]


@dataclass
class SurfaceMaps:
    """Height and material of every pixel; painted in place, then lit.

    Attributes:
        height_hw: float32 relief in pixels, up is positive.
        diffuse_hwc: float32 (H, W, 3) linear albedo.
        specular_hwc: float32 (H, W, 3) linear reflectance seen head-on.
        roughness_hw2: float32 (H, W, 2) slope deviation along x and y.
        open_hw: float32 share of the light that reaches the pixel, [0, 1].
    """

    height_hw: Floats
    diffuse_hwc: Floats
    specular_hwc: Floats
    roughness_hw2: Floats
    open_hw: Floats

    @classmethod
    def of(cls, shape_hw: tuple[int, int], material: Material) -> "SurfaceMaps":
        """A flat surface of one material.

        Args:
            shape_hw: height and width in pixels.
            material: what it is made of.

        Returns:
            New maps.
        """

        def filled(values: tuple[float, ...]) -> Floats:
            plane = planar(shape_hw, len(values))
            plane[:] = np.asarray(values, np.float32)
            return plane

        return cls(
            np.zeros(shape_hw, np.float32),
            filled(material.diffuse),
            filled(material.specular),
            filled(material.roughness),
            np.ones(shape_hw, np.float32),
        )

    def cover(self, cover_hw: Floats, material: Material, window: Window = EVERYWHERE) -> None:
        """Lay a material over part of the surface.

        Args:
            cover_hw: float32 share covered, [0, 1], of the window's shape.
            material: the new material.
            window: rows and columns it applies to.
        """
        rest = 1.0 - cover_hw
        for plane, values in (
            (self.diffuse_hwc, material.diffuse),
            (self.specular_hwc, material.specular),
            (self.roughness_hw2, material.roughness),
        ):
            part = plane[window]
            for channel, value in enumerate(values):
                part[..., channel] *= rest
                part[..., channel] += cover_hw * np.float32(value)
