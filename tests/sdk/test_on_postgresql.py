"""A server whose workspace keeps its data in PostgreSQL: people, jobs, gallery, labels."""

import pytest

import pitmark
from pitmark.core.labels import BoxShape
from tests.ops.toys import yolo_folder
from tests.sdk.conftest import WHO, Serving, add_person


@pytest.fixture
def home(postgresql, tmp_path):
    """A workspace folder whose data is in a database of the server."""
    name = postgresql.create()
    folder = tmp_path / "home"
    with pitmark.open(folder, database_url=postgresql.url(name)):
        pass
    yield folder
    postgresql.drop(name)


def test_a_server_works_on_postgresql_as_on_a_file(home, tmp_path):
    with Serving(home) as serving, pitmark.connect(serving.url, add_person(home)) as workspace:
        project = workspace.create_project("plates", task="detection")
        summary = project.import_folder(yolo_folder(tmp_path / "photos", 12))
        assert (summary.added, summary.labeled) == (12, 12)
        assert len(project.images("class = dent and labeled = yes")) == 6
        image = next(iter(project.images("class != dent")))
        project.annotate(image.name, [BoxShape("dent", (1.0, 2.0, 9.5, 12.0))])
        assert [i.name for i in project.images(f'labeler = "{WHO}"')] == [image.name]
        first = project.snapshot(note="first")
        assert (first.images, first.labeled) == (12, 12)
        assert project.snapshot().id == first.id
        assert project.data.duplicates(embed=False).to_json()["images"] == 12
        done = project.export(tmp_path / "out", format="yolo")
        assert done.files == 12
        (told,) = workspace.projects()
        assert (told.images, told.labeled) == (12, 12)
        workspace.delete_project("plates")
        assert workspace.projects() == []
    with pitmark.open(home) as local:
        assert local.projects() == []
    assert not (home / "pitmark.db").exists()
