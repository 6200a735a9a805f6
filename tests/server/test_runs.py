"""Reports over HTTP, and the jobs that learn, done by real workers."""

import io
import json
import zipfile

import pytest

from pitmark.ops.data.datasheet import make_datasheet
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.jobs.kinds import KINDS
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.out_of_fold import AuditOptions
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.synthesis.trial import SynthesisOptions
from tests.ops.report_making import book_of, fill, judged_run, noisy_images
from tests.server.conftest import NAMES, email_of
from tests.server.serving_jobs import events_of, server_over, signed_in

SMALL = {"preset": "fast", "image_steps": 48, "side_px": 64, "threads": 1}
# Long enough that its losses are told on the way, not only its end.
FOLLOWED = {**SMALL, "image_steps": 1920}
BASE = "/api/orgs/local/projects"


@pytest.fixture
def judged(stores):
    """A project with a judged run."""
    project = stores.of("local").create_project("judged", "detection", book_of())
    fill(project, noisy_images(48))
    return judged_run(project)


def test_a_report_has_figures_sentences_and_a_curve(client_as, judged):
    viewer = client_as("viewer")
    (run,) = viewer.get(f"{BASE}/judged/runs").json()
    assert (run["id"], run["state"]) == (judged.run.id, "done")
    assert viewer.get(f"{BASE}/judged/runs/latest").json() == run
    report = viewer.get(f"{BASE}/judged/runs/{run['id']}/report").json()
    assert report["run"] == run
    assert "defective images pass" in report["sentences"][0]
    assert report["content"]["outcome"] == judged.content["outcome"]
    assert 2 <= len(report["curve"]) <= 400
    assert set(report["history"][0]) == {"step", "loss"}
    assert viewer.get(f"{BASE}/judged/runs/r0099/report").status_code == 404


def test_costs_move_the_threshold_of_the_report_and_of_nothing_else(client_as, judged):
    path = f"{BASE}/judged/runs/latest/report"
    viewer = client_as("viewer")
    before = viewer.get(path).json()
    dear = viewer.get(path, params={"escape_cost": 1e6, "overkill_cost": 1}).json()
    assert dear["content"]["choice"]["costs"]["escape"] == 1e6
    assert dear["content"]["outcome"]["threshold"] <= before["content"]["outcome"]["threshold"]
    assert viewer.get(path).json() == before
    refused = viewer.get(path, params={"escape_cost": 5})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_the_images_behind_a_figure(client_as, judged):
    path = f"{BASE}/judged/runs/latest/cases"
    viewer = client_as("viewer")
    every = viewer.get(path, params={"limit": 3}).json()
    assert (every["total"], len(every["items"])) == (judged.content["images"], 3)
    escapes = viewer.get(path, params={"truth": "NG", "said": "OK"}).json()
    assert escapes["total"] == judged.content["outcome"]["escapes"]["count"]
    wrong = viewer.get(path, params={"wrong": True}).json()["items"]
    assert wrong
    assert {c["card"]["right"] for c in wrong} == {False}
    assert all(c["why"] for c in wrong)
    assert {c["card"]["split"] for c in wrong} == {"test"}
    assert viewer.get(path, params={"said": "no such class"}).json()["total"] == 0
    assert viewer.get(path, params={"colour": "red"}).status_code == 422


def test_two_runs_side_by_side(client_as, judged, stores):
    other = judged_run(stores.of("local").project("judged"), seed=5).run
    found = client_as("viewer").get(f"{BASE}/judged/runs/{other.id}/compare/{judged.run.id}")
    told = found.json()
    assert told["sentences"][0].startswith(f"{other.id} against {judged.run.id}")
    assert (told["content"]["first"], told["content"]["second"]) == (judged.run.id, other.id)
    assert told["changed"] == []


