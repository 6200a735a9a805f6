"""Every route of the API, whoever wrote it, against everybody who must not use it.

What is tried follows from the OpenAPI document, so that a new route is tried from its first
day on.
"""

import re
from urllib.parse import quote

import pytest

from pitmark.core.labels import ImageClass
from pitmark.core.roles import ROLES
from pitmark.server.app import ROUTERS
from pitmark.store.findings import NewFinding
from pitmark.store.tokens import NewToken
from tests.server.conftest import OUTSIDER, email_of
from tests.store.making import labeled_image

ORGANISATION = "/api/orgs/{organisation}"
METHODS = ("get", "post", "put", "patch", "delete")
# Asked before anybody can be signed in, or of nobody in particular.
PUBLIC = {
    ("get", "/api/health"),
    ("get", "/api/session"),
    ("post", "/api/session"),
    ("post", "/api/setup"),
    ("get", "/api/invitations/{token}"),
    ("post", "/api/invitations/{token}/accept"),
    ("get", "/metrics"),
    ("post", "/api/devices/registration"),
}
# Asked by devices with a key of their own, never by people; see test_devices.
OF_DEVICES = "/api/devices/{device}"
# What a viewer may change: their own tokens.
OF_VIEWERS = {
    ("post", f"{ORGANISATION}/tokens"),
    ("delete", f"{ORGANISATION}/tokens/{{token}}"),
}
ONLY_THEIRS = "only theirs"
NAMED = re.compile(r"{\w+}")


@pytest.fixture
def routes(app):
    """All (method, path) of the API."""
    paths = app.openapi()["paths"]
    found = [(m, p) for p, about in paths.items() for m in METHODS if m in about]
    assert len(found) > 30
    return found


@pytest.fixture
def scoped(routes):
    """Those of an organisation."""
    return [(m, p) for m, p in routes if p.startswith(ORGANISATION)]


@pytest.fixture
def theirs(stores):
    """Values of path parameters that exist at organisation "acme" alone."""
    acme = stores.of("acme")
    book = acme.project("casings").book.current()
    project = acme.create_project(ONLY_THEIRS, "classification", book)
    sha = labeled_image(project, "theirs", ImageClass("dent"))
    project.findings.save([NewFinding("wrong_class", sha, 0, 0.5, "odd")], source="audit")
    study = project.studies.create("gauge", {"images": [sha]}, author="eve")
    job = project.jobs.create("train", {}, by="eve")
    person = acme.persons.by_email(email_of(OUTSIDER))
    row, _ = acme.invitations.add("x@y.example", "viewer", by=person.id)
    project.devices.add("theirs")
    project.rollouts.add(1, {"waves": [1.0], "canary": [], "placed": 1}, by="eve")
    token, _ = acme.tokens.add(NewToken("theirs", "read", None, 1), person=person.id)
    return {
        "organisation": "acme",
        "project": ONLY_THEIRS,
        "person": str(person.id),
        "invitation": str(row.id),
        "token": str(token.id),
        "sha": sha,
        "sha256": sha,
        "finding": project.findings.list()[0].id,
        "study": study.id,
        "job": job.id,
        "device": "theirs",
    }


def _filled(path, values):
    out = path
    while "{" in out:
        before, _, rest = out.partition("{")
        name, _, after = rest.partition("}")
        out = before + quote(values.get(name.partition(":")[0], "1"), safe="") + after
    return out


def _ask(client, method, path):
    body = {"json": {}} if method in ("post", "put", "patch") else {}
    return client.request(method, path, **body)


def _tried(client, routes, values):
    """Status and code by route."""
    out = {}
    for method, path in routes:
        told = _ask(client, method, _filled(path, values))
        out[method, path] = (told.status_code, told.json()["code"])
    return out


def test_every_route_of_the_api_is_described_and_so_tried_here(app, routes):
    described = {path for _, path in routes}
    seen = set()
    for router in (app, *ROUTERS):
        for route in router.routes:
            path = getattr(route, "path", "")
            if path.startswith("/api/") and path != "/api/openapi.json":
                assert path in described
                seen.add(path)
    assert seen >= {path for path in described if path.startswith("/api/")}


def test_who_is_not_signed_in_gets_nothing_from_any_route(client_as, routes, theirs):
    asked = [r for r in routes if r not in PUBLIC]
    for values in (theirs, {"organisation": "local", "project": "casings"}, {}):
        told = _tried(client_as(None), asked, values)
        assert {k: v for k, v in told.items() if v != (401, "not_signed_in")} == {}


@pytest.mark.parametrize("role", ROLES)
def test_another_organisation_does_not_exist_for_any_role_on_any_route(
    client_as, scoped, theirs, role
):
    told = _tried(client_as(role), scoped, theirs)
    assert {k: v for k, v in told.items() if v != (404, "not_found")} == {}


def test_an_unknown_organisation_is_answered_like_one_of_others(client_as, theirs):
    owner = client_as("owner")
    theirs_told = owner.get("/api/orgs/acme/members").json()
    unknown = owner.get("/api/orgs/nowhere/members").json()
    assert {k: str(v).replace("acme", "nowhere") for k, v in theirs_told.items()} == unknown


