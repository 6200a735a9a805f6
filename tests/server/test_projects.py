import json

import pytest

from pitmark.ops.data.advice_pages import job_of, page_of
from pitmark.ops.pages.report_figures import proportion
from pitmark.quality.advice import Action
from tests.server.conftest import IMAGES, NAMES
from tests.store.making import snapshot_of

ORG = "/api/orgs/local"
CASINGS = f"{ORG}/projects/casings"
PAGES = ("next", "images", "annotate", "book", "agreement", "findings", "train", "report",
         "release", "line", "datasheet")  # fmt: skip


def test_projects_are_listed_in_figures_with_the_role_of_who_asks(client_as, stores):
    told = client_as("labeler").get(f"{ORG}/projects").json()
    assert [(p["name"], p["task"], p["images"], p["labeled"], p["role"]) for p in told] == [
        ("casings", "classification", IMAGES, IMAGES, "labeler"),
        ("plates", "detection", IMAGES, IMAGES, "labeler"),
    ]
    local = stores.local()
    person = local.persons.by_email("lea@factory.example").id
    local.people.set_project_role(person, local.project("plates").info.id, "admin")
    told = client_as("labeler").get(f"{ORG}/projects").json()
    assert [p["role"] for p in told] == ["labeler", "admin"]


def test_a_role_in_one_project_holds_there_and_nowhere_else(client_as, stores):
    local = stores.local()
    person = local.persons.by_email("vera@factory.example").id
    local.people.set_project_role(person, local.project("plates").info.id, "admin")
    viewer, book = client_as("viewer"), {"classes": [], "revision": 1}
    told = viewer.put(f"{CASINGS}/label-book", json={"book": book})
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    told = viewer.put(f"{ORG}/projects/plates/label-book", json={"book": book})
    assert told.status_code == 422


def test_a_project_is_made_used_and_removed_and_the_log_says_by_whom(client_as):
    admin = client_as("admin")
    new = {"name": "new, part/2", "task": "detection", "classes": ["dent"]}
    assert admin.post(f"{ORG}/projects", json=new).json()["code"] == "invalid_input"
    new["name"] = "new part & 2"
    made = admin.post(f"{ORG}/projects", json=new)
    assert made.status_code == 201
    assert admin.post(f"{ORG}/projects", json=new).json()["code"] == "conflict"
    path = f"{ORG}/projects/new%20part%20%26%202"
    assert admin.get(path).json() == made.json()
    assert [c["name"] for c in admin.get(f"{path}/label-book").json()["classes"]] == ["dent"]
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    lines = admin.get(f"{ORG}/audit", params={"limit": 2}).json()
    assert [(line["who"], line["action"]) for line in lines] == [
        (NAMES["admin"], "delete_project"),
        (NAMES["admin"], "create_project"),
    ]


