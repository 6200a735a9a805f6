"""The three cameras of the demo line: their lights, their optics, their sensors."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pitmark.synth.arrays import Bytes, Floats, Rgb, blur, resize
from pitmark.synth.lighting import Lamp, Rig

_ADC_LEVELS = 1 << 14


@dataclass(frozen=True)
class Camera:
    """A camera with its lights.

    Attributes:
        name: as the metadata calls it.
        rig: the lights of its station.
        exposure: factor from scene light to sensor signal, 1 being full scale.
        balance: linear RGB gains left over after white balance.
        blur_px: standard deviation of the lens blur at 448 pixels width.
        electrons: full well; fewer means more shot noise.
        read_noise: standard deviation of the read noise, in full scales.
        vignette: loss of light in the corners, [0, 1].
        veil: share of the scene's light scattered over the image.
        saturation: 1 keeps colors, less pales them.
    """

    name: str
    rig: Rig
    exposure: float
    balance: Rgb
    blur_px: float
    electrons: float
    read_noise: float
    vignette: float
    veil: float
    saturation: float


def _ring(left: float, top: float, right: float, bottom: float) -> tuple[Lamp, ...]:
    """Four narrow bars around the part, by brightness."""
    return (
        Lamp((-0.70, 0.0), (0.12, 0.62), left),
        Lamp((0.0, -0.70), (0.62, 0.12), top),
        Lamp((0.70, 0.0), (0.12, 0.62), right),
        Lamp((0.0, 0.70), (0.62, 0.12), bottom),
    )


_SOFT_BOX = Rig(
    (
        Lamp((-0.20, -0.22), (0.27, 0.24), 1.25),
        Lamp((0.26, 0.20), (0.035, 0.05), 9.0),
        *_ring(1.8, 2.6, 0.9, 0.45),
    ),
    0.10,
    (1.0, 0.985, 0.95),
    (0.90, 0.97, 1.10),
    (0.17, 0.13),
)
_TIRED_TUBE = Rig(
    (Lamp((0.10, -0.10), (0.42, 0.36), 0.40), *_ring(0.25, 0.55, 0.35, 0.2)),
    0.085,
    (1.0, 0.95, 0.82),
    (1.0, 0.96, 0.88),
    (0.12, 0.10),
)
_BAR_LIGHTS = Rig(
    (
        Lamp((0.0, -0.17), (0.9, 0.09), 1.6),
        Lamp((0.12, 0.30), (0.6, 0.05), 1.1),
        *_ring(0.8, 2.0, 0.8, 0.5),
    ),
    0.09,
    (0.96, 1.0, 1.05),
    (1.0, 0.96, 0.90),
    (0.30, 0.04),
)

CAMERAS: dict[str, Camera] = {
    camera.name: camera
    for camera in (
        Camera("cam1", _SOFT_BOX, 0.95, (1.0, 1.0, 1.0), 0.62, 9000, 0.0016, 0.20, 0.020, 1.0),
        Camera(
            "cam2", _TIRED_TUBE, 0.62, (1.0, 0.99, 0.93), 0.78, 3200, 0.0030, 0.30, 0.028, 0.9
        ),
        Camera(
            "cam3", _BAR_LIGHTS, 0.92, (0.985, 1.0, 1.03), 0.60, 8000, 0.0018, 0.16, 0.018, 1.0
        ),
    )
}


def drifted(camera: Camera, amount: float = 1.0) -> Camera:
    """The same camera after its lamps were exchanged and its lens was knocked.

    Args:
        camera: the camera as it was.
        amount: 0 for no change, 1 for the change that the demo plants.

    Returns:
        Brighter, colder, hazier and slightly out of focus.
    """
    red, green, blue = camera.balance
    balance = (red * (1 - 0.07 * amount), green, blue * (1 + 0.11 * amount))
    return replace(
        camera,
        exposure=camera.exposure * (1 + 0.27 * amount),
        balance=balance,
        blur_px=camera.blur_px + 0.35 * amount,
        veil=camera.veil + 0.05 * amount,
    )


@lru_cache(maxsize=8)
def _vignette(shape_hw: tuple[int, int], strength: float) -> Floats:
    height, width = shape_hw
    y = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None] * np.float32(0.72)
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
    radius2 = (x * x + y * y) / np.float32(1.52)
    falloff: Floats = 1.0 - np.float32(strength) * (0.75 * radius2 + 0.25 * radius2**2)
    falloff.setflags(write=False)
    return falloff[..., None]


@lru_cache(maxsize=1)
def _tone_curve() -> Floats:
    """Display value 0-255 of every sensor level: sRGB with a soft shoulder."""
    light = np.arange(_ADC_LEVELS, dtype=np.float64) / (_ADC_LEVELS - 1) * 1.6
    knee = 0.72
    over = np.maximum(light - knee, 0.0)
    rolled = np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    curve = np.where(rolled <= 0.0031308, 12.92 * rolled, 1.055 * rolled ** (1 / 2.4) - 0.055)
    return (255.0 * curve).astype(np.float32)


def _scatter(light_hwc: Floats, veil: float) -> Floats:
    """Glare: bright places spread a little light over their surroundings."""
    height, width, _ = light_hwc.shape
    small_wh = (max(2, width // 16), max(2, height // 16))
    spread = light_hwc * np.float32(1 - veil)
    for c in range(3):
        small = resize(np.ascontiguousarray(light_hwc[..., c]), small_wh, smooth=False)
        spread[..., c] += resize(blur(small, 2.0), (width, height)) * np.float32(veil)
    return spread


def _developed(signal_hwc: Floats, saturation: float) -> Bytes:
    """Tone curve, then the color resolution that a JPEG leaves (half, in both axes)."""
    levels = np.clip(signal_hwc * np.float32((_ADC_LEVELS - 1) / 1.6), 0, _ADC_LEVELS - 1)
    shown = np.take(_tone_curve(), levels.astype(np.int32))
    luma = 0.299 * shown[..., 0] + 0.587 * shown[..., 1] + 0.114 * shown[..., 2]
    height, width = luma.shape
    half_wh = (max(1, width // 2), max(1, height // 2))
    out = np.empty_like(shown)
    for channel in (0, 2):
        chroma = np.ascontiguousarray(shown[..., channel] - luma)
        soft = resize(resize(chroma, half_wh, smooth=False), (width, height))
        out[..., channel] = luma + soft * np.float32(saturation)
    out[..., 1] = (luma - 0.299 * out[..., 0] - 0.114 * out[..., 2]) / np.float32(0.587)
    return np.ascontiguousarray(np.clip(out + 0.5, 0, 255).astype(np.uint8))


def photograph(light_hwc: Floats, camera: Camera, rng: np.random.Generator) -> Bytes:
    """The picture a camera takes of the light that reaches it.

    Args:
        light_hwc: float32 (H, W, 3), linear scene light.
        camera: optics and sensor.
        rng: noise and lamp flicker.

    Returns:
        uint8 (H, W, 3).
    """
    height, width, _ = light_hwc.shape
    flicker = np.float32(camera.exposure * (1.0 + 0.012 * rng.standard_normal()))
    sharp = _scatter(light_hwc, camera.veil)
    seen = blur(sharp, camera.blur_px * width / 448)
    seen = seen * _vignette((height, width), camera.vignette)
    seen *= flicker * np.asarray(camera.balance, np.float32)
    grain = np.moveaxis(rng.standard_normal((3, height, width), dtype=np.float32), 0, -1)
    spread = np.sqrt(
        np.maximum(seen, 0.0) / np.float32(camera.electrons) + np.float32(camera.read_noise**2)
    )
    # Demosaicing correlates the noise of neighbors a little.
    seen += blur(grain * spread, 0.45) * np.float32(1.25)
    return _developed(seen, camera.saturation)
