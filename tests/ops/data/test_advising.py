import re

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass, shapes_hash
from pitmark.ops.data.advice_pages import job_of, page_of
from pitmark.ops.data.advising import advise
from pitmark.ops.data.grouping import propose_groups
from pitmark.ops.data.looks import keep_look
from pitmark.ops.data.needs import find_needs
from pitmark.ops.data.shortcuts import project_shortcuts
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.labeling import annotate
from pitmark.ops.models.training import train
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.toys import QUICK, class_folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("advice") / "home", create=True) as opened:
        yield opened


def kinds(project):
    return [a.kind for a in advise(project).actions]


def imported(store, name, folder, *, grouped=True):
    project = store.create_project(name, "classification", LabelBook())
    by = ("part",) if grouped else ()
    options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=by)
    import_folder(project, class_folder(folder, count=32), options=options)
    return project


def test_an_empty_project_is_told_to_import(store):
    project = store.create_project("empty", "detection", LabelBook())
    found = advise(project)
    assert found.actions[0].kind == "import"
    assert "pitmark import FOLDER" in "\n".join(found.sentences())


def test_a_labeled_project_is_led_from_trust_to_gain_to_release(store, tmp_path):
    project = imported(store, "parts", tmp_path, grouped=False)
    first = kinds(project)
    # What other figures rest on stands before what may make the model better.
    assert first.index("groups") < first.index("audit") < first.index("train")
    assert first[0] == "feasibility"

    take_snapshot(project)
    train(project, options=QUICK)
    find_needs(project)
    second = kinds(project)
    assert "feasibility" not in second
    assert "needs" not in second
    assert "release" in second
    assert second.index("audit") < second.index("release")

    image = next(r for r in project.images.all() if r.name.startswith("good/"))
    annotate(project, image.name, (ImageClass("dent"),), labeler="eva")
    changed = next(a for a in advise(project).actions if a.kind == "train")
    assert changed.why.startswith("1 images were labeled anew")
    assert changed.command == "pitmark snapshot && pitmark train"


def test_wrong_labels_of_test_images_come_first_and_counts_carry_an_interval(store, tmp_path):
    project = imported(store, "doubtful", tmp_path)
    take_snapshot(project)
    _, images = project.snapshots.load("latest")
    found = [
        NewFinding(
            kind="wrong_class",
            sha256=i.image.sha256,
            shape_index=None,
            score=0.7,
            why="planted",
            suggestion=(ImageClass("dent"),),
            labels_hash=shapes_hash(i.shapes or ()),
        )
        for i in images
        if i.image.name.startswith("good/")
    ]
    project.findings.save(found, source="audit")
    run = project.runs.create("audit", project.snapshots.info().id, {}, 0)
    blob = project.blobs.put(b'{"labels": {}, "groups": [], "faults": [], "slices": []}')
    project.runs.finish(run.id, metrics={}, inspector=None, artifacts={"audit": blob})
    actions = advise(project).actions
    review = [a for a in actions if a.kind == "review"]
    assert [a.stage for a in review] == ["trust", "improve"]
    assert actions.index(review[0]) < actions.index(review[1])
    wrong = re.search(
        r"About (\d+) wrong labels are expected .* \((\d+) to (\d+)\)", review[1].why
    )
    expected, low, high = (int(n) for n in wrong.groups())
    assert 0 <= low < expected < high <= len(found)
    assert all(a.command.startswith("pitmark ") and a.minutes > 0 for a in actions)


def test_a_confirmed_weak_slice_is_advice_with_its_command(store, tmp_path):
    project = imported(store, "slices", tmp_path)
    take_snapshot(project)
    told = (
        b'{"labels": {}, "groups": [], "faults": [], "slices": [{"name": "camera cam2",'
        b' "rule": {"camera": "cam2"}, "sentence": "camera cam2: 8 of 10 fail"}]}'
    )
    run = project.runs.create("audit", project.snapshots.info().id, {}, 0)
    artifacts = {"audit": project.blobs.put(told)}
    project.runs.finish(run.id, metrics={}, inspector=None, artifacts=artifacts)
    one = next(a for a in advise(project).actions if a.kind == "weak slice")
    assert "camera cam2" in one.title
    assert one.command == "pitmark slices"


def test_the_list_can_be_cut_and_says_so(store, tmp_path):
    project = imported(store, "cut", tmp_path, grouped=False)
    found = advise(project)
    assert len(found.actions) > 2
    lines = found.sentences(2)
    assert lines[-1] == f"... and {len(found.actions) - 2} more."
    assert len(found.to_json()["actions"]) == len(found.actions)


def test_nobody_is_sent_to_look_again_for_what_was_looked_for(store, tmp_path):
    project = imported(store, "looked", tmp_path, grouped=False)
    asked = {a.command for a in advise(project).actions}
    assert {"pitmark groups propose", "pitmark shortcuts"} <= asked
    best = propose_groups(project, embed=False).keys
    found = project_shortcuts(project)
    after = [a.command for a in advise(project).actions]
    assert "pitmark groups propose" not in after
    assert [c for c in after if c.startswith("pitmark groups accept ")] == [
        f"pitmark groups accept {k.key}" for k in best[:1]
    ]
    assert ("pitmark shortcuts" in after) == any(s.verdict == "shortcut" for s in found)


def test_no_button_offers_to_take_other_pictures(store, tmp_path):
    project = imported(store, "shortcut", tmp_path, grouped=False)
    labeled = len(project.annotations.consensus())
    keep_look(project, "shortcuts", labeled, {"found": ["The frame tells scratch from good."]})
    one = next(a for a in advise(project).actions if a.kind == "conditions")
    assert one.why == "The frame tells scratch from good."
    assert (page_of(one), job_of(one)) == ("report", None)


def test_a_look_at_fewer_images_counts_no_more(store, tmp_path):
    project = imported(store, "grown", tmp_path, grouped=False)
    keep_look(project, "groups", 20, {})
    assert "pitmark groups propose" in [a.command for a in advise(project).actions]
    keep_look(project, "groups", 32, {})
    assert "groups" not in kinds(project)