@pytest.mark.parametrize("role", ROLES)
def test_a_project_of_another_organisation_does_not_exist_in_ones_own(
    client_as, scoped, theirs, role
):
    asked = [(m, p) for m, p in scoped if "{project}" in p]
    told = _tried(client_as(role), asked, {**theirs, "organisation": "local"})
    assert {k: v for k, v in told.items() if v != (404, "not_found")} == {}


def test_ids_of_another_organisation_are_found_through_no_route_of_ones_own(
    client_as, scoped, theirs
):
    own = {**theirs, "organisation": "local", "project": "casings"}
    known = ("{organisation}", "{project}")
    asked = [(m, p) for m, p in scoped if any(n not in known for n in NAMED.findall(p))]
    assert len(asked) > 8
    told = _tried(client_as("owner"), asked, own)
    # A body that is empty may be refused before the id is looked up.
    allowed = {(404, "not_found"), (422, "invalid_input")}
    assert {k: v for k, v in told.items() if v not in allowed} == {}
    reading = {k: v for k, v in told.items() if k[0] in ("get", "delete")}
    assert {k: v for k, v in reading.items() if v != (404, "not_found")} == {}


def test_a_viewer_changes_nothing(client_as, scoped):
    asked = [r for r in scoped if r[0] != "get" and r not in OF_VIEWERS]
    told = _tried(client_as("viewer"), asked, {"organisation": "local", "project": "casings"})
    assert {k: v for k, v in told.items() if v != (403, "not_allowed")} == {}


def _token(client_as, stores, scope, *, of="owner"):
    organisation = "acme" if of == "outsider" else "local"
    new = {"name": "x", "scope": scope}
    made = client_as(of).post(f"/api/orgs/{organisation}/tokens", json=new).json()
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    return program


def test_a_token_to_read_changes_nothing(client_as, stores, scoped):
    asked = [r for r in scoped if r[0] != "get"]
    program = _token(client_as, stores, "read")
    told = _tried(program, asked, {"organisation": "local", "project": "casings"})
    assert {k: v for k, v in told.items() if v != (403, "not_allowed")} == {}


def test_a_token_to_label_leads_nothing(client_as, stores):
    program = _token(client_as, stores, "label")
    values = {"organisation": "local", "project": "casings"}
    leading = [
        ("put", f"{ORGANISATION}/projects/{{project}}/label-book"),
        ("delete", f"{ORGANISATION}/projects/{{project}}"),
        ("post", f"{ORGANISATION}/projects"),
        ("post", f"{ORGANISATION}/projects/{{project}}/rules"),
        ("get", f"{ORGANISATION}/audit"),
    ]
    told = _tried(program, leading, values)
    assert set(told.values()) == {(403, "not_allowed")}


def test_a_token_of_another_organisation_finds_nothing_even_of_a_member_of_both(
    client_as, stores, scoped
):
    local = stores.local()
    local.people.add(local.persons.by_email(email_of(OUTSIDER)).id, "owner")
    program = _token(client_as, stores, "manage", of="outsider")
    told = _tried(program, scoped, {"organisation": "local", "project": "casings"})
    assert {k: v for k, v in told.items() if v != (404, "not_found")} == {}


def test_a_token_of_one_project_finds_no_other(client_as, stores, scoped):
    new = {"name": "x", "scope": "manage", "project": "plates"}
    made = client_as("owner").post("/api/orgs/local/tokens", json=new).json()
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {made['secret']}"
    asked = [(m, p) for m, p in scoped if "{project}" in p]
    told = _tried(program, asked, {"organisation": "local", "project": "casings"})
    assert {k: v for k, v in told.items() if v != (404, "not_found")} == {}


def test_no_route_changes_anything_for_a_session_without_the_csrf_word(client_as, routes):
    asked = [r for r in routes if r[0] != "get" and r not in PUBLIC]
    asked = [r for r in asked if not r[1].startswith(OF_DEVICES)]
    client = client_as("owner", csrf=False)
    told = _tried(client, asked, {"organisation": "local", "project": "casings"})
    assert {k: v for k, v in told.items() if v != (403, "not_allowed")} == {}


@pytest.mark.parametrize("who", [*ROLES, "token"])
def test_no_person_and_no_token_of_a_person_may_what_a_device_may(
    client_as, stores, routes, who
):
    stores.local().project("casings").devices.add("press-1")
    asked = [r for r in routes if r[1].startswith(OF_DEVICES)]
    assert len(asked) >= 4
    client = _token(client_as, stores, "manage") if who == "token" else client_as(who)
    told = _tried(client, asked, {"device": "press-1"})
    assert set(told.values()) == {(401, "not_signed_in")}


def test_the_key_of_a_device_opens_no_route_of_people(client_as, stores, routes):
    project = stores.local().project("casings")
    _, code = project.devices.add("press-1")
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {project.devices.exchange(code)[1]}"
    asked = [r for r in routes if r not in PUBLIC and not r[1].startswith(OF_DEVICES)]
    told = _tried(program, asked, {"organisation": "local", "project": "casings"})
    assert set(told.values()) == {(401, "not_signed_in")}


def test_every_route_is_refused_under_the_name_of_a_stranger(client_as, routes):
    client = client_as("owner")
    client.headers["host"] = "evil.example"
    told = _tried(client, routes, {"organisation": "local", "project": "casings"})
    assert set(told.values()) == {(421, "unknown_host")}
