import numpy as np
import pytest

from pitmark.metrics.boxes import PredictedBoxes, TrueBoxes
from pitmark.metrics.matching import match_image
from pitmark.ops.models.case_reasons import outlines_beside, reasons_of
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.report_cases import (
    CURVE_POINTS,
    NOT_FOUND,
    NOTHING_THERE,
    CaseQuestion,
    judged_images,
)
from pitmark.ops.models.report_words import (
    comparison_sentences,
    report_sentences,
    verdict_words,
)
from pitmark.ops.models.reports import compare_runs, report_at, report_of
from pitmark.ops.pages.report_figures import verdict
from pitmark.store.db import open_store
from tests.ops.report_making import book_of, fill, judged_run, noisy_images

TASKS = ("classification", "detection", "segmentation", "anomaly")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """By task: the project, its run and its report."""
    with open_store(tmp_path_factory.mktemp("cases") / "home", create=True) as store:
        found = {}
        for task in TASKS:
            project = store.create_project(task, task, book_of())
            fill(project, noisy_images(48))
            report = judged_run(project)
            found[task] = (project, report.run, report.content)
        yield found


@pytest.mark.parametrize("task", TASKS)
def test_the_images_behind_escapes_and_overkill_are_those_of_the_report(judged, task):
    project, run, content = judged[task]
    images = judged_images(project, run)
    mistakes = {k: {m["sha256"] for m in content["mistakes"] if m["kind"] == k}
                for k in ("escape", "overkill")}  # fmt: skip
    for kind, truth, said in (("escape", "NG", "OK"), ("overkill", "OK", "NG")):
        found = images.cases(CaseQuestion(truth=truth, said=said))
        assert {c.judged.image.sha256 for c in found} == mistakes[kind]
        assert {(c.truth, c.said) for c in found} <= {(truth, said)}
    assert sum(map(len, mistakes.values())) > 0
    right = images.cases(CaseQuestion(truth="NG", said="NG"))
    assert len(right) == content["outcome"]["escapes"]["total"] - len(mistakes["escape"])


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_every_cell_of_the_confusion_matrix_has_its_images(judged, task):
    project, run, content = judged[task]
    images, table = judged_images(project, run), content["confusion"]
    for row, counts in zip(table["rows"], table["counts"], strict=True):
        for column, count in zip(table["columns"], counts, strict=True):
            found = images.cases(CaseQuestion(truth=row, said=column))
            if task == "classification":
                assert len(found) == count
            else:
                # Several boxes of one image fall into the same cell.
                assert (len(found) > 0) == (count > 0)
                assert len(found) <= count


@pytest.mark.parametrize("task", TASKS)
def test_wrong_images_are_all_that_are_not_right_and_the_surest_come_first(judged, task):
    project, run, content = judged[task]
    images = judged_images(project, run)
    every, wrong = images.cases(CaseQuestion()), images.cases(CaseQuestion(wrong=True))
    assert len(every) == content["images"]
    assert {c.judged.image.sha256 for c in wrong} == {
        c.judged.image.sha256 for c in every if not c.judged.right
    }
    assert {m["sha256"] for m in content["mistakes"]} <= {c.judged.image.sha256 for c in wrong}
    distance = [abs(c.judged.score - images.threshold) for c in every]
    assert distance == sorted(distance, reverse=True)


def test_what_was_missed_and_made_up_is_named_so(judged):
    project, run, _ = judged["detection"]
    images = judged_images(project, run)
    made_up = images.cases(CaseQuestion(truth=NOTHING_THERE))
    missed = images.cases(CaseQuestion(said=NOT_FOUND))
    assert made_up or missed
    assert all(c.truth == NOTHING_THERE and c.said != NOT_FOUND for c in made_up)


@pytest.mark.parametrize("task", TASKS)
def test_the_curve_goes_from_all_rejected_to_all_passed(judged, task):
    project, run, content = judged[task]
    curve = judged_images(project, run).curve()
    assert 2 <= len(curve) <= CURVE_POINTS
    assert (curve[0][1:], curve[-1][1:]) == ([0.0, 1.0], [1.0, 0.0])
    thresholds = [t for t, _, _ in curve]
    assert thresholds == sorted(thresholds)
    outcome = content["outcome"]
    assert [outcome["escapes"]["value"], outcome["overkill"]["value"]] in [c[1:] for c in curve]


