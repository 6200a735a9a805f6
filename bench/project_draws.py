"""Labeled images of a project drawn over as many groups as there are.

`pitmark snapshot --train 40` takes whole groups, as it must for one's own data: of a set in
which every part was photographed six times, 40 images then show seven parts, and of each
rare class always the same few, since large groups go where most is missed. Here a draw
takes one image of a part before it takes a second one, no class is overlooked, and the
other images of those parts are left out.
"""

from __future__ import annotations

from pathlib import Path

from bench.sets import NO_DEFECT, Picture, PictureSet, draw
from pitmark.core.labels import shapes_hash
from pitmark.core.records import LabeledImage, Snapshot, SnapshotItem
from pitmark.core.splits import SplitItem, assign_parts
from pitmark.store.db import ProjectStore
from pitmark.train.settings import image_label
from pitmark.workspace.home import Workspace


def spread_snapshot(
    home: Path, everything: str, budget: int, seed: int, *, val_share: float
) -> str:
    """Freeze a draw from the only project of a workspace.

    Args:
        home: Folder of the workspace.
        everything: Id of a snapshot of all its images.
        budget: Labeled images, those for validation among them.
        seed: Of the draw.
        val_share: Share of them that chooses thresholds.

    Returns:
        The id of the snapshot.
    """
    with Workspace.open(home, create=False) as workspace:
        project = workspace.project().store
        _, images = project.snapshots.load(everything)
        split = split_over_groups(images, budget, seed, val_share=val_share)
        return _kept(project, [i for i in images if i.image.sha256 in split], split)


def split_over_groups(
    images: list[LabeledImage], budget: int, seed: int, *, val_share: float
) -> dict[str, str]:
    """The split of every image of a draw by its sha256; no group is in two splits.

    Args:
        images: Labeled ones.
        budget: Images of train and val together.
        seed: Of the draw.
        val_share: Share of the budget for val.

    Returns:
        sha256 to train, val or test, without the images that are left out.
    """
    pictures = tuple(
        Picture(
            Path(), i.image.sha256, image_label(i.shapes or ()) or NO_DEFECT, i.image.group_key
        )
        for i in sorted(images, key=lambda i: i.image.sha256)
    )
    labeled, test = draw(PictureSet("project", pictures, None), budget, seed)
    chosen = [pictures[n] for n in labeled]
    parts = assign_parts(
        [SplitItem(p.name, p.group, (p.label,)) for p in chosen],
        {"train": 1 - val_share, "val": val_share},
        seed=seed,
    )
    return parts | {pictures[n].name: "test" for n in test}


def _kept(project: ProjectStore, images: list[LabeledImage], split: dict[str, str]) -> str:
    labels = project.annotations.consensus()
    book = project.book.current()
    items = [
        SnapshotItem(
            i.image.sha256,
            shapes_hash(i.shapes or ()),
            split[i.image.sha256],  # type: ignore[arg-type]
            i.image.reference or "",
        )
        for i in images
    ]
    info = project.snapshots.save(
        Snapshot.of(items, book.names),
        {i.image.sha256: labels[i.image.sha256].id for i in images},
        note="a draw over groups",
        book_revision=book.revision,
    )
    return info.id
