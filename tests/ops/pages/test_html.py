import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import PreprocessSpec
from pitmark.ops.pages.html import (
    findings_html,
    images_html,
    page,
    report_html,
    write_report_page,
)
from pitmark.ops.pages.report import by_turns, in_order, report_sections
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.report_making import DEFECTS, book_of, fill, judged_run, noisy_images

TASKS = ("classification", "detection", "segmentation", "anomaly")
HOSTILE = '<script>alert("1")</script>\'"&<img src=x onerror=alert(2)>'


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.inside = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


def read(html):
    """Parse a page and make sure that it runs nothing and loads nothing."""
    found = Tags(html)
    for tag, attributes in found.tags:
        assert tag not in ("script", "link", "iframe", "object")
        assert not [a for a in attributes if a.startswith("on")]
        for name in ("src", "href"):
            value = attributes.get(name, "")
            assert not value or value.startswith(("data:image/jpeg;base64,", "#"))
    assert "@import" not in html
    assert "url(" not in html
    return found


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "factory", create=True) as opened:
        yield opened


def project_of(store, task, count=36, **how):
    project = store.create_project(f"casings {task}", task, book_of())
    fill(project, noisy_images(count), **how)
    return project


@pytest.mark.parametrize("task", TASKS)
def test_a_report_of_every_task_tells_escapes_overkill_and_mistakes(store, task, tmp_path):
    project = project_of(store, task)
    report = judged_run(project)
    path = tmp_path / "report.html"
    write_report_page(project, report, path)
    found = read(path.read_text(encoding="utf-8"))
    outcome = report.content["outcome"]
    for name in ("escapes", "overkill"):
        share = outcome[name]
        assert f"{share['count']} of {share['total']}" in found.text
    assert f"{outcome['threshold']:.2f}" in found.text
    assert "An escape is taken to cost 10, overkill 1." in found.text
    assert found.count("article") == min(24, len(report.content["mistakes"]))
    assert found.count("article") == found.count("img") > 0
    confusion = 1 if task in ("classification", "detection") else 0
    assert path.read_text().count('class="pm-confusion"') == confusion
    assert found.count("svg") >= 3


def test_headings_follow_what_a_task_has(store):
    project = project_of(store, "anomaly")
    headings = [heading for heading, _ in report_sections(project, judged_run(project))]
    assert headings == ["Verdict", "Figures", "Curves", "What it got wrong"]


def test_a_run_without_test_images_says_so(store):
    project = project_of(store, "detection", count=2)
    report = judged_run(project)
    found = read(report_html(project, report))
    assert "The test split is empty: nothing was evaluated." in found.text
    assert "no validation images" not in found.text
    assert found.count("article") == 0


def test_with_good_images_only_escapes_are_called_unknown(store):
    project = store.create_project("casings", "anomaly", book_of())
    good = [(pixels, None) for pixels, _ in noisy_images(18)]
    fill(project, good)
    found = read(report_html(project, judged_run(project)))
    assert "There was no defective image, so escapes are unknown." in found.text
    assert "nothing to judge by" in found.text


def test_with_defective_images_only_overkill_is_called_unknown(store):
    project = store.create_project("casings", "detection", book_of())
    fill(project, [i for i in noisy_images(36) if i[1]])
    found = read(report_html(project, judged_run(project)))
    assert "there was no good image, so overkill is unknown" in found.text.lower()


def test_a_perfect_run_says_that_nothing_was_wrong(store):
    project = project_of(store, "classification")
    report = judged_run(project)
    report.content["mistakes"].clear()
    assert "every verdict was right" in read(report_html(project, report)).text


def test_metrics_that_are_unknown_are_shown_as_unknown(store):
    project = project_of(store, "detection")
    report = judged_run(project)
    report.content["metrics"]["mAP"] = None
    report.content["report"]["map50"] = {"value": None, "low": None, "high": None}
    report.content["report"]["per_class"][0]["ap50"] = None
    assert "unknown" in read(report_html(project, report)).text


def test_nothing_a_user_gives_becomes_markup(store):
    names = [f"{HOSTILE}{n}.png" for n in range(24)]
    kinds = ("b' onload='x", f"a{HOSTILE}")
    project = store.create_project("casings <b>", "detection", book_of(("good", *kinds)))
    records = fill(
        project,
        noisy_images(24),
        kinds=kinds,
        names=names,
        metadata={f"k{HOSTILE}": HOSTILE, "lot": 1},
    )
    report = judged_run(project)
    finding = NewFinding("<i>kind", records[1].sha256, 0, 0.9, HOSTILE, (), [])
    project.findings.save([finding], source="audit")
    told = (
        images_html(project, project.images.all()),
        findings_html(project, project.findings.list()),
        report_html(project, report),
        page(HOSTILE, [(HOSTILE, "<p>trusted</p>")], HOSTILE),
    )
    for html in told:
        found = read(html)
        assert found.count("i") == 0
        assert all(a.get("src", "").startswith("data:") for t, a in found.tags if t == "img")
        assert "alert(" in found.text


def test_images_are_shown_with_labels_metadata_and_how_many_there_are(store):
    project = project_of(store, "detection", count=8)
    found = read(images_html(project, project.images.all(), limit=5))
    assert found.count("img") == 5
    for words in ("5 of 8 images", "labeled: nothing to mark", "dent", "camera cam0"):
        assert words in found.text


def test_an_unlabeled_image_is_called_so(store):
    project = store.create_project("casings", "detection", book_of())
    records = fill(project, noisy_images(1))
    other = store.create_project("empty", "detection", book_of())
    other.images.add(records[0], source="test")
    assert "not labeled yet" in read(images_html(other, records)).text


