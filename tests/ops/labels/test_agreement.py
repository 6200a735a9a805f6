"""The agreement report, from planted mistakes to the page."""

import json

import pytest

from pitmark.core.errors import NotEnoughDataError, NotFoundError
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.metrics.intervals import Resampling
from pitmark.ops.labels.agreement import AgreementOptions, measure_agreement
from pitmark.ops.pages.html import agreement_html, write_agreement_page
from pitmark.store.db import open_store
from pitmark.store.studies import NewAnswer
from tests.ops.pages.test_html import HOSTILE, read
from tests.ops.people import answer_all, label_all, project_of, study_in
from tests.ops.report_making import book_of, fill, noisy_images

QUICK = Resampling(draws=200)
CARELESS = {"anna": {}, "ben": {"slip": 0.1}, "cy": {"slip": 0.6}}


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "factory", create=True) as opened:
        yield opened


def report_of(project, study="gauge", **how):
    options = AgreementOptions(study=study, resampling=QUICK, **how)
    return measure_agreement(project, options=options)


def test_a_careless_labeler_is_named_in_every_figure(store):
    project = project_of(store, "classification", 40)
    study = study_in(project, count=30)
    answer_all(project, study, CARELESS)
    found = report_of(project)
    assert [f.kind for f in found.figures] == ["classes", "verdicts"]
    by = {who.labeler: who for who in found.figures[0].per_labeler}
    assert by["anna"].against_reference.effectiveness.value == 1
    assert by["anna"].repeated.value == 1
    assert by["cy"].against_reference.effectiveness.value < 0.85
    assert by["cy"].repeat_kappa.value < by["anna"].repeat_kappa.value
    assert by["cy"].left_out.low > 0
    assert found.reference == "the labels of the project"
    assert found.confused[0][2] > 0
    assert found.parted[0].apart >= found.parted[-1].apart > 0
    assert any(s.startswith("Without cy the others agree better") for s in found.sentences)
    assert found.reference_by == ("anna",)
    assert any(s.startswith("The reference holds the word of anna") for s in found.sentences)
    json.dumps(found.to_json(), allow_nan=False)


def test_missed_boxes_and_shifted_edges_are_told_apart(store):
    project = project_of(store, "detection", 60)
    study = study_in(project, count=50, repeats=1)
    people = {"anna": {}, "ben": {"shift": (-3.0, 0, 0, 0)}, "cy": {"slip": 0.4}}
    answer_all(project, study, people)
    found = report_of(project)
    by = {who.labeler: who.against_reference for who in found.figures[0].per_labeler}
    assert by["anna"].miss_rate.count == by["ben"].miss_rate.count == 0
    assert by["cy"].miss_rate.count > 3
    outlines = {o.labeler: o for o in found.outlines}
    assert outlines["ben"].systematic == ("left",)
    # Some boxes lie at the rim of the image, where they cannot be drawn further left.
    assert -3 <= outlines["ben"].edges_px["left"].value < -2.5
    assert outlines["anna"].systematic == outlines["cy"].systematic == ()
    assert "cannot be said" in " ".join(found.sentences)


def test_without_a_reference_edges_are_set_against_the_others(store):
    project = project_of(store, "detection", 60)
    study = study_in(project, count=50, repeats=1)
    answer_all(project, study, {"anna": {}, "ben": {"shift": (-3.0, 0, 0, 0)}, "cy": {}})
    found = report_of(project, reference="none")
    assert found.figures[0].per_labeler[0].against_reference is None
    by = {o.labeler: o.edges_px["left"].value for o in found.outlines}
    assert by["ben"] < -2.5
    assert 1 < by["anna"] < 2
    assert any(s.startswith("There is no reference") for s in found.sentences)


def test_masks_have_overlap_borders_and_rates(store):
    project = project_of(store, "segmentation", 16)
    study = study_in(project, count=16, repeats=1)
    answer_all(project, study, {"anna": {}, "ben": {"shift": (-2.0, 0, 0, 0)}})
    found = report_of(project)
    pairs = [p for p in found.masks.between if p.marked]
    assert all(0.85 < p.dice.value < 0.95 for p in pairs)
    ben = [p for p in found.masks.against_reference if p.second == "ben" and p.marked]
    assert all(p.sensitivity.value == 1 and p.area_ratio.value > 1.1 for p in ben)
    assert found.sentences[0].startswith("Agreement on pixels is")
    assert found.masks.pixel_alpha.value > 0.8


def test_good_or_not_is_compared_for_anomalies(store):
    project = store.create_project("casings", "anomaly", book_of())
    fill(project, noisy_images(12))
    study = study_in(project, count=12, repeats=1)
    answer_all(project, study, {"anna": {}, "ben": {"slip": 0.5}})
    found = report_of(project)
    assert [f.kind for f in found.figures] == ["verdicts"]
    ben = found.figures[0].per_labeler[1].against_reference
    assert ben.miss_rate.count > 0
    assert ben.false_alarm_rate.count == 0


def test_labels_of_the_project_are_compared_without_any_study(store):
    project = project_of(store, "classification")
    label_all(project, {"ben": {"slip": 0.2}})
    found = report_of(project, study=None)
    assert (found.labelers, found.trials, found.reference) == (("anna", "ben"), 1, "")
    assert found.source == "the labels of the project"
    sha = project.images.all()[0].sha256
    project.annotations.add(
        sha, (ImageClass("good"),), labeler="eva", book_revision=1, review=True
    )
    again = report_of(project, study=None)
    assert again.reference == "what reviewers settled"
    assert again.labelers == ("anna", "ben")
    assert again.figures[0].per_labeler[0].against_reference.effectiveness.total == 1


