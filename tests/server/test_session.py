from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from pitmark.server.app import create_app
from pitmark.server.browser_name import browser_name
from pitmark.server.callers import COOKIE, CSRF_HEADER
from pitmark.store.db import open_store
from pitmark.store.schema import now
from pitmark.store.schema_people import memberships, persons, sessions
from pitmark.store.scope import Unowned
from tests.server.conftest import NAMES, OUTSIDER, PASSWORD, SETUP_TOKEN, email_of

OWNER = {"email": email_of(NAMES["owner"]), "password": PASSWORD}


def test_signing_in_gives_a_session_that_says_who_and_what(client_as):
    client = client_as(None)
    assert client.get("/api/session").json() == {
        "person": None,
        "memberships": [],
        "csrf": "",
        "setup_needed": False,
    }
    told = client.post("/api/session", json={**OWNER, "email": "  OTTO@factory.example "})
    assert told.status_code == 200
    assert told.json()["person"]["name"] == NAMES["owner"]
    assert told.json()["memberships"] == [{"organisation": "local", "role": "owner"}]
    assert client.get("/api/session").json() == told.json()
    assert client.get("/api/orgs/local/members").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client_as, app):
    told = client_as(None).post("/api/session", json=OWNER)
    flags = {f.strip().lower() for f in told.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= flags
    assert "secure" not in flags
    with_tls = TestClient(app, base_url="https://localhost").post("/api/session", json=OWNER)
    assert "secure" in with_tls.headers["set-cookie"].lower()


def test_signing_in_ends_the_session_that_somebody_may_have_planted(client_as):
    planted = client_as("viewer")
    secret = planted.cookies[COOKIE]
    planted.cookies.clear()
    told = planted.post("/api/session", json=OWNER, headers={"cookie": f"{COOKIE}={secret}"})
    assert told.status_code == 200
    assert planted.cookies[COOKIE] != secret
    other = client_as(None)
    other.headers["cookie"] = f"{COOKIE}={secret}"
    assert other.get("/api/session").json()["person"] is None


def test_a_session_that_nobody_opened_is_worth_nothing(client_as):
    client = client_as(None)
    client.headers["cookie"] = f"{COOKIE}=chosen-by-an-attacker"
    assert client.get("/api/session").json()["person"] is None
    assert client.get("/api/orgs/local/members").status_code == 401


def test_signing_out_ends_the_session_on_the_server(client_as):
    client = client_as("viewer")
    secret = client.cookies[COOKIE]
    assert client.delete("/api/session").status_code == 204
    again = client_as(None)
    again.headers["cookie"] = f"{COOKIE}={secret}"
    assert again.get("/api/orgs/local/members").status_code == 401


def test_a_session_runs_out_after_fourteen_days_and_lives_on_while_it_is_used(
    client_as, stores
):
    client = client_as("viewer")
    rows = Unowned(stores.local().database)

    def set_end(moment):
        with rows.write() as connection:
            connection.execute(rows.update(sessions).values(expires=moment))

    set_end(now() + timedelta(days=2))
    assert client.get("/api/orgs/local/members").status_code == 200
    assert rows.first(rows.select(sessions)).expires > now() + timedelta(days=13)
    set_end(now() - timedelta(seconds=1))
    assert client.get("/api/orgs/local/members").status_code == 401


def test_wrong_password_and_unknown_email_are_answered_alike(client_as):
    client = client_as(None)
    wrong = client.post("/api/session", json={**OWNER, "password": "parts under a lamb"})
    unknown = client.post("/api/session", json={**OWNER, "email": "nobody@factory.example"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert "set-cookie" not in wrong.headers


def test_ten_wrong_passwords_are_followed_by_a_pause_also_for_the_right_one(client_as):
    client = client_as(None)
    for _ in range(10):
        wrong = {**OWNER, "password": "guess after guess"}
        assert client.post("/api/session", json=wrong).status_code == 401
    told = client.post("/api/session", json=OWNER)
    assert (told.status_code, told.json()["code"]) == (429, "too_many")
    assert "15 min" in told.json()["hint"]
    other = {"email": email_of(OUTSIDER), "password": PASSWORD}
    assert client.post("/api/session", json=other).status_code == 200


def test_one_sees_where_one_is_signed_in_and_ends_all_but_here(client_as, stores):
    here, there, other = client_as("admin"), client_as("admin"), client_as("viewer")
    told = here.get("/api/sessions").json()
    assert sorted(s["own"] for s in told) == [False, True]
    assert all(s["used"] <= s["created"] for s in told)
    assert there.delete("/api/sessions").status_code == 204
    assert here.get("/api/sessions").status_code == 401
    assert [s["own"] for s in there.get("/api/sessions").json()] == [True]
    assert other.get("/api/session").json()["person"]["name"] == NAMES["viewer"]


def test_one_sees_by_which_browser_one_is_signed_in_and_no_more_of_it_is_kept(client_as):
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0 secret-7"
    client = client_as("viewer")
    body = {"email": email_of(NAMES["viewer"]), "password": PASSWORD}
    client.post("/api/session", json=body, headers={"User-Agent": agent})
    own = [s["browser"] for s in client.get("/api/sessions").json() if s["own"]]
    assert own == ["Firefox on Windows"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/125.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/125.0 Safari/537 Edg/125.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1", "Safari on macOS"),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) CriOS/125 Safari/604",
            "Chrome on iPad",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/125 Mobile Safari/537", "Chrome on Android"),
        ("python-httpx/0.27", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent, name):
    assert browser_name(agent) == name


def test_another_password_ends_all_other_sessions(client_as):
    here, there = client_as("admin"), client_as("admin")
    change = {"old": PASSWORD, "new": "a lamp under parts"}
    wrong = here.put("/api/session/password", json={**change, "old": "something else"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    assert here.put("/api/session/password", json=change).status_code == 204
    assert there.get("/api/orgs/local/members").status_code == 401
    assert here.get("/api/orgs/local/members").status_code == 200
    signed_in = {"email": email_of(NAMES["admin"]), "password": change["new"]}
    assert client_as(None).post("/api/session", json=signed_in).status_code == 200


@pytest.fixture
def fresh(tmp_path):
    """A server over a workspace that nobody owns yet."""
    with open_store(tmp_path / "new", create=True):
        pass
    app = create_app(tmp_path / "new", setup_token=SETUP_TOKEN)
    yield TestClient(app, base_url="http://localhost")
    app.state.stores.close()


FIRST = {
    "token": SETUP_TOKEN,
    "name": "Fay First",
    "email": "fay@factory.example",
    "password": PASSWORD,
}


def test_the_first_owner_comes_by_the_printed_link_and_only_once(fresh):
    assert fresh.get("/api/session").json()["setup_needed"] is True
    wrong = fresh.post("/api/setup", json={**FIRST, "token": "guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    told = fresh.post("/api/setup", json=FIRST)
    assert told.json()["memberships"] == [{"organisation": "local", "role": "owner"}]
    assert fresh.get("/api/session").json()["setup_needed"] is False
    second = {**FIRST, "name": "Sid Second", "email": "sid@factory.example"}
    assert fresh.post("/api/setup", json=second).status_code == 403


def test_the_link_makes_no_second_owner_where_there_is_one(client_as):
    told = client_as(None).post("/api/setup", json=FIRST)
    assert (told.status_code, told.json()["code"]) == (409, "conflict")


def test_without_a_link_nobody_becomes_owner(tmp_path):
    with open_store(tmp_path / "new", create=True):
        pass
    app = create_app(tmp_path / "new")
    client = TestClient(app, base_url="http://localhost")
    for token in ("", "None", "null"):
        assert client.post("/api/setup", json={**FIRST, "token": token}).status_code == 403
    app.state.stores.close()


def test_nobody_can_register_on_their_own(app):
    public = {
        (method, path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if not path.startswith(("/api/orgs/", "/api/devices/"))
    }
    assert public <= {
        ("get", "/api/health"),
        ("get", "/api/session"),
        ("post", "/api/session"),
        ("delete", "/api/session"),
        ("put", "/api/session/password"),
        ("get", "/api/sessions"),
        ("delete", "/api/sessions"),
        ("post", "/api/setup"),
        ("get", "/api/invitations/{token}"),
        ("post", "/api/invitations/{token}/accept"),
        ("get", "/api/orgs"),
        ("post", "/api/orgs"),
        ("get", "/metrics"),
    }


@pytest.mark.parametrize("password", ["short", "a" * 12])
def test_a_weak_password_is_refused_and_nobody_is_made(fresh, password):
    told = fresh.post("/api/setup", json={**FIRST, "password": password})
    assert told.status_code == 422
    assert fresh.get("/api/session").json()["setup_needed"] is True


def test_no_secret_stands_in_the_database(client_as, workspace, stores):
    client = client_as("owner")
    token = client.post(
        "/api/orgs/local/tokens", json={"name": "line", "scope": "read"}
    ).json()["secret"]
    link = client.post(
        "/api/orgs/local/invitations", json={"email": "new@x.example", "role": "viewer"}
    ).json()["link"]
    stores.close()
    kept = b"".join(p.read_bytes() for p in workspace.glob("pitmark.db*"))
    for secret in (token, link.rpartition("/")[2], client.cookies[COOKIE], PASSWORD):
        assert secret.encode() not in kept
    assert b"$argon2id$" in kept


def test_accounts_of_a_workspace_have_different_names_and_emails(stores):
    people = stores.local().persons
    with pytest.raises(Exception, match="somebody is called"):
        people.add("otto  OWNER".replace("  ", " "), "new@factory.example", "x")
    with pytest.raises(Exception, match="has an account already"):
        people.add("Another", "Otto@Factory.example", "x")
    for name in ("", " ", "x" * 101, "a\nb", "Pitmark"):
        with pytest.raises(Exception, match="name"):
            people.add(name, "new@factory.example", "x")
    for email in ("", "a@", "@b", "a b@c", "a@b@c"):
        with pytest.raises(Exception, match="no email"):
            people.add("New", email, "x")


def test_a_change_without_the_csrf_word_is_refused(client_as):
    client = client_as("owner", csrf=False)
    new = {"name": "line", "scope": "read"}
    for word in (None, "", "0" * 64, "\xe4"):
        headers = {} if word is None else {CSRF_HEADER: word.encode("latin-1")}
        told = client.post("/api/orgs/local/tokens", json=new, headers=headers)
        assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
        assert CSRF_HEADER in told.json()["message"]
    word = client.get("/api/session").json()["csrf"]
    told = client.post("/api/orgs/local/tokens", json=new, headers={CSRF_HEADER: word})
    assert told.status_code == 201


def test_the_csrf_word_of_one_session_is_of_no_use_to_another(client_as):
    mine, theirs = client_as("owner"), client_as("viewer")
    mine.headers[CSRF_HEADER] = theirs.headers[CSRF_HEADER]
    new = {"name": "line", "scope": "read"}
    assert mine.post("/api/orgs/local/tokens", json=new).status_code == 403


def test_rows_of_an_organisation_cannot_be_asked_for_without_it(stores):
    rows = Unowned(stores.local().database)
    for make in (rows.select, rows.update, rows.delete):
        with pytest.raises(TypeError, match="memberships belong to an organisation"):
            make(memberships)
    assert rows.first(rows.select(persons)) is not None


def test_a_program_hears_in_whose_name_its_token_speaks(client_as):
    asked = {"name": "line", "scope": "read"}
    secret = client_as("admin").post("/api/orgs/local/tokens", json=asked).json()["secret"]
    program = client_as(None)
    program.headers["Authorization"] = f"Bearer {secret}"
    told = program.get("/api/session").json()
    assert told["person"]["name"] == NAMES["admin"]
    assert told["memberships"] == [{"organisation": "local", "role": "admin"}]
    assert told["csrf"] == ""
    program.headers["Authorization"] = f"Bearer {secret}x"
    assert program.get("/api/session").status_code == 401
