"""Small projects with a snapshot, and what synthesis makes of them."""

from pitmark.core.label_book import LabelBook
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.synthesis.images import make_images
from pitmark.ops.synthesis.parts import collect_parts
from tests.ops.toys import class_folder, mask_folder, yolo_folder

FOLDERS = {"detection": yolo_folder, "segmentation": mask_folder}
PLAN = SplitPlan(train=12, val=4)


def project_of(store, tmp_path, task, *, count=24):
    made = store.create_project(task, task, LabelBook())
    folder = tmp_path / task
    import_folder(made, FOLDERS.get(task, class_folder)(folder, count))
    take_snapshot(made, plan=PLAN)
    return made


def label_of(project):
    return project.book.current().defect_names[0]


def parts_of(project, **given):
    images = project.snapshots.load("latest")[1]
    return collect_parts(
        images, pixel_loader(project), label_of(project),
        book=project.book.current(), where={}, **given,
    )  # fmt: skip


def made_of(project, count=6, seed=0):
    book = project.book.current()
    return make_images(
        parts_of(project), count, pixel_loader(project), book=book, task=project.task, seed=seed
    )
