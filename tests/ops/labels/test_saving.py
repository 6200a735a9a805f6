import threading

import pytest

from pitmark.core.errors import ConflictError, InvalidLabelError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.ops.labels.labeling import take_back
from pitmark.ops.labels.saving import LabelSaver, LabelsToSave
from pitmark.store.db import open_store
from tests.store.making import add_images, box

BOOK = LabelBook().with_classes(["scratch", "dent"])


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        yield store.create_project("parts", "detection", BOOK)


def test_fifty_people_who_save_at_once_are_all_heard(project):
    shas = add_images(project, [f"{n}" for n in range(50)])
    saver, gate, saved = LabelSaver(project), threading.Barrier(50), {}

    def save(number):
        gate.wait()
        for turn in range(3):
            new = LabelsToSave(
                shas[number], (box(left=1.0 + turn),), f"p{number}", key=f"k{turn}"
            )
            saved[number, turn] = saver.save(new).history[-1]

    threads = [threading.Thread(target=save, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(saved) == 150
    for number, sha in enumerate(shas):
        assert project.annotations.history(sha) == [saved[number, t] for t in range(3)]


def test_a_save_that_cannot_be_does_not_keep_others_from_being_saved(project):
    one, two = add_images(project, ["a", "b"])
    saver = LabelSaver(project)
    saver.save(LabelsToSave(one, (box(),), "ann", key="used"))
    gate, outcome = threading.Barrier(12), {}

    def save(number):
        gate.wait()
        try:
            # Every third reuses the key of another image.
            key = "used" if number % 3 == 0 else f"{number}"
            new = LabelsToSave(two, (box(left=1.0 + number),), "ann", key=key)
            outcome[number] = (box(left=1.0 + number),) in [
                r.shapes for r in saver.save(new).history
            ]
        except ConflictError:
            outcome[number] = None

    threads = [threading.Thread(target=save, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcome == {n: None if n % 3 == 0 else True for n in range(12)}
    assert len(project.annotations.history(two)) == 8


def test_impossible_labels_are_refused_before_anything_is_written(project):
    (sha,) = add_images(project, ["a"])
    saver = LabelSaver(project)
    with pytest.raises(InvalidLabelError, match="lies off the image"):
        saver.save(LabelsToSave(sha, (box(left=100.0),), "ann"))
    with pytest.raises(InvalidLabelError, match="rust"):
        saver.save(LabelsToSave(sha, (box("rust"),), "ann"))
    with pytest.raises(NotFoundError, match="no image"):
        saver.save(LabelsToSave("0" * 64, (), "ann"))
    assert project.annotations.history(sha) == []


def test_a_class_that_is_taken_out_of_the_book_meanwhile_is_not_saved(project):
    (sha,) = add_images(project, ["a"])
    saver, outcome = LabelSaver(project), []

    def save():
        try:
            outcome.append(saver.save(LabelsToSave(sha, (box("dent"),), "ann")))
        except InvalidLabelError as error:
            outcome.append(error)

    thread = threading.Thread(target=save)
    with project.transaction():
        # The save has come as far as it can before the book changes.
        thread.start()
        thread.join(0.3)
        project.book.save(LabelBook().with_classes(["scratch"]), "eva")
    thread.join(60)
    (error,) = outcome
    with pytest.raises(InvalidLabelError, match="dent"):
        raise error
    assert project.annotations.history(sha) == []


def test_an_image_of_which_everything_is_taken_back_is_not_labeled(project):
    one, two = add_images(project, ["a", "b"])
    saver = LabelSaver(project)
    for sha in (one, two):
        saver.save(LabelsToSave(sha, (box(),), "ann"))
    saver.save(LabelsToSave(one, (), "ann"))
    told = take_back(project, one, labeler="ann")
    assert told.held is None
    assert [row.withdraws is None for row in told.history] == [True, True, False, False]
    assert set(project.annotations.consensus()) == {two}
    assert project.info.labeled == 1
    # The same may be said again.
    again = saver.save(LabelsToSave(one, (box(),), "ann"))
    assert again.held.shapes == (box(),)
    assert project.info.labeled == 2
    # A decision of a reviewer is none of the labeler's words.
    project.annotations.add(one, (), labeler="ann", book_revision=1, review=True)
    assert take_back(project, one, labeler="ann").held.review
