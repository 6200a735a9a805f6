import pytest

from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StorageError,
)
from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from tests.store.making import box, label, labeled_image


def test_a_folder_without_a_workspace_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFoundError, match="no workspace in") as caught:
        open_store(tmp_path)
    assert "pitmark new" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_made_once_and_opened_again(folders, tmp_path):
    home = folders.empty(tmp_path / "deep" / "räume 100%")
    with open_store(home, create=True) as store:
        store.create_project("casings", "detection", LabelBook())
    with open_store(home, create=True) as store:
        assert [p.name for p in store.projects()] == ["casings"]
        assert (store.home, store.organisation) == (home, "local")


def test_a_file_in_the_way_of_the_workspace_is_told(tmp_path):
    (tmp_path / "factory").write_text("a file")
    with pytest.raises(StorageError, match="cannot be made"):
        open_store(tmp_path / "factory", create=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pitmark.db").write_text("no database at all, but long enough" * 99)
    with pytest.raises(StorageError, match="is not a database"):
        open_store(tmp_path / "other")


def test_a_project_tells_its_figures(store, project):
    sha = labeled_image(project, "a", box())
    label(project, sha, box(), labeler="bo")
    project.images.add(project.images.get(sha), source="again")
    info = project.info
    assert (info.name, info.task, info.images, info.labeled) == ("casings", "detection", 1, 1)
    store.create_project("atlas", "anomaly", LabelBook())
    assert [p.name for p in store.projects()] == ["atlas", "casings"]
    assert store.project("casings").task == "detection"


@pytest.mark.parametrize(
    "name", ["", "a" * 65, "a/b", "a\\b", "a\nb", "a\x00", "..", " a", "a\u202eb", "\ud800"]
)
def test_impossible_project_names_are_refused(store, name):
    with pytest.raises(InvalidInputError, match="project"):
        store.create_project(name, "detection", LabelBook())
    assert len(store.projects()) == 1


@pytest.mark.parametrize("name", ["x", "a" * 64, "Gehäuse 3 (neu)", "ケース", "a.b-c_d%'\""])
def test_any_readable_name_will_do(store, name):
    store.create_project(name, "classification", LabelBook())
    assert store.project(name).info.name == name


def test_a_second_project_of_a_name_is_refused(store):
    with pytest.raises(ConflictError, match="'casings' exists already"):
        store.create_project("casings", "detection", LabelBook())


def test_an_unknown_task_is_refused_with_those_there_are(store):
    with pytest.raises(InvalidInputError, match="unknown task 'tracking'") as caught:
        store.create_project("x", "tracking", LabelBook())
    assert "segmentation" in caught.value.hint


def test_an_unknown_project_is_refused_with_those_there_are(store):
    with pytest.raises(NotFoundError, match="no project 'nope'") as caught:
        store.project("nope")
    assert "casings" in caught.value.hint


def test_each_project_has_its_own_images_and_working_folder(store, project):
    labeled_image(project, "a", box())
    other = store.create_project("other", "detection", LabelBook())
    assert other.images.count() == 0
    assert other.annotations.consensus() == {}
    assert other.work != project.work
    assert other.work.is_dir()


def test_a_transaction_is_all_or_nothing_and_what_is_nested_joins_it(project):
    def interrupted():
        with project.transaction():
            sha = labeled_image(project, "a", box())
            with project.transaction():
                label(project, sha, box(left=9.0))
            assert len(project.annotations.history(sha)) == 2
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        interrupted()
    assert project.images.count() == 0
    with project.transaction():
        sha = labeled_image(project, "a", box())
    assert len(project.annotations.history(sha)) == 1


def test_an_error_caught_inside_a_transaction_undoes_only_its_own_part(project):
    def interrupted():
        with project.transaction():
            labeled_image(project, "undone", box())
            raise KeyError("inner")

    with project.transaction():
        kept = labeled_image(project, "kept", box())
        with pytest.raises(KeyError, match="inner"):
            interrupted()
    assert [r.sha256 for r in project.images.all()] == [kept]


def test_a_sound_workspace_has_no_problems_and_a_damaged_blob_is_one(store, project):
    sha = labeled_image(project, "a", box())
    assert store.check() == []
    project.blobs.path(sha).write_bytes(b"something else")
    assert [p for p in store.check() if f"blob {sha} was altered" in p]
