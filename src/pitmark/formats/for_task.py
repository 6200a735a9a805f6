"""Fits the labels of a listing to what they are needed for."""

from __future__ import annotations

from pitmark.core.labels import ImageClass, Shape, Task
from pitmark.formats.listing import ImportedImage, Listing, classes_of, is_good


def fit_task(listing: Listing, task: Task) -> None:
    """Change labels where a task reads them differently.

    For classification, shapes in an image give its class when they agree, and an image
    with nothing marked is good. For the other tasks, the class "good" means that nothing
    is marked. Outlines, masks and boxes stay as they are.

    Args:
        listing: Changed in place; a note counts what could not be decided.
        task: What the labels are for.
    """
    undecided = []
    for image in listing.images:
        fit = _to_class if task == "classification" else _without_good
        image.by_labeler = {who: fit(said) or () for who, said in image.by_labeler.items()}
        if image.shapes is not None:
            image.shapes = fit(image.shapes)
            if image.shapes is None:
                undecided.append(image.name)
    if undecided:
        listing.notes.append(
            f"{len(undecided)} images hold several classes and were left unlabeled"
            f" (first: {undecided[0]})"
        )
    if task in ("detection", "segmentation"):
        _note_whole_images(listing, task)
    found = classes_of(i.shapes for i in listing.images)
    kept = [c for c in listing.classes if task == "classification" or not is_good(c)]
    listing.classes = (*kept, *(c for c in found if c not in kept))
    listing.good_class = next((c for c in listing.classes if is_good(c)), None)


def _to_class(shapes: tuple[Shape, ...]) -> tuple[Shape, ...] | None:
    whole = tuple(s for s in shapes if isinstance(s, ImageClass))
    if whole:
        return whole
    labels = {s.label for s in shapes} or {"good"}
    return (ImageClass(labels.pop()),) if len(labels) == 1 else None


def _without_good(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    return tuple(s for s in shapes if not (isinstance(s, ImageClass) and is_good(s.label)))


def _note_whole_images(listing: Listing, task: Task) -> None:
    def only_class(image: ImportedImage) -> bool:
        return bool(image.shapes) and all(isinstance(s, ImageClass) for s in image.shapes or ())

    count = sum(only_class(i) for i in listing.images)
    if count:
        listing.notes.append(
            f"{count} images have only a class, without a place, which {task} cannot learn from"
        )
