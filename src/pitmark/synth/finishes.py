"""Finishes of the casings that the demo factory makes."""

from dataclasses import dataclass

from pitmark.synth.arrays import Rgb
from pitmark.synth.maps import Material


@dataclass(frozen=True)
class Finish:
    """Color and build of one product variant.

    Attributes:
        name: as the factory calls it.
        texture: key of `surfaces.TEXTURES` for the back.
        back: material of the back.
        frame: material of the rim and the side.
        edge: material of polished edges.
        island: material of the camera plate.
        plastic: material of the antenna lines.
        build: "chamfered" or "rounded" (one piece of metal), or "sandwich" (a glass
            back in a metal frame).
        pill_island: the camera plate is a pill, else a square.
    """

    name: str
    texture: str
    back: Material
    frame: Material
    edge: Material
    island: Material
    plastic: Material
    build: str
    pill_island: bool

    @property
    def is_metal(self) -> bool:
        """Whether the back is metal, which can be dented."""
        return self.build != "sandwich"


def _metal(name: str, texture: str, color: Rgb, plastic: Rgb, build: str) -> Finish:
    red, green, blue = color
    across = {"brushed": (0.07, 0.26)}.get(texture, (0.2, 0.2))
    back = Material((red * 0.16, green * 0.16, blue * 0.16), color, across)
    frame = Material((red * 0.12, green * 0.12, blue * 0.12), color, (0.12, 0.12))
    shiny = (0.35 + 0.6 * red, 0.35 + 0.6 * green, 0.35 + 0.6 * blue)
    edge = Material((0.0, 0.0, 0.0), shiny, (0.055, 0.055))
    island = Material((red * 0.1, green * 0.1, blue * 0.1), color, (0.11, 0.11))
    molded = Material(plastic, (0.035, 0.035, 0.035), (0.25, 0.25))
    return Finish(name, texture, back, frame, edge, island, molded, build, build == "rounded")


def _glass(name: str, color: Rgb, frame: Rgb, *, rough: float, pill: bool) -> Finish:
    coat = (0.043, 0.043, 0.043)
    red, green, blue = frame
    metal = Material((red * 0.1, green * 0.1, blue * 0.1), frame, (0.13, 0.13))
    edge = Material((0.0, 0.0, 0.0), frame, (0.05, 0.05))
    texture = "etched glass" if rough > 0.08 else "glass"
    back = Material(color, coat, (rough, rough))
    # Matte backs carry a glossy plate, glossy ones a matte plate.
    plate = 0.03 if rough > 0.08 else 0.12
    island = Material(color, coat, (plate, plate))
    grey = 0.25 * (red + green + blue) / 3
    molded = Material((grey, grey, grey), (0.035, 0.035, 0.035), (0.25, 0.25))
    return Finish(name, texture, back, metal, edge, island, molded, "sandwich", pill)


FINISHES: dict[str, Finish] = {
    finish.name: finish
    for finish in (
        _metal("silver", "bead-blasted", (0.72, 0.72, 0.71), (0.55, 0.55, 0.54), "chamfered"),
        _metal("graphite", "brushed", (0.30, 0.30, 0.315), (0.05, 0.05, 0.053), "chamfered"),
        _metal("blue", "bead-blasted", (0.12, 0.20, 0.36), (0.035, 0.06, 0.12), "rounded"),
        _metal("champagne", "bead-blasted", (0.74, 0.60, 0.46), (0.6, 0.5, 0.4), "rounded"),
        _glass(
            "black glass", (0.010, 0.010, 0.012), (0.26, 0.26, 0.27), rough=0.03, pill=False
        ),
        _glass("pearl glass", (0.62, 0.61, 0.58), (0.7, 0.68, 0.64), rough=0.035, pill=True),
        _glass("sage glass", (0.13, 0.19, 0.15), (0.45, 0.48, 0.44), rough=0.14, pill=False),
    )
}
