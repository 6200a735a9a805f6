import gzip

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from pitmark.core.errors import TooManyError
from pitmark.server.app import create_app
from pitmark.server.attempts import Attempts
from pitmark.server.guards import SAFE_HEADERS, BodyLimit
from pitmark.server.pages import add_pages
from pitmark.server.problems import add_problem_handlers


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:80", "", "127.0.0.1.nip.io"],
)
def test_a_request_for_the_name_of_a_stranger_is_refused(client_as, host):
    told = client_as("owner").get("/api/orgs/local/members", headers={"host": host})
    assert (told.status_code, told.json()["code"]) == (421, "unknown_host")
    assert told.json()["hint"]
    assert "content-security-policy" in told.headers


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8321", "127.0.0.1:1", "[::1]:8321"])
def test_the_names_of_loopback_are_always_known(client_as, host):
    assert client_as(None).get("/api/health", headers={"host": host}).status_code == 200


def test_further_names_are_known_when_they_are_allowed(workspace):
    app = create_app(workspace, allow_hosts=("Line3.Factory.example",))
    client = TestClient(app, base_url="http://line3.factory.example:8321")
    assert client.get("/api/health").status_code == 200
    app.state.stores.close()


def test_a_change_that_comes_from_another_site_is_refused(client_as):
    client, new = client_as("owner"), {"name": "line", "scope": "read"}
    for origin in ("https://evil.example", "null"):
        told = client.post("/api/orgs/local/tokens", json=new, headers={"origin": origin})
        assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    headers = {"origin": "http://localhost:5173"}
    told = client.post("/api/orgs/local/tokens", json=new, headers=headers)
    assert told.status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/api/nothing", "/api/orgs/local/members"]
)
def test_every_answer_carries_the_safe_headers(client_as, path):
    told = client_as(None).get(path)
    for name, value in SAFE_HEADERS.items():
        assert told.headers[name] == value


def test_the_content_policy_lets_no_script_in_but_our_own_files():
    policy = dict(
        part.strip().split(" ", 1)
        for part in SAFE_HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"


def test_what_the_api_tells_is_not_kept_by_caches(client_as):
    assert client_as("viewer").get("/api/session").headers["cache-control"] == "no-store"


def _limited():
    app = FastAPI()
    add_problem_handlers(app)

    @app.put("/{path:path}")
    async def take(request: Request):
        return len(await request.body())

    app.add_middleware(BodyLimit, most_bytes=10, most_upload_bytes=20)
    return TestClient(app)


def test_bodies_are_limited_whether_their_length_is_told_or_not():
    client = _limited()
    assert client.put("/x", content=b"a" * 10).json() == 10
    assert client.put("/api/uploads/x", content=b"a" * 20).json() == 20
    for path, size in (("/x", 11), ("/api/uploads/x", 21)):
        for body in (b"a" * size, (b"a" for _ in range(size))):
            told = client.put(path, content=body)
            assert (told.status_code, told.json()["code"]) == (413, "too_large")


def test_attempts_are_counted_for_a_while_and_forgotten_after_a_success():
    moment = [0.0]
    attempts = Attempts(2, 60.0, clock=lambda: moment[0])
    for _ in range(2):
        attempts.begin("a")
    with pytest.raises(TooManyError, match="too many attempts"):
        attempts.begin("a")
    attempts.begin("b")
    moment[0] = 60.0
    attempts.begin("a")
    began = attempts.begin("a")
    attempts.take_back("a", began)
    attempts.begin("a")
    attempts.forget("a")
    attempts.begin("a")


def test_attempts_from_ever_new_places_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("pitmark.server.attempts._MOST_KEYS", 5)
    attempts = Attempts(1, 60.0)
    for number in range(20):
        attempts.begin(str(number))
    assert len(attempts._failed) == 5
    with pytest.raises(TooManyError, match="too many attempts"):
        attempts.begin("19")


def test_a_fault_of_pitmark_itself_tells_no_details(client_as, app):
    def broken():
        raise RuntimeError("the secret of the house")

    app.add_api_route("/api/broken", broken)
    app.router.routes.insert(0, app.router.routes.pop())
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    told = client.get("/api/broken")
    assert told.status_code == 500
    assert set(told.json()) == {"code", "message", "hint"}
    assert "secret" not in told.text


@pytest.fixture
def pages(tmp_path):
    """A built web app, served."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Pitmark</title>")
    (folder / "assets" / "app-1a2b.js").write_text("start()")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(b"start()"))
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("nobody reads this")
    app = FastAPI()
    add_pages(app, folder)
    return TestClient(app)


def test_the_web_app_is_served_for_every_path_that_it_knows_itself(pages):
    for path in ("/", "/local/casings/findings", "/invitation/abc", "/setup?token=x"):
        told = pages.get(path)
        assert "<title>Pitmark" in told.text
        assert told.headers["cache-control"] == "no-cache"
    tag = told.headers["etag"]
    assert pages.get("/", headers={"if-none-match": tag}).status_code == 304


def test_files_with_a_hash_in_their_name_may_be_kept_for_ever_and_come_packed(pages):
    told = pages.get("/assets/app-1a2b.js")
    assert told.text == "start()"
    assert told.headers["content-encoding"] == "gzip"
    assert "immutable" in told.headers["cache-control"]
    assert told.headers["content-type"].startswith("text/javascript")
    plain = pages.get("/assets/app-1a2b.js", headers={"accept-encoding": "identity"})
    assert plain.text == "start()"
    assert "content-encoding" not in plain.headers
    assert pages.get("/assets/old-3c4d.js").status_code == 404
    assert pages.get(f"/assets/{'a' * 300}.js").status_code == 404
    assert pages.get(f"/{'p/' * 3000}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt",
     "/..%5csecret.txt", "/%00"],
)  # fmt: skip
def test_nothing_outside_the_web_app_is_served(pages, path):
    assert "nobody reads this" not in pages.get(path).text


def test_an_unknown_path_of_the_api_is_a_problem_and_no_page(pages):
    told = pages.get("/api/nothing")
    assert (told.status_code, told.json()["code"]) == (404, "not_found")


def test_without_a_built_web_app_the_start_page_says_how_to_build_it(tmp_path):
    app = FastAPI()
    add_pages(app, tmp_path / "none")
    told = TestClient(app).get("/")
    assert told.headers["content-type"].startswith("text/plain")
    assert "npm run build" in told.text
