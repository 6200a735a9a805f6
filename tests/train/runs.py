"""Settings and short cuts for training at toy size."""

from __future__ import annotations

from pitmark.train.loop import fit
from pitmark.train.planning import plan_inspector
from pitmark.train.settings import TrainSettings

TASKS = ("classification", "detection", "segmentation", "anomaly")


def tiny(**changes):
    """Settings of the smallest run that still learns something."""
    return TrainSettings(
        **{
            "preset": "fast",
            "input_wh": (64, 64),
            "image_steps": 24,
            "threads": 1,
            "precision": "fp32",
            **changes,
        }
    )


def planned(toys, settings=None):
    return plan_inspector(toys.images, toys.book, toys.task, settings or tiny())


def trained(toys, settings=None, **more):
    settings = settings or tiny()
    return fit(toys.images, toys.load, planned(toys, settings), settings, **more)


def same_weights(one, other):
    left, right = one.network.state_dict(), other.network.state_dict()
    return left.keys() == right.keys() and all((left[k] == right[k]).all() for k in left)
