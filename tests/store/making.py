"""Small real data for the tests of the store."""

from pitmark.core.labels import BoxShape, shapes_hash
from pitmark.core.records import ImageRecord, Snapshot, SnapshotItem


def box(label="scratch", left=1.0, side=10.0):
    return BoxShape(label, (left, 2.0, left + side, 2.0 + side))


def add_image(project, name, *, content=None, **about):
    """Put bytes and a record for them; gives the sha256."""
    sha = project.blobs.put((content or name).encode())
    project.images.add(ImageRecord(sha, 64, 48, "L", name, **about), source="photos")
    return sha


def add_images(project, names, **about):
    """Many at once; gives the sha256 of each."""
    shas = project.blobs.put_many([n.encode() for n in names])
    records = [
        ImageRecord(s, 64, 48, "L", n, **about) for s, n in zip(shas, names, strict=True)
    ]
    project.images.add_many([(r, "photos") for r in records])
    return shas


def label(project, sha, *shapes, labeler="ann", **how):
    return project.annotations.add(sha, shapes, labeler=labeler, book_revision=1, **how)


def labeled_image(project, name, *shapes, **about):
    sha = add_image(project, name, **about)
    label(project, sha, *shapes)
    return sha


def snapshot_of(project, splits=None):
    """The snapshot of all images, unlabeled ones included."""
    held = project.annotations.consensus()
    items = [
        SnapshotItem(
            r.sha256,
            shapes_hash(held[r.sha256].shapes) if r.sha256 in held else "",
            (splits or {}).get(r.name, "train"),
            r.reference or "",
        )
        for r in project.images.iterate()
    ]
    ids = {i.sha256: held[i.sha256].id if i.sha256 in held else None for i in items}
    snapshot = Snapshot.of(items, project.book.current().names)
    return snapshot, project.snapshots.save(snapshot, ids, note="n", book_revision=1)
