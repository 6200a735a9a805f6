import pytest

from pitmark.core.label_book import NumericRule
from pitmark.core.labels import shape_to_json
from pitmark.ops.labels.study_sheet import order_of
from pitmark.store.studies import NewAnswer
from tests.ops.labeled_lines import LONG, SHORT, fill_lines, line_book
from tests.server.conftest import NAMES

CASINGS = "/api/orgs/local/projects/casings"
GOOD = [{"kind": "class", "label": "good"}]
NEW = {"name": "gauge", "labelers": [NAMES["labeler"], NAMES["admin"]], "images": 4}


@pytest.fixture
def study(client_as):
    made = client_as("owner").post(f"{CASINGS}/studies", json=NEW)
    assert made.status_code == 201, made.text
    return made.json()


def _answer_all(client, path, shapes=lambda sha: GOOD):
    """Answer everything; gives the images in the order in which they were shown."""
    shown = []
    task = client.get(f"{path}/task").json()
    while task["sha256"]:
        shown.append((task["trial"], task["sha256"]))
        given = {
            "trial": task["trial"],
            "sha256": task["sha256"],
            "shapes": shapes(task["sha256"]),
        }
        told = client.put(f"{path}/answers", json=given)
        assert told.status_code == 200, told.text
        task = told.json()
        if task["sha256"] is None:
            task = client.get(f"{path}/task").json()
    return shown


def test_a_study_is_designed_with_members_and_listed_with_its_progress(client_as, study):
    assert study["author"] == NAMES["owner"]
    assert (study["images"], study["trials"], study["complete"]) == (4, 2, False)
    assert len(study["progress"]) == 4
    assert "kappa" in study["sentences"][1]
    assert client_as("viewer").get(f"{CASINGS}/studies").json() == [study]
    assert client_as("viewer").get(f"{CASINGS}/studies/{study['id']}").json() == study
    told = client_as("owner").post(f"{CASINGS}/studies", json={**NEW, "labelers": ["Nobody"]})
    assert "nobody in the organisation is called 'Nobody'" in told.json()["message"]


def test_each_person_sees_the_images_in_their_own_order_and_nothing_else(
    client_as, study, stores
):
    path, project = f"{CASINGS}/studies/{study['id']}", stores.local().project("casings")
    task = client_as("labeler").get(f"{path}/task").json()
    assert set(task) == {"trial", "place", "total", "sha256", "width", "height"}
    row = project.studies.get(study["id"])
    for role in ("labeler", "admin"):
        shown = _answer_all(client_as(role), path)
        expected = [
            (trial, row.design["images"][place])
            for trial in (1, 2)
            for place in order_of(row, NAMES[role], trial)
        ]
        assert shown == expected
    assert client_as("viewer").get(f"{CASINGS}/studies").json()[0]["complete"] is True
    kept = project.studies.answers(study["id"])
    assert {a.labeler for a in kept} == {NAMES["labeler"], NAMES["admin"]}
    assert project.annotations.labelers() == ["import"]


def test_who_takes_no_part_gets_no_task(client_as, study):
    path = f"{CASINGS}/studies/{study['id']}"
    told = client_as("owner").get(f"{path}/task")
    assert (told.status_code, told.json()["code"]) == (404, "not_found")
    assert client_as("viewer").get(f"{path}/task").status_code == 403


def test_an_answer_is_kept_once_and_only_for_what_was_asked(client_as, study, stores):
    labeler, path = client_as("labeler"), f"{CASINGS}/studies/{study['id']}/answers"
    project = stores.local().project("casings")
    asked = project.studies.get(study["id"]).design["images"]
    given = {"trial": 1, "sha256": asked[0], "shapes": GOOD}
    assert labeler.put(path, json=given).status_code == 200
    assert labeler.put(path, json=given).status_code == 200
    assert len(project.studies.answers(study["id"])) == 1
    other = {**given, "shapes": [{"kind": "class", "label": "dent"}]}
    told = labeler.put(path, json=other)
    assert (told.status_code, told.json()["code"]) == (409, "conflict")
    unasked = next(r.sha256 for r in project.images.all() if r.sha256 not in asked)
    for wrong, status in (
        ({**given, "sha256": unasked}, 404),
        ({**given, "trial": 3}, 404),
        ({**given, "trial": 2, "shapes": [{"kind": "class", "label": "crack"}]}, 422),
    ):
        assert labeler.put(path, json=wrong).status_code == status


