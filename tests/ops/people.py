"""Small projects whose images several simulated people have labeled."""

import numpy as np

from pitmark.core.labels import BoxShape, ImageClass, mask_shape, shape_box
from pitmark.ops.labels.study_design import StudyOptions, design_study
from pitmark.store.annotations import NewAnnotation
from pitmark.store.studies import NewAnswer
from tests.ops.report_making import book_of, fill, noisy_images

SIZE_WH = (160, 120)


def project_of(store, task, count=24, **how):
    project = store.create_project(f"casings {task}", task, book_of(**how))
    fill(project, noisy_images(count, size_wh=SIZE_WH))
    return project


def study_in(project, labelers=("anna", "ben", "cy"), *, repeats=2, count=20, **how):
    options = StudyOptions(labelers, repeats=repeats, count=count, name="gauge", **how)
    return design_study(project, options, by="eva")


def said_of(shapes, rng, *, slip=0.0, shift=(0.0, 0.0, 0.0, 0.0)):
    """What somebody says of an image who slips so often and draws edges so."""
    said = []
    for shape in shapes:
        if isinstance(shape, ImageClass):
            label = "dent" if rng.random() < slip else shape.label
            said.append(ImageClass(label))
            continue
        if rng.random() < slip:
            continue
        box = np.clip(np.array(shape_box(shape)) + shift, 0, [*SIZE_WH, *SIZE_WH])
        if isinstance(shape, BoxShape):
            said.append(BoxShape(shape.label, tuple(float(v) for v in box)))
            continue
        mask = np.zeros(SIZE_WH[::-1], dtype=bool)
        x1, y1, x2, y2 = (int(v) for v in box)
        mask[y1:y2, x1:x2] = True
        said.append(mask_shape(shape.label, mask))
    return tuple(said)


def answer_all(project, study, people, *, seed=0):
    """Everybody answers every image in every trial; `people` is name to slips and shift."""
    rng, held = np.random.default_rng(seed), project.annotations.consensus()
    items = [
        NewAnswer(sha, who, trial, said_of(held[sha].shapes, rng, **how))
        for who, how in people.items()
        for trial in range(1, study.repeats + 1)
        for sha in study.images
    ]
    project.studies.add_answers(study.id, items)


def label_all(project, people, *, seed=0):
    """Everybody labels every image in the project itself."""
    rng, held = np.random.default_rng(seed), project.annotations.consensus()
    project.annotations.add_many(
        [
            NewAnnotation(sha, said_of(row.shapes, rng, **how), who, 1)
            for sha, row in held.items()
            for who, how in people.items()
        ]
    )