def test_a_labeler_can_be_the_reference_and_is_then_not_judged(store):
    project = project_of(store, "classification")
    label_all(project, {"ben": {"slip": 0.3}, "cy": {}})
    found = report_of(project, study=None, reference="anna")
    assert found.labelers == ("ben", "cy")
    by = {w.labeler: w.against_reference for w in found.figures[0].per_labeler}
    assert by["cy"].effectiveness.value == 1
    assert by["ben"].effectiveness.value < 1
    with pytest.raises(NotFoundError, match="nobody called 'dora'"):
        report_of(project, study=None, reference="dora")


def test_what_cannot_be_compared_is_one_clear_error(store):
    project = project_of(store, "classification")
    with pytest.raises(NotFoundError, match="no study yet"):
        report_of(project)
    with pytest.raises(NotEnoughDataError, match=r"no image .* two answers .*\(anna 24\)"):
        report_of(project, study=None)
    study_in(project)
    with pytest.raises(NotEnoughDataError, match="nobody has answered anything in study s1"):
        report_of(project)
    empty = store.create_project("empty", "detection", book_of())
    with pytest.raises(NotEnoughDataError, match="nobody has answered anything"):
        report_of(empty, study=None)


def test_labelers_without_overlap_are_said_to_have_none(store):
    project = store.create_project("casings", "classification", book_of())
    records = fill(project, noisy_images(4))
    other = store.create_project("other", "classification", book_of())
    for record in records:
        other.images.add(record, source="test")
    for n, record in enumerate(records):
        who = "anna" if n % 2 else "ben"
        other.annotations.add(
            record.sha256, (ImageClass("dent"),), labeler=who, book_revision=1
        )
    with pytest.raises(NotEnoughDataError, match=r"\(anna 2, ben 2\)"):
        report_of(other, study=None)


def test_one_labeler_against_the_reference_is_enough(store):
    project = project_of(store, "classification")
    study = study_in(project, ("ben",), repeats=2)
    answer_all(project, study, {"ben": {"slip": 0.2}})
    found = report_of(project)
    assert found.figures[0].alpha.value is None
    assert found.figures[0].per_labeler[0].repeated is not None
    assert "only ben answered" in found.sentences[0]


def test_everybody_saying_nothing_cannot_be_judged_and_is_said_so(store):
    project = project_of(store, "detection", 6)
    study = study_in(project, ("ben", "cy"), repeats=1, count=6)
    answer_all(project, study, {"ben": {"slip": 1.0}, "cy": {"slip": 1.0}})
    found = report_of(project, reference="none")
    assert found.figures[0].alpha.value is None
    assert "cannot be said: nothing was marked" in found.sentences[0]
    json.dumps(found.to_json(), allow_nan=False)
    assert "None: everybody says the same" in read(agreement_html(project, found)).text


@pytest.mark.parametrize("task", ["classification", "detection", "segmentation"])
def test_the_page_shows_tables_lamps_and_the_images_that_part_people(store, task, tmp_path):
    project = project_of(store, task, 12)
    study = study_in(project, count=12)
    answer_all(project, study, {"anna": {}, "ben": {"slip": 0.5}})
    found = report_of(project)
    path = tmp_path / "agreement.html"
    write_agreement_page(project, found, path)
    page = read(path.read_text(encoding="utf-8"))
    assert f"Agreement on casings {task}" in page.text
    assert page.count("article") == len(found.parted) > 0
    assert page.count("table") >= 3
    assert "kappa at least 0.75" in page.text
    assert "pm-light pm-acceptable" in path.read_text()
    assert "nan" not in page.text.lower().split()


def test_nothing_a_labeler_is_called_becomes_markup(store):
    project = project_of(store, "detection", 8)
    study = study_in(project, (HOSTILE, "ben"), repeats=1, count=8)
    answer_all(project, study, {HOSTILE: {}, "ben": {"slip": 0.5}})
    found = read(agreement_html(project, report_of(project)))
    assert "alert(" in found.text
    assert found.count("script") == 0


def test_outlines_are_compared_as_boxes_where_boxes_are_the_task(store):
    project = project_of(store, "detection", 4)
    record = next(r for r in project.images.all() if r.name == "part_001.png")
    box = project.annotations.consensus()[record.sha256].shapes[0].box_xyxy
    project.annotations.add(
        record.sha256, (BoxShape("dent", box),), labeler="ben", book_revision=1
    )
    found = report_of(project, study=None)
    assert found.images == 1
    assert found.figures[0].things == 1


def test_the_answer_that_differs_is_among_the_pictures(store):
    project = project_of(store, "classification", 8)
    study = study_in(project, ("ben", "cy", "dora"), repeats=2, count=8)
    same = {n: {} for n in ("ben", "cy")}
    answer_all(project, study, {**same, "dora": {}})
    sha = next(s for s in study.images if project.images.get(s).name == "part_000.png")
    slip = NewAnswer(sha, "dora", 2, (ImageClass("dent"),))
    project.studies.add_answers(study.id, [slip], replace=True)
    found = report_of(project)
    assert [p.said["dora, trial 2"] for p in found.parted] == ["dent"]
    page = agreement_html(project, found)
    assert "<figcaption>dora, trial 2</figcaption>" in page
    assert page.count("<figcaption>") == 4