def test_a_study_stays_blind_until_one_has_answered_everything(client_as, study):
    path = f"{CASINGS}/studies/{study['id']}"
    _answer_all(client_as("admin"), path)
    told = client_as("labeler").get(f"{path}/report")
    assert (told.status_code, told.json()["code"]) == (409, "conflict")
    assert "8 of 8 images left" in told.json()["message"]
    _answer_all(client_as("labeler"), path)
    told = client_as("labeler").get(f"{path}/report").json()
    assert set(told["report"]["labelers"]) == set(NEW["labelers"])
    assert told["report"]["sentences"]
    assert told["rules"] == []


def test_the_answers_of_all_on_one_image_are_shown_to_who_has_answered(client_as, study):
    path = f"{CASINGS}/studies/{study['id']}"
    shas = _answer_all(client_as("admin"), path)
    place = f"{path}/answers/{shas[0][1]}"
    assert client_as("labeler").get(place).json()["code"] == "conflict"
    said = client_as("admin").get(place).json()
    assert [(s["labeler"], s["trial"]) for s in said] == [
        (NAMES["admin"], 1),
        (NAMES["admin"], 2),
    ]
    assert said[0]["shapes"][0]["kind"] == "class"
    assert client_as("viewer").get(f"{path}/answers/{'0' * 64}").status_code == 404


@pytest.fixture
def lines(stores):
    """Three people with three limits between a pit mark and a scratch, asked in a study."""
    limits = {NAMES["labeler"]: 28.0, NAMES["admin"]: 36.0, NAMES["owner"]: 32.0}
    local = stores.local()
    drawn = local.create_project("drawn", "detection", line_book())
    fill_lines(drawn, limits)
    said = drawn.annotations.all_latest()
    project = local.create_project("lines", "detection", line_book())
    fill_lines(project, {"import": 0.0})
    shas = [r.sha256 for r in project.images.all()]
    design = {
        "images": shas,
        "labelers": list(limits),
        "repeats": 1,
        "seed": 0,
        "strata": {},
        "hard": 0,
        "orders": {name: [list(range(len(shas)))] for name in limits},
    }
    row = project.studies.create("gauge", design, author="eva")
    project.studies.add_answers(
        row.id,
        [NewAnswer(s, who, 1, said[s][who].shapes) for s in shas for who in limits],
    )
    return project


def test_the_rule_is_proposed_from_the_answers_and_written_into_the_book(client_as, lines):
    path = "/api/orgs/local/projects/lines"
    (rule,) = client_as("viewer").get(f"{path}/studies/s1/report").json()["rules"]
    assert (rule["first"], rule["second"], rule["measure"]) == (SHORT, LONG, "length")
    assert rule["proposed"] == pytest.approx(32, rel=0.1)
    assert len(rule["values"]) == rule["answers"]
    assert rule["near"][0]["box_xyxy"]
    accepted = {
        "classes": [SHORT, LONG],
        "measure": rule["measure"],
        "limit": 32,
        "unit": rule["unit"],
        "reason": "agreed",
        "study": "s1",
    }
    refused = client_as("labeler").post(f"{path}/rules", json=accepted)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    book = client_as("admin").post(f"{path}/rules", json=accepted).json()
    scratch = next(c for c in book["classes"] if c["name"] == LONG)
    assert scratch["rules"] == [
        {"measure": "length", "unit": "px", "minimum": 32.0, "maximum": None}
    ]
    newest = lines.book.history()[-1]
    assert (newest.author, newest.reason) == (NAMES["admin"], "agreed")
    line = client_as("admin").get("/api/orgs/local/audit", params={"limit": 1}).json()[0]
    assert (line["who"], line["action"]) == (NAMES["admin"], "accept_rule")


def test_what_is_proposed_for_a_study_can_be_accepted_with_another_limit(client_as, lines):
    path = "/api/orgs/local/projects/lines/rules"
    given = {"classes": [SHORT, LONG], "measure": "proposed", "limit": 40, "study": "s1"}
    assert client_as("admin").post(path, json=given).status_code == 200
    entry = lines.book.current().entry(LONG)
    assert entry.rules == (NumericRule("length", "px", minimum=40.0),)
    without = client_as("admin").post(path, json={**given, "study": None})
    assert (without.status_code, without.json()["code"]) == (422, "invalid_input")


def test_boxes_travel_whole(client_as, stores):
    project = stores.local().project("plates")
    path = "/api/orgs/local/projects/plates"
    made = client_as("owner").post(f"{path}/studies", json=NEW).json()
    held = project.annotations.consensus()

    def as_held(sha):
        return [shape_to_json(s) for s in held[sha].shapes]

    _answer_all(client_as("labeler"), f"{path}/studies/{made['id']}", as_held)
    for answer in project.studies.answers(made["id"]):
        assert answer.shapes == held[answer.sha256].shapes