def test_a_comparison_shows_what_both_runs_say_of_images_with_another_verdict(
    client_as, judged, stores
):
    other = judged_run(stores.of("local").project("judged"), seed=5).run
    path = f"{BASE}/judged/runs/{other.id}/compare/{judged.run.id}"
    told = client_as("viewer").get(path, params={"shown": 60}).json()
    named = told["content"]["changed"]
    assert named
    assert [c["sha256"] for c in told["changed"]] == [c["sha256"] for c in named]
    for one, brief in zip(told["changed"], named, strict=True):
        verdicts = [said["verdict"] for said in one["said"]]
        assert verdicts == [brief["first"], brief["second"]]
        assert one["better"] == (verdicts[1] == one["truth"])
        assert bool(one["labels"]) == (one["truth"] == "NG")
    few = client_as("viewer").get(path, params={"shown": 2}).json()["changed"]
    assert len(few) == 2
    assert client_as("viewer").get(path, params={"shown": 61}).status_code == 422


def test_what_a_run_without_a_result_cannot_show_is_told_and_is_no_fault(
    client_as, judged, stores
):
    project = stores.of("local").project("judged")
    broken = project.runs.create("train", "latest", {}, 0)
    project.runs.fail(broken.id, "the disk was full")
    viewer = client_as("viewer")
    for path in ("report", "cases", f"compare/{judged.run.id}"):
        told = viewer.get(f"{BASE}/judged/runs/{broken.id}/{path}")
        assert (told.status_code, told.json()["code"]) == (409, "not_enough_data")
        assert f"run {broken.id} is failed" in told.json()["message"]


def test_snapshots_are_listed(client_as, stores):
    info = take_snapshot(stores.of("local").project("casings"), note="first")
    (told,) = client_as("viewer").get(f"{BASE}/casings/snapshots").json()
    assert (told["id"], told["note"], told["images"]) == (info.id, "first", 12)


def test_an_analysis_that_never_ran_has_no_document(client_as):
    viewer = client_as("viewer")
    told = viewer.get(f"{BASE}/casings/analyses/needs").json()
    assert told == {
        "kind": "needs", "made": None, "job": None, "document": None, "sentences": []
    }  # fmt: skip
    assert viewer.get(f"{BASE}/casings/analyses/weather").status_code == 404
    assert viewer.get(f"{BASE}/casings/analyses/datasheet").json()["document"] is None


def test_a_datasheet_is_drafted_without_a_job_and_nothing_is_kept(client_as, stores):
    project = stores.of("local").project("casings")
    info = take_snapshot(project)
    told = client_as("viewer").get(f"{BASE}/casings/analyses/datasheet").json()
    assert told["document"]["facts"]["snapshot"]["id"] == info.id
    assert "only a person can give it" in told["sentences"][0]
    assert project.runs.list() == []


@pytest.mark.parametrize(
    ("form", "kind", "name"),
    [
        ("html", "text/html; charset=utf-8", "casings-datasheet.html"),
        ("markdown", "text/markdown; charset=utf-8", "casings-datasheet.md"),
        ("json", "application/json", "casings-datasheet.json"),
        ("croissant", "application/zip", "casings-croissant.zip"),
    ],
)
def test_a_datasheet_is_handed_out_as_a_file_with_what_people_answered(
    client_as, stores, form, kind, name
):
    project = stores.of("local").project("casings")
    viewer, path = client_as("viewer"), f"{BASE}/casings/datasheet"
    assert viewer.get(f"{path}/{form}").json()["code"] == "not_found"
    take_snapshot(project)
    make_datasheet(project, answers={"purpose": "Dents on <casings>."})
    told = viewer.get(f"{path}/{form}")
    assert (told.status_code, told.headers["content-type"]) == (200, kind)
    assert told.headers["content-disposition"] == f"attachment; filename*=utf-8''{name}"
    assert "sandbox" in told.headers["content-security-policy"]
    if form == "croissant":
        with zipfile.ZipFile(io.BytesIO(told.content)) as packed:
            assert packed.namelist() == ["croissant.json", "images.csv"]
            assert len(packed.read("images.csv").splitlines()) == 13
    else:
        shown = "Dents on &lt;casings&gt;." if form == "html" else "Dents on <casings>."
        assert shown in told.text
    assert viewer.get(f"{path}/pdf").status_code == 404


