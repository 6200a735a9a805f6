"""Reviewing by commands: queue, settle, groups, status, undo, and what wrong input gets."""

import pytest

from pitmark.core.labels import ImageClass
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.labels.test_inconsistency import by_ben_differently, filled
from tests.ops.labels.test_review_groups import audited
from tests.ops.report_making import book_of, fill, freeze, noisy_images


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    """Runs a command on a project with six doubted labels."""
    home = tmp_path / "home"
    with open_store(home, create=True) as store:
        project = store.create_project("casings", "classification", book_of())
        fill(project, noisy_images(36))
        freeze(project)
        held = project.annotations.consensus()
        bad = [s for s in held if held[s].shapes[0].label != "good"]
        doubts = [
            NewFinding("wrong_class", s, None, 0.3 + 0.1 * n, "odd", (ImageClass("good"),))
            for n, s in enumerate(bad[:6])
        ]
        project.findings.save(doubts, source="audit")
    return pitmark_in(home)


def test_a_review_by_commands_is_taken_back_step_by_step(pitmark, tmp_path):
    rows = pitmark("findings")[1]
    order = [("test", "val", "train").index(r["split"]) for r in rows]
    assert order == sorted(order)
    assert all(r["because"] and 0 < r["expected_gain"] < 1 for r in rows)
    first, second = rows[0]["id"], rows[1]["id"]
    assert pitmark("settle", first, "correct", "--by", "eva")[1]["state"] == "corrected"
    assert pitmark("settle", second, "dismiss", "--by", "eva")[0] == 0
    page = tmp_path / "review.html"
    status, told, _ = pitmark("review", "--html", page)
    assert (status, told["decisions"], told["calibration"]["found"]) == (0, 2, 1)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert pitmark("undo", "--by", "eva")[1]["findings"] == [
        {"id": second, "was": "dismissed", "by": "eva", "note": ""}
    ]
    done = pitmark("undo", first, "--by", "bo", "--note", "it is a dent")[1]
    assert (done["corrected"], "labels are as before" in done["sentence"]) == (1, True)
    assert pitmark("review")[1]["decisions"] == 0
    assert [r["id"] for r in pitmark("findings")[1]] == [r["id"] for r in rows]


def test_people_read_the_queue_with_its_reason_and_the_advice(pitmark):
    told = pitmark("findings", "--limit", 2, as_json=False)[1]
    assert "first: test set, where a wrong label falsifies the score" in told
    assert "2 of 6 shown." in told
    told = pitmark("review", as_json=False)[1]
    assert "0 of 6 findings are settled in 0 decisions" in told
    assert "Go on: 0 decisions are too few" in told


def test_before_an_audit_the_review_says_what_comes_first(tmp_path, pitmark_in):
    with open_store(tmp_path / "home", create=True) as store:
        store.create_project("casings", "classification", book_of())
    pitmark = pitmark_in(tmp_path / "home")
    assert pitmark("review", as_json=False)[1] == "No findings yet. Next: pitmark audit\n"
    assert pitmark("review")[1]["advice"] == "nothing_left"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("undo",), 1, "cli has no decision on a finding to take back"),
        (("undo", "--by", ""), 1, "has no decision"),
        (("undo", "f99"), 1, "the project has no finding f99"),
        (("undo", "scratch"), 1, "no finding is called 'scratch'"),
        (("undo", "f1"), 1, "f1 is open: there is no decision to take back"),
        (("settle", "f1", "correct", "--as", "good"), 2, "--as goes with --all-of"),
        (("settle", "--all-of", "f1", "correct", "--as", "good"), 1, "is no group"),
        (("settle", "--all-of", "f1", "correct", "--shapes", "x"), 2, "not for --all-of"),
        (("review", "--minutes-per-fault", "0"), 2, "minutes-per-fault"),
        (("review", "--most-left", "nan"), 1, "share of faulty labels"),
        (("review", "--most-left", "2"), 2, "most-left"),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, words):
    code, _, error = pitmark(*arguments, as_json=False)
    assert (code, words in error) == (status, True), error
    assert ("Hint: " in error) == (status == 1) or "--most-left" in arguments


def test_a_group_is_settled_and_taken_back_by_one_command_each(tmp_path, pitmark_in):
    with open_store(tmp_path / "home", create=True) as store:
        project, records = filled(store, "classification", shapes_of=by_ben_differently)
        group = audited(project, records)
    pitmark = pitmark_in(tmp_path / "home")
    listed = pitmark("findings", "--limit", 3)[1]
    assert [listed[0]["id"], listed[0]["covers"]] == [group.id, 20]
    status, _, error = pitmark("settle", "--all-of", group.id, "correct", as_json=False)
    assert (status, f'--all-of {group.id} correct --as "scratch"' in error) == (1, True)
    done = pitmark("settle", "--all-of", group.id, "correct", "--as", "scratch")[1]
    assert (done["relabeled"], done["state"]) == (20, "corrected")
    assert pitmark("findings")[1] == []
    assert len(pitmark("undo", group.id)[1]["findings"]) == 21
    assert len(pitmark("findings", "--limit", 50)[1]) == 21
