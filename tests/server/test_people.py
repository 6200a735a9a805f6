import sqlite3

import pytest

from tests.server.conftest import NAMES, OUTSIDER, PASSWORD, email_of

ORG = "/api/orgs/local"


@pytest.fixture
def ids(stores):
    """Role to the key of its person; also that of the outsider."""
    persons = stores.local().persons
    told = {**NAMES, "outsider": OUTSIDER}
    return {role: persons.by_email(email_of(name)).id for role, name in told.items()}


def _invite(client, role="labeler", email="new@factory.example"):
    return client.post(f"{ORG}/invitations", json={"email": email, "role": role})


def _token(client, **how):
    return client.post(f"{ORG}/tokens", json={"name": "line 3", "scope": "read", **how})


def _bearer(client_as, secret):
    client = client_as(None)
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_members_are_listed_with_their_roles_and_nobody_of_elsewhere(client_as):
    told = client_as("viewer").get(f"{ORG}/members").json()
    assert {m["person"]["name"]: m["role"] for m in told} == {n: r for r, n in NAMES.items()}


def test_an_invitation_makes_a_member_once(client_as):
    made = _invite(client_as("admin"))
    assert made.status_code == 201
    secret = made.json()["link"].rpartition("/")[2]
    assert made.json()["link"].startswith("http://localhost/invitation/")
    guest = client_as(None)
    assert guest.get(f"/api/invitations/{secret}").json() == {
        "organisation": "local",
        "email": "new@factory.example",
        "role": "labeler",
        "known": False,
    }
    name = {"name": "Nora New", "password": PASSWORD}
    told = guest.post(f"/api/invitations/{secret}/accept", json=name).json()
    assert told["memberships"] == [{"organisation": "local", "role": "labeler"}]
    assert guest.get(f"{ORG}/members").status_code == 200
    again = guest.post(f"/api/invitations/{secret}/accept", json={**name, "name": "Two"})
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert client_as("admin").get(f"{ORG}/invitations").json() == []


def test_a_known_person_accepts_with_their_password_and_keeps_their_name(client_as):
    made = _invite(client_as("owner"), email=email_of(OUTSIDER)).json()
    secret = made["link"].rpartition("/")[2]
    guest = client_as(None)
    assert guest.get(f"/api/invitations/{secret}").json()["known"] is True
    path = f"/api/invitations/{secret}/accept"
    wrong = guest.post(path, json={"name": "", "password": "something else"})
    assert wrong.status_code == 401
    told = guest.post(path, json={"name": "Mallory", "password": PASSWORD}).json()
    assert told["person"]["name"] == OUTSIDER
    assert {m["organisation"] for m in told["memberships"]} == {"acme", "local"}


def test_invitations_run_out_and_can_be_taken_back(client_as, workspace):
    admin = client_as("admin")
    first, second = _invite(admin).json(), _invite(admin, email="two@x.example").json()
    assert admin.delete(f"{ORG}/invitations/{first['id']}").status_code == 204
    with sqlite3.connect(workspace / "pitmark.db") as db:
        db.execute("UPDATE invitations SET expires = '2020-01-01'")
    db.close()
    for made in (first, second):
        path = f"/api/invitations/{made['link'].rpartition('/')[2]}"
        assert client_as(None).get(path).status_code == 404
    assert admin.delete(f"{ORG}/invitations/{second['id']}").status_code == 404


def test_an_invitation_of_somebody_who_may_not_invite_any_more_is_worth_nothing(client_as, ids):
    secret = _invite(client_as("admin")).json()["link"].rpartition("/")[2]
    path = f"{ORG}/members/{ids['admin']}"
    assert client_as("owner").patch(path, json={"role": "viewer"}).status_code == 200
    assert client_as(None).get(f"/api/invitations/{secret}").status_code == 404