def test_the_datasheet_shown_is_the_one_made_last_in_whatever_way(client_as, stores):
    project = stores.of("local").project("casings")
    take_snapshot(project)
    make_datasheet(project, answers={"license": "CC0"})
    told = client_as("viewer").get(f"{BASE}/casings/analyses/datasheet").json()
    assert told["document"]["sheet"]["license"] == ["CC0"]
    assert {q["key"] for q in told["document"]["questions"]} == set(told["document"]["sheet"])


@pytest.mark.parametrize(
    ("kind", "of", "left_out"),
    [
        ("train", TrainOptions, set()),
        ("audit", AuditOptions, set()),
        ("synthesize", SynthesisOptions, set()),
    ],
)
def test_the_options_of_a_job_are_those_of_the_command(kind, of, left_out):
    model = KINDS[kind].options
    assert set(model.model_fields) == set(of.__dataclass_fields__) - left_out
    assert set(KINDS["train"].options().costs.__class__.model_fields) == set(
        Costs.__dataclass_fields__
    )
    if kind != "synthesize":
        told, made = model().model_dump(mode="json"), of()
        for name in model.model_fields:
            expected = getattr(made, name)
            shown = expected.to_json() if isinstance(expected, Costs) else expected
            assert told[name] == shown, name


@pytest.fixture
def served(workspace):
    with server_over(workspace) as (address, app):
        yield signed_in(workspace, address, email_of(NAMES["admin"])), app


def done(client, project, kind, options=None):
    new = {"kind": kind, "options": options or {}}
    job = client.post(f"{BASE}/{project}/jobs", json=new).json()
    seen = events_of(client, f"{BASE}/{project}/jobs/{job['id']}/events")
    assert seen[-1]["state"] == "done", seen[-1]["problem"]
    return seen


def test_from_images_to_a_release_by_jobs_alone(served):
    admin, app = served
    trained = done(admin, "plates", "train", FOLLOWED)
    assert trained[-1]["result"]["run"] == "r0001"
    assert trained[-1]["result"]["sentences"]
    assert any((s["progress"] or {}).get("facts", {}).get("loss") for s in trained)
    found = done(admin, "plates", "audit", {**SMALL, "folds": 2})[-1]["result"]
    assert found["images"] == 12
    assert found["weak_slices"] == []
    assert found["groups"] == []
    released = done(admin, "plates", "release", {"int8": False})[-1]["result"]
    assert released["version"] == 1
    (release,) = admin.get(f"{BASE}/plates/releases").json()
    assert (release["version"], release["run"]) == (1, "r0001")
    assert release["size_bytes"] == released["size_bytes"]
    assert release["signed_by"]
    bundle = admin.get(f"{BASE}/plates/releases/1/bundle")
    assert len(bundle.content) == release["size_bytes"]
    assert bundle.headers["content-disposition"] == 'attachment; filename="plates-v1.pitmark"'
    assert admin.post(f"{BASE}/plates/releases/1/rollback").status_code == 409
    done(admin, "plates", "release", {"int8": False})
    back = admin.post(f"{BASE}/plates/releases/1/rollback").json()
    assert (back["version"], back["gate"]["content_of"]) == (3, 1)
    work = app.state.stores.of("local").project("plates").work
    assert not [p for p in work.iterdir() if p.name.startswith(("job-", "tmp"))]


def test_a_map_is_made_by_a_job(served):
    admin, _ = served
    assert done(admin, "casings", "map")[-1]["result"] == {"images": 12}
    told = admin.get(f"{BASE}/casings/map").json()
    assert len(told["sha256"]) == 12


def test_analyses_keep_what_they_found(served):
    admin, _ = served
    for kind, options in (
        ("feasibility", {"most": 8}),
        ("duplicates", {"embed": False}),
        ("groups", {"embed": False}),
        ("shortcuts", {}),
        ("snapshot", {}),
        ("datasheet", {"answers": {"purpose": "To inspect casings."}}),
    ):
        job = done(admin, "casings", kind, options)[-1]
        if kind == "snapshot":
            continue
        told = admin.get(f"{BASE}/casings/analyses/{kind}").json()
        assert told["job"] == job["id"], kind
        assert told["sentences"] == job["result"]["sentences"], kind
        assert told["document"], kind
        assert "document" not in json.dumps(job["result"])
