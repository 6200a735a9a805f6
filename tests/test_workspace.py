import subprocess
import sys

import pytest

import pitmark
from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.ops.images.importing import ImportOptions
from pitmark.ops.labels.study_design import StudyOptions
from tests.ops.toys import QUICK, QUICK_AUDIT, class_folder


def test_the_loop_in_python_as_the_readme_shows_it(tmp_path):
    with pitmark.open(tmp_path / "factory") as workspace:
        project = workspace.create_project("parts", task="classification")
        options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=("part",))
        assert project.import_folder(class_folder(tmp_path / "in"), options=options).added == 24
        run = project.train(options=QUICK)
        assert set(run.metrics) >= {"accuracy", "AUROC"}
        project.audit(options=QUICK_AUDIT)
        for finding in list(project.findings(limit=2)):
            assert project.settle(finding.id, "dismiss", by="eva").state == "dismissed"
        made = project.release(tmp_path / "parts.pitmark")
        assert made.path.stat().st_size == made.size_bytes
        for shown in (project.images(), project.findings(), run):
            assert shown._repr_html_().lstrip().startswith("<")


def test_a_workspace_is_found_again_with_its_projects(tmp_path):
    with pitmark.open(tmp_path / "factory") as workspace:
        workspace.create_project("one", task="detection")
    with pitmark.open(tmp_path / "factory", create=False) as workspace:
        assert workspace.project().name == "one"
        workspace.create_project("two", task="anomaly")
        with pytest.raises(NotFoundError, match="there are 2 projects"):
            workspace.project()


def test_a_workspace_that_does_not_exist_is_not_made_by_mistake(tmp_path):
    with pytest.raises(NotFoundError, match="no workspace"):
        pitmark.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_an_unknown_task_is_refused(tmp_path):
    with (
        pitmark.open(tmp_path / "factory") as workspace,
        pytest.raises(InvalidInputError, match="unknown task 'counting'"),
    ):
        workspace.create_project("one", task="counting")


def test_people_are_compared_and_joined_in_python(tmp_path):
    folder = class_folder(tmp_path / "in", 8)
    with pitmark.open(tmp_path / "factory") as workspace:
        project = workspace.create_project("parts", task="classification")
        for labeler in ("anna", "ben"):
            project.import_folder(folder, options=ImportOptions(labeler=labeler))
        study = project.labels.design_study("anna", "ben", options=StudyOptions((), 1, 6))
        for labeler in ("anna", "ben"):
            assert project.labels.add_answers(study.id, labeler=labeler).added == 6
        assert project.labels.studies()[0].complete
        report = project.labels.agreement(study.id)
        assert report.to_json()["figures"][0]["alpha"]["value"] == 1
        joined = project.labels.consensus()
        assert len(joined) == 8
        assert len(joined.apply(by="eva").written) == 8
        for shown in (report, joined):
            assert shown._repr_html_().lstrip().startswith("<")


def test_opening_a_workspace_loads_neither_torch_nor_all_of_scipy():
    code = "import sys, pitmark.workspace.home; print(sorted(set(sys.modules) & NOT_YET))"
    named = "{'torch', 'scipy.stats', 'scipy.optimize', 'pitmark.workspace.data'}"
    done = subprocess.run(
        [sys.executable, "-c", code.replace("NOT_YET", named)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