def test_an_image_whose_bytes_are_gone_does_not_take_the_page_with_it(store):
    project = project_of(store, "detection", count=3)
    lost = project.images.all()[1]
    project.blobs.path(lost.sha256).unlink()
    found = read(images_html(project, project.images.all()))
    assert found.count("img") == 2
    assert "No such file" in found.text


def test_a_finding_shows_labels_and_suggestion_side_by_side_and_how_to_settle_it(store):
    project = project_of(store, "detection", count=8)
    held = project.annotations.consensus()
    marked = [r for r in project.images.all() if held[r.sha256].shapes]
    box = held[marked[0].sha256].shapes[0].box_xyxy
    wrong = NewFinding(
        "wrong_class", marked[0].sha256, 0, 0.93, "Looks like a dent.", (BoxShape("dent", box),)
    )
    twin = NewFinding(
        "duplicate", marked[1].sha256, None, 0.5, "The same.", None, [marked[2].sha256]
    )
    project.findings.save([wrong, twin], source="audit")
    found = read(findings_html(project, project.findings.list()))
    assert found.count("img") == 4
    assert "as labeled" in found.text
    assert "suggested" in found.text
    assert f"compare: {marked[2].name}" in found.text
    assert "Looks like a dent." in found.text
    assert "pitmark settle f1 correct" in found.text
    assert "pitmark settle f2 accept" in found.text
    project.findings.settle("f1", "dismissed", "anna")
    assert "dismissed by anna" in read(findings_html(project, project.findings.list())).text


def test_a_finding_about_labels_that_changed_since_is_still_shown(store):
    project = project_of(store, "detection", count=4)
    record = project.images.all()[1]
    stale = NewFinding("sloppy_outline", record.sha256, 7, 0.5, "Too large.", None)
    project.findings.save([stale], source="audit")
    assert read(findings_html(project, project.findings.list())).count("img") == 1


def test_empty_lists_say_what_to_do_next(store):
    project = store.create_project("casings", "detection", book_of())
    assert "pitmark import FOLDER" in read(images_html(project, [])).text
    assert "pitmark audit" in read(findings_html(project, [])).text


def test_a_page_names_its_sections_and_forbids_everything_from_outside():
    html = page("Loop", [("One", "<p>1</p>"), ("Two", "<p>2</p>")], "First.\n\nSecond.")
    found = read(html)
    targets = {a["href"] for t, a in found.tags if t == "a"}
    assert targets == {f"#{a['id']}" for t, a in found.tags if t == "section"}
    policy = next(a["content"] for _, a in found.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert sum(a.get("class") == "pm-lead" for _, a in found.tags) == 2


def test_light_and_dark_define_the_same_colors():
    html = page("Loop", [])
    light, dark = html.split("prefers-color-scheme: dark")
    names = [set(re.findall(r"(--pm-\w+):", half)) for half in (light, dark)]
    assert names[0] == names[1]


def test_a_report_full_of_large_mistakes_stays_below_six_megabytes(store, tmp_path):
    project = store.create_project("casings", "classification", book_of())
    fill(project, noisy_images(26, size_wh=(480, 360)))
    report = judged_run(project)
    known = {"kind": "escape", "image": "a.png", "score": 0.1, "truth": [], "predicted": []}
    wrong = [{**known, "sha256": r.sha256} for r in project.images.all()]
    report.content["mistakes"][:] = wrong
    path = tmp_path / "report.html"
    write_report_page(project, report, path)
    assert 100_000 < path.stat().st_size < 6_000_000


def test_no_kind_of_mistake_crowds_out_another():
    rows = [{"kind": "escape", "n": n} for n in range(50)]
    rows += [{"kind": "overkill", "n": n} for n in range(3)]
    chosen = by_turns(rows, 24)
    assert [r["kind"] for r in chosen] == ["escape"] * 21 + ["overkill"] * 3
    assert [r["n"] for r in chosen[:3]] == [0, 1, 2]
    assert by_turns(rows[:2], 24) == rows[:2]


def test_a_prediction_is_renumbered_to_the_order_of_the_label_book():
    spec = InspectorSpec("detection", ("dent", "scratch"), PreprocessSpec((64, 64)))
    said = Prediction(
        (64, 48),
        0.9,
        class_probs=np.array([0.7, 0.3], dtype=np.float32),
        boxes_xyxy=np.zeros((2, 4), dtype=np.float32),
        box_scores=np.ones(2, dtype=np.float32),
        box_classes=np.array([0, 1]),
        maps_khw=np.stack([np.full((2, 2), 0.7), np.full((2, 2), 0.3)]).astype(np.float16),
    )
    moved = in_order(said, spec, ("good", "scratch", "dent"))
    assert moved.box_classes.tolist() == [2, 1]
    assert moved.class_probs.round(1).tolist() == pytest.approx([0, 0.3, 0.7])
    assert moved.maps_khw[:, 0, 0].tolist() == pytest.approx([0, 0.3, 0.7], abs=1e-3)


def test_a_class_that_left_the_label_book_is_shown_under_its_name(store):
    project = project_of(store, "classification", count=36)
    report = judged_run(project)
    smaller = book_of(("good", *DEFECTS[:1]))
    project.book.save(smaller, "anna", "fewer classes")
    found = read(report_html(project, report))
    assert "pit mark" in found.text


def test_a_finding_about_a_whole_image_needs_no_box(store):
    project = project_of(store, "classification", count=4)
    record = project.images.all()[0]
    doubt = NewFinding("wrong_class", record.sha256, 0, 0.8, "Is it?", (ImageClass("dent"),))
    project.findings.save([doubt], source="audit")
    assert read(findings_html(project, project.findings.list())).count("img") == 2
