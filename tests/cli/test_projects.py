import io

import pytest

import pitmark as python_api
from tests.ops.toys import class_folder


@pytest.fixture
def home(tmp_path):
    """Two projects; "parts" has 24 images."""
    with python_api.open(tmp_path / "home") as workspace:
        project = workspace.create_project("parts", task="classification")
        project.import_folder(class_folder(tmp_path / "in"))
        workspace.create_project("plates", task="anomaly")
    return tmp_path / "home"


def names(home):
    with python_api.open(home) as workspace:
        return [p.name for p in workspace.projects()]


def test_a_project_keeps_its_images_under_another_name(home, pitmark_in):
    pitmark = pitmark_in(home)
    assert pitmark("rename", "parts", "gears")[1] == {"project": "gears", "was": "parts"}
    assert {r["project"]: r["images"] for r in pitmark("status")[1]} == {
        "gears": 24,
        "plates": 0,
    }
    status, _, error = pitmark("rename", "gears", "plates")
    assert status == 1
    assert "exists already" in error


def test_a_project_is_removed_only_when_that_was_meant(home, pitmark_in, monkeypatch):
    pitmark = pitmark_in(home)
    status, _, error = pitmark("delete", "parts")
    assert status == 2
    assert "--yes" in error
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, told, _ = pitmark("delete", "parts", as_json=False)
    assert status == 130
    assert "24 images" in told
    assert names(home) == ["parts", "plates"]
    assert pitmark("delete", "parts", "--yes")[1] == {"deleted": "parts", "images": 24}
    assert pitmark("delete", "parts", "--yes")[0] == 1
    assert names(home) == ["plates"]