def test_nobody_is_invited_above_the_role_of_who_invites_nor_twice(client_as):
    told = _invite(client_as("admin"), role="owner")
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    told = _invite(client_as("owner"), email=email_of(NAMES["viewer"]).upper())
    assert (told.status_code, told.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("role", ["viewer", "labeler", "admin"])
@pytest.mark.parametrize("project", [None, "casings"])
def test_nobody_raises_their_own_role(client_as, ids, role, project):
    told = client_as(role).patch(
        f"{ORG}/members/{ids[role]}", json={"role": "owner", "project": project}
    )
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")


def test_who_is_less_in_a_project_cannot_make_themselves_more_there(client_as, ids):
    path, less = f"{ORG}/members/{ids['admin']}", {"role": "viewer", "project": "casings"}
    assert client_as("owner").patch(path, json=less).json()["projects"] == {"casings": "viewer"}
    told = client_as("admin").patch(path, json={**less, "role": "admin"})
    assert "nobody raises their own role" in told.json()["message"]


@pytest.mark.parametrize("change", ["demote", "remove"])
def test_an_admin_can_neither_demote_nor_remove_an_owner(client_as, ids, change):
    admin, path = client_as("admin"), f"{ORG}/members/{ids['owner']}"
    if change == "demote":
        told = admin.patch(path, json={"role": "viewer"})
    else:
        told = admin.delete(path)
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")


def test_the_last_owner_stays(client_as, ids):
    owner, path = client_as("owner"), f"{ORG}/members/{ids['owner']}"
    for told in (owner.patch(path, json={"role": "admin"}), owner.delete(path)):
        assert (told.status_code, told.json()["code"]) == (409, "conflict")
        assert "last owner" in told.json()["message"]
    other = f"{ORG}/members/{ids['admin']}"
    assert owner.patch(other, json={"role": "owner"}).status_code == 200
    assert owner.delete(path).status_code == 204
    assert owner.get(f"{ORG}/members").status_code == 404


def test_a_change_of_role_counts_for_the_very_next_request(client_as, ids):
    admin, owner = client_as("admin"), client_as("owner")
    assert admin.get(f"{ORG}/audit").status_code == 200
    owner.patch(f"{ORG}/members/{ids['admin']}", json={"role": "viewer"})
    assert admin.get(f"{ORG}/audit").status_code == 403
    owner.delete(f"{ORG}/members/{ids['admin']}")
    assert admin.get(f"{ORG}/audit").status_code == 404


def test_a_member_of_another_organisation_is_not_there(client_as, ids):
    owner, path = client_as("owner"), f"{ORG}/members/{ids['outsider']}"
    assert owner.patch(path, json={"role": "viewer"}).status_code == 404
    assert owner.delete(path).status_code == 404


def test_a_token_asks_in_the_name_of_its_person_within_its_scope(client_as):
    made = _token(client_as("owner"), scope="label")
    assert made.status_code == 201
    secret = made.json()["secret"]
    program = _bearer(client_as, secret)
    assert program.get(f"{ORG}/members").status_code == 200
    told = program.get(f"{ORG}/audit")
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    listed = client_as("owner").get(f"{ORG}/tokens").json()
    assert [(t["name"], t["scope"], t["person"], t["secret"]) for t in listed] == [
        ("line 3", "label", NAMES["owner"], None)
    ]
    assert listed[0]["last_used"] is not None


def test_a_token_never_may_more_than_its_person_may_now(client_as, ids):
    secret = _token(client_as("admin"), scope="manage").json()["secret"]
    program = _bearer(client_as, secret)
    assert program.get(f"{ORG}/audit").status_code == 200
    client_as("owner").patch(f"{ORG}/members/{ids['admin']}", json={"role": "viewer"})
    assert program.get(f"{ORG}/audit").status_code == 403
    client_as("owner").delete(f"{ORG}/members/{ids['admin']}")
    assert program.get(f"{ORG}/members").status_code == 401


def test_nobody_makes_a_token_above_their_role(client_as):
    for role, scope in (("viewer", "label"), ("labeler", "manage")):
        told = _token(client_as(role), scope=scope)
        assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    assert _token(client_as("viewer")).status_code == 201


def test_tokens_can_be_revoked_and_run_out(client_as, workspace):
    viewer = client_as("viewer")
    first, second = _token(viewer).json(), _token(viewer).json()
    assert client_as("labeler").delete(f"{ORG}/tokens/{first['id']}").status_code == 404
    assert viewer.delete(f"{ORG}/tokens/{first['id']}").status_code == 204
    assert _bearer(client_as, first["secret"]).get(f"{ORG}/members").status_code == 401
    with sqlite3.connect(workspace / "pitmark.db") as db:
        db.execute("UPDATE api_tokens SET expires = '2020-01-01'")
    db.close()
    assert _bearer(client_as, second["secret"]).get(f"{ORG}/members").status_code == 401
    assert client_as("admin").delete(f"{ORG}/tokens/{second['id']}").status_code == 204


def test_a_token_cannot_make_tokens_invite_people_or_change_roles(client_as, ids):
    secret = _token(client_as("owner"), scope="manage").json()["secret"]
    program = _bearer(client_as, secret)
    told = [
        _token(program),
        _invite(program),
        program.patch(f"{ORG}/members/{ids['viewer']}", json={"role": "admin"}),
        program.delete(f"{ORG}/members/{ids['viewer']}"),
        program.delete("/api/session"),
        program.put("/api/session/password", json={"old": PASSWORD, "new": "x" * 9 + "y"}),
    ]
    assert {t.status_code for t in told} == {403}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic b3R0bzpwYXNz", "Bearer pitmark_guess", "x y z"]
)
def test_a_broken_authorization_is_refused_even_beside_a_good_session(client_as, header):
    client = client_as("owner")
    client.headers["Authorization"] = header
    told = client.get(f"{ORG}/members")
    assert (told.status_code, told.json()["code"]) == (401, "not_signed_in")


def test_every_change_of_people_stands_in_the_audit_log_with_who_did_it(client_as, ids):
    owner = client_as("owner")
    made = _invite(owner).json()
    owner.delete(f"{ORG}/invitations/{made['id']}")
    secret = _invite(owner, email="two@x.example").json()["link"].rpartition("/")[2]
    accepted = {"name": "Tom Two", "password": PASSWORD}
    client_as(None).post(f"/api/invitations/{secret}/accept", json=accepted)
    owner.patch(f"{ORG}/members/{ids['viewer']}", json={"role": "labeler"})
    token = _token(owner).json()
    owner.delete(f"{ORG}/tokens/{token['id']}")
    owner.delete(f"{ORG}/members/{ids['viewer']}")
    lines = owner.get(f"{ORG}/audit", params={"limit": 8}).json()
    assert [(line["who"], line["action"]) for line in reversed(lines)] == [
        (NAMES["owner"], "invite"),
        (NAMES["owner"], "take_back_invitation"),
        (NAMES["owner"], "invite"),
        ("Tom Two", "accept_invitation"),
        (NAMES["owner"], "change_role"),
        (NAMES["owner"], "make_token"),
        (NAMES["owner"], "revoke_token"),
        (NAMES["owner"], "remove_member"),
    ]
    older = owner.get(f"{ORG}/audit", params={"before": lines[-1]["id"]}).json()
    assert older
    assert all(line["id"] < lines[-1]["id"] for line in older)


def test_the_audit_log_can_only_be_added_to(client_as, workspace):
    _token(client_as("owner"))
    with sqlite3.connect(workspace / "pitmark.db") as db:
        for statement in ("DELETE FROM audit_log", "UPDATE audit_log SET who = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="audit_log are never"):
                db.execute(statement)
    db.close()
