"""Small folders as a customer has them, and quick options to train on them."""

import numpy as np
from PIL import Image

from pitmark.ops.models.out_of_fold import AuditOptions
from pitmark.ops.models.train_options import TrainOptions

QUICK = TrainOptions(preset="fast", image_steps=48, side_px=64, threads=1)
QUICK_AUDIT = AuditOptions(preset="fast", folds=2, image_steps=32, side_px=64, threads=1)


def part(index, *, defect):
    """A 64 x 48 part of grey noise, with a bright square or none: pixels and its box."""
    rng = np.random.default_rng([index, 5])
    pixels = rng.integers(90, 130, (48, 64), dtype=np.uint8)
    if not defect:
        return pixels, None
    x, y = int(rng.integers(2, 50)), int(rng.integers(2, 34))
    pixels[y : y + 10, x : x + 10] = 230
    return pixels, (x, y, x + 10, y + 10)


def class_folder(root, count=24):
    """`good` and `dent` in folders of their own."""
    for index in range(count):
        name = "dent" if index % 2 else "good"
        (root / name).mkdir(parents=True, exist_ok=True)
        pixels, _ = part(index, defect=index % 2 == 1)
        Image.fromarray(pixels).save(
            root / name / f"cam{index % 3}_p{index // 2:03d}_{index}.png"
        )
    return root


def mask_folder(root, count=24):
    """Images with a mask of the same name beside them where there is a defect."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        pixels, box = part(index, defect=index % 2 == 1)
        mask = np.zeros_like(pixels)
        if box is not None:
            mask[box[1] : box[3], box[0] : box[2]] = 255
        Image.fromarray(pixels).save(root / "images" / f"part{index:03d}.png")
        Image.fromarray(mask).save(root / "masks" / f"part{index:03d}.png")
    return root


def pair_folder(root, count=24):
    """The same as `yolo_folder`, each with its part without the defect as NAME_ref.png."""
    yolo_folder(root, count)
    for index in range(count):
        pixels, box = part(index, defect=index % 2 == 1)
        if box is not None:
            pixels[box[1] : box[3], box[0] : box[2]] = 110
        Image.fromarray(pixels).save(root / "images" / f"part{index:03d}_ref.png")
    return root


def yolo_folder(root, count=24):
    """Images and boxes of one class in YOLO's layout."""
    for name in ("images", "labels"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "data.yaml").write_text("names: [dent]\n")
    for index in range(count):
        pixels, box = part(index, defect=index % 2 == 1)
        Image.fromarray(pixels).save(root / "images" / f"part{index:03d}.png")
        line = ""
        if box is not None:
            x, y = (box[0] + box[2]) / 128, (box[1] + box[3]) / 96
            line = f"0 {x} {y} {10 / 64} {10 / 48}\n"
        (root / "labels" / f"part{index:03d}.txt").write_text(line)
    return root