def test_other_costs_are_shown_and_not_saved(judged):
    project, run, content = judged["anomaly"]
    dear = report_at(project, run, Costs(escape=1000, overkill=1))
    cheap = report_at(project, run, Costs(escape=0.001, overkill=1))
    low, high = (r.content["outcome"]["threshold"] for r in (dear, cheap))
    assert low < high
    saved = report_of(project, project.runs.get(run.id)).content["outcome"]
    assert saved["threshold"] == content["outcome"]["threshold"]


def test_a_page_and_the_web_app_say_the_same_of_a_report(judged):
    _, _, content = judged["detection"]
    words, limits = verdict_words(content)
    html = verdict(content)
    assert words in html
    assert limits in html
    said = report_sentences(content)
    assert said[:2] == [words, limits]
    assert any("defective images missed (" in s and "between" in s for s in said)
    assert verdict_words({"note": "the test split is empty"}) == (
        "The test split is empty.",
        "",
    )


def test_two_runs_are_compared_in_words(judged):
    project, run, _ = judged["classification"]
    other = judged_run(project, seed=9).run
    said = comparison_sentences(compare_runs(project, run, other))
    assert said[0].startswith(f"{other.id} against {run.id} on ")
    assert "Right verdicts: " in said[1]
    same = comparison_sentences(compare_runs(project, run, run))
    assert same[-1] == "Both judge every image alike."


@pytest.mark.parametrize("task", TASKS)
def test_every_wrong_image_says_why_it_is_there_and_no_right_one_does(judged, task):
    project, run, _ = judged[task]
    for case in judged_images(project, run).cases(CaseQuestion()):
        (truth, said), *_ = case.judged.pairs
        assert bool(case.judged.why) != case.judged.right
        assert (truth != said) == bool(
            {"defective, but passed", "good, but rejected"} & set(case.judged.why.split("; "))
        )
        assert case.judged.why.startswith("verdict right") == (
            truth == said and not case.judged.right
        )


def test_an_outline_beside_its_label_is_told_by_what_the_two_have_in_common():
    names = ("dent", "scratch")
    there = TrueBoxes.of([[0, 0, 100, 100], [200, 0, 300, 100]], [0, 1])
    found = PredictedBoxes.of([[0, 0, 40, 100], [200, 0, 300, 100]], [0.9, 0.8], [0, 0])
    match = match_image(found, there, thresholds=np.array([0.5, 0.5]))
    beside = outlines_beside(found, there, match, names)
    assert beside == [("dent", "outline of dent has 40 % in common with the label")]
    pairs = [("NG", "NG"), ("scratch", "dent"), ("dent", NOT_FOUND), (NOTHING_THERE, "dent")]
    assert reasons_of(pairs, beside) == (
        "verdict right; outline of dent has 40 % in common with the label;"
        " scratch taken for dent"
    )
    assert reasons_of([("NG", "NG"), ("dent", NOT_FOUND), (NOTHING_THERE, "scratch")]) == (
        "verdict right; dent not found; scratch called where none is labeled"
    )
    assert reasons_of([("NG", "OK"), ("dent", NOT_FOUND)]) == (
        "defective, but passed; dent not found"
    )
    assert reasons_of([("OK", "OK")]) == ""


@pytest.mark.parametrize("task", TASKS)
def test_a_comparison_names_the_images_whose_verdict_changed_both_ways(judged, task):
    project, run, _ = judged[task]
    other = judged_run(project, seed=9).run
    found = compare_runs(project, run, other)
    ways = found.verdicts.disagreements
    better = [c for c in found.changed if c.second_right]
    assert len(better) == ways.only_second_right
    assert len(found.changed) - len(better) == ways.only_first_right
    before, after = (
        {j.image.sha256: j.pairs[0] for j in judged_images(project, r).images}
        for r in (run, other)
    )
    told = found.to_json()["changed"]
    assert {c["sha256"] for c in told} == {s for s in after if before[s] != after[s]}
    for one in told:
        assert (one["truth"], one["first"]) == before[one["sha256"]]
        assert (one["truth"], one["second"]) == after[one["sha256"]]
    assert [c.second_right for c in found.changed] == sorted(
        c.second_right for c in found.changed
    )
    assert compare_runs(project, run, run).changed == ()
