"""What to label next and what to learn from, for the Python API."""

from __future__ import annotations

from pathlib import Path

from pitmark.core.progress import Reporter, silent
from pitmark.ops.coresets import CoresetChoice, choose_coreset
from pitmark.ops.feasibility import Feasibility, assess
from pitmark.ops.selecting import NextLabels, SelectOptions, next_labels, write_list
from pitmark.store.db import ProjectStore


def select(
    store: ProjectStore,
    count: int,
    *,
    options: SelectOptions | None = None,
    out: str | Path | None = None,
    report: Reporter = silent,
) -> NextLabels:
    """The images to label next, each with a reason.

    Args:
        store: Of the project.
        count: How many.
        options: Strategy, bounds and seed.
        out: Also write the list to this file, JSON or CSV.
        report: Told of the progress.

    Returns:
        The images, and how choosing did against drawing at random.
    """
    found = next_labels(store, count, options=options, report=report)
    if out is not None:
        write_list(found.chosen, Path(out))
    return found


def coreset(
    store: ProjectStore,
    count: int,
    *,
    snapshot: str = "latest",
    save: bool = False,
    out: str | Path | None = None,
    report: Reporter = silent,
) -> CoresetChoice:
    """The training images to learn from where there are too many.

    Args:
        store: Of the project.
        count: How many to keep.
        snapshot: Whose training images.
        save: Also freeze a snapshot that trains on those only.
        out: Also write the list to this file, JSON or CSV.
        report: Told of the progress.

    Returns:
        The images and the expected loss.
    """
    found = choose_coreset(store, count, snapshot=snapshot, save=save, report=report)
    if out is not None:
        write_list(found.chosen, Path(out))
    return found


def feasibility(
    store: ProjectStore, *, most: int = 50, report: Reporter = silent
) -> Feasibility:
    """Whether the first images promise a model, and what to change in the imaging.

    Args:
        store: Of the project.
        most: Look at so many images, spread over all.
        report: Told of the progress.

    Returns:
        Verdict, reasons and figures.
    """
    return assess(store, most=most, report=report)