def test_a_renamed_project_keeps_its_images_roles_and_tokens(client_as, stores):
    local, admin = stores.local(), client_as("admin")
    new = {"name": "x", "scope": "read", "project": "plates"}
    made = admin.post(f"{ORG}/tokens", json=new).json()
    person = local.persons.by_email("vera@factory.example").id
    local.people.set_project_role(person, local.project("plates").info.id, "labeler")
    told = admin.patch(f"{ORG}/projects/plates", json={"name": "back plates"})
    assert (told.status_code, told.json()["name"], told.json()["images"]) == (
        200,
        "back plates",
        12,
    )
    assert admin.get(f"{ORG}/projects/plates").status_code == 404
    assert local.people.get(person).projects == {"back plates": "labeler"}
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    assert [p["name"] for p in program.get(f"{ORG}/projects").json()] == ["back plates"]
    taken = admin.patch(f"{ORG}/projects/back%20plates", json={"name": "casings"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    lines = admin.get(f"{ORG}/audit", params={"limit": 1}).json()
    assert (lines[0]["action"], lines[0]["details"]) == ("rename_project", {"was": "plates"})


def test_removing_a_project_ends_its_tokens_and_roles(client_as, stores):
    local, admin = stores.local(), client_as("admin")
    made = admin.post(
        f"{ORG}/tokens", json={"name": "x", "scope": "read", "project": "plates"}
    ).json()
    person = local.persons.by_email("vera@factory.example").id
    local.people.set_project_role(person, local.project("plates").info.id, "admin")
    assert admin.delete(f"{ORG}/projects/plates").status_code == 204
    assert admin.get(f"{ORG}/tokens").json() == []
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    assert program.get(f"{ORG}/projects").status_code == 401
    assert local.people.get(person).projects == {}


def test_a_token_of_one_project_sees_that_one_alone(client_as):
    made = (
        client_as("owner")
        .post(f"{ORG}/tokens", json={"name": "x", "scope": "manage", "project": "plates"})
        .json()
    )
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    assert [p["name"] for p in program.get(f"{ORG}/projects").json()] == ["plates"]
    assert program.get(f"{ORG}/projects/plates/label-book").status_code == 200
    assert program.get(f"{CASINGS}/label-book").status_code == 404
    told = program.get(f"{ORG}/members")
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")


def test_the_label_book_changes_only_from_the_revision_that_was_looked_at(client_as):
    admin = client_as("admin")
    book = admin.get(f"{CASINGS}/label-book").json()
    dent = next(c for c in book["classes"] if c["name"] == "dent")
    dent["definition"] = "A hollow that a nail can feel."
    dent["rules"] = [{"measure": "length", "unit": "px", "minimum": 3}]
    change = {"book": book, "reason": "agreed on Monday"}
    told = admin.put(f"{CASINGS}/label-book", json=change)
    assert told.status_code == 200
    assert told.json()["revision"] == book["revision"] + 1
    again = admin.put(f"{CASINGS}/label-book", json=change)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    newest = admin.get(f"{CASINGS}/label-book/history").json()[0]
    assert (newest["author"], newest["reason"]) == (NAMES["admin"], "agreed on Monday")
    assert newest["book"] == admin.get(f"{CASINGS}/label-book").json()


def test_a_class_in_use_and_an_example_that_is_no_image_are_refused(client_as):
    admin = client_as("admin")
    book = admin.get(f"{CASINGS}/label-book").json()
    less = {**book, "classes": [c for c in book["classes"] if c["name"] != "dent"]}
    told = admin.put(f"{CASINGS}/label-book", json={"book": less})
    assert "class 'dent' is used by 6 images" in told.json()["message"]
    book["classes"][0]["examples"] = ["0" * 64]
    told = admin.put(f"{CASINGS}/label-book", json={"book": book})
    assert "no image of the project" in told.json()["message"]


def test_advice_says_on_which_page_to_do_it(client_as):
    told = client_as("viewer").get(f"{CASINGS}/advice").json()
    assert told["course"] == []
    assert {a["page"] for a in told["actions"]} <= set(PAGES)
    first = next(a for a in told["actions"] if a["kind"] == "feasibility")
    assert (first["page"], first["job"]) == ("report", "feasibility")


@pytest.mark.parametrize(
    ("kind", "command", "page", "job"),
    [
        ("import", "pitmark import FOLDER", "images", None),
        ("label first", "pitmark select 8", "annotate", None),
        ("label first", "pitmark import FOLDER", "images", None),
        ("review", "pitmark findings", "findings", None),
        ("audit", "pitmark audit", "findings", "audit"),
        ("settle a rule", "pitmark rule propose", "agreement", None),
        ("train", "pitmark snapshot && pitmark train", "train", "train"),
        ("release", "pitmark release", "release", "release"),
        ("release", "pitmark evaluate --run r2 --compare r1", "report", None),
        ("datasheet", "pitmark datasheet", "datasheet", None),
        ("something new", "pitmark new", "next", None),
    ],
)
def test_each_kind_of_advice_has_its_page_and_job(kind, command, page, job):
    action = Action(kind, "improve", "t", "w", command, 1.0)
    assert (page_of(action), job_of(action)) == (page, job)


def test_the_course_tells_escapes_and_overkill_of_each_model(client_as, stores):
    project = stores.local().project("casings")
    snapshot_of(project)
    info = project.snapshots.info()
    share = {"count": 3, "total": 212, "low": 0.005, "high": 0.041}
    report = {"outcome": {"escapes": share, "overkill": {**share, "total": 0, "count": 0}}}
    for content in (report, {"note": "nothing to judge"}):
        run = project.runs.create("train", info.id, {}, 0)
        blob = project.blobs.put(json.dumps(content).encode())
        project.runs.finish(run.id, {}, None, {"report": blob})
    course = client_as("viewer").get(f"{CASINGS}/advice").json()["course"]
    assert [c["run"] for c in course] == ["r0001", "r0002"]
    told = course[0]["escapes"]
    assert told["sentence"] == proportion(share).sentence("defective images missed")
    assert course[0]["overkill"]["value"] is None
    assert course[1]["escapes"] is None
