"""What an attacker tries against a real server, one kind of attack per test.

Requests are written byte by byte where a decent client would refuse to send them.
"""

import hashlib
import io
import json
import re
import shutil
import socket
import struct
import zipfile
import zlib
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from pitmark.server.callers import COOKIE, CSRF_HEADER
from tests.server.conftest import NAMES, PASSWORD, email_of
from tests.server.serving_jobs import SEEN_S, events_of, server_over, signed_in

ORGANISATION = "/api/orgs/local"
CASINGS = f"{ORGANISATION}/projects/casings"
PICTURE = f"{CASINGS}/images/{{}}/picture?side=96"


@pytest.fixture(scope="module")
def served(workspace_template, tmp_path_factory):
    """A server with its engine, and somebody who may label."""
    home = shutil.copytree(workspace_template, tmp_path_factory.mktemp("attacked") / "home")
    with (
        server_over(home) as (address, app),
        signed_in(home, address, email_of(NAMES["labeler"])) as labeler,
    ):
        yield home, address, labeler, app


@pytest.fixture
def labeler(served):
    return served[2]


@pytest.fixture
def owner(served):
    home, address, _, _ = served
    with signed_in(home, address, email_of(NAMES["owner"])) as client:
        yield client


def talk(address, request, *, wait_s=SEEN_S):
    """Send bytes as they are; gives all that comes back until the server closes."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as connection:
        connection.sendall(request)
        told = b""
        while part := connection.recv(1 << 16):
            told += part
        return told


def asked(address, path, host="localhost"):
    """The answer to a GET whose path is sent as it stands."""
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return talk(address, head.encode("latin-1"))


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def cookie_of(client):
    return client.headers["cookie"]


def signed(client):
    """The lines of a request that comes from a person who is signed in."""
    return f"Cookie: {cookie_of(client)}\r\n{CSRF_HEADER}: {client.headers[CSRF_HEADER]}\r\n"


def upload(client, data):
    sha = hashlib.sha256(data).hexdigest()
    assert client.put(f"{ORGANISATION}/uploads/{sha}", content=data).status_code == 200
    return sha


def imported(client, path, data):
    """The end of an import job of one file."""
    options = {"files": [{"path": path, "sha256": upload(client, data)}]}
    made = client.post(f"{CASINGS}/jobs", json={"kind": "import", "options": options})
    if made.status_code != 201:
        return {"state": "refused", "problem": made.json()}
    return events_of(client, f"{CASINGS}/jobs/{made.json()['id']}/events")[-1]


def images_of(client):
    return client.get(f"{CASINGS}/images").json()["total"]


# --- names that lead elsewhere


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../../../etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%5c..%5cpitmark.db",
        "//etc/passwd",
        "/assets/%00index.html",
        "/static/../../core/errors.py",
    ],
)
def test_no_path_reads_a_file_of_the_machine(served, path):
    _, address, _, _ = served
    told = asked(address, path)
    assert b"root:" not in told
    assert b"SQLite format" not in told
    assert b"class PitmarkError" not in told


@pytest.mark.parametrize("name", ["../../x", "..%2f..%2fx", "%2e%2e%2fpitmark.db", "a" * 63])
def test_an_upload_cannot_choose_where_it_lies(served, labeler, name):
    home = served[0]
    before = {p for p in home.rglob("*") if "work" not in p.parts}
    told = labeler.put(f"{ORGANISATION}/uploads/{name}", content=b"x")
    assert told.status_code in (404, 405, 422)
    assert {p for p in home.rglob("*") if "work" not in p.parts} <= before | {
        home / "uploads",
        home / "uploads" / "local",
    }


@pytest.mark.parametrize(
    "path", ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "a/../../evil.png", "a\0.png"]
)
def test_an_uploaded_file_cannot_be_laid_out_elsewhere(labeler, path):
    before = images_of(labeler)
    assert imported(labeler, path, png())["state"] in ("failed", "refused")
    assert images_of(labeler) == before


def png(size=(8, 8), color=(9, 90, 200)):
    held = io.BytesIO()
    Image.new("RGB", size, color).save(held, "PNG")
    return held.getvalue()


def zipped(**files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


# --- files that are larger than they look


def test_an_archive_that_grows_a_thousandfold_is_stopped(served, labeler):
    home = served[0]
    bomb = zipped(**{f"{n}.png": bytes(24 << 20) for n in range(4)})
    assert len(bomb) < 1 << 20
    ended = imported(labeler, "bomb.zip", bomb)
    assert ended["state"] == "failed"
    assert "bomb.zip" in ended["problem"]["message"]
    assert not list((home / "work").glob("*/job-*/**/*.png"))


def test_a_picture_of_a_billion_pixels_is_not_decoded(labeler):
    before = images_of(labeler)
    small = png()
    # The header alone says so; its checksum is right.
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    huge = small[:16] + header + crc + small[33:]
    ended = imported(labeler, "huge.png", huge)
    problems = json.dumps([ended.get("problem"), ended.get("result")])
    assert "huge.png" in problems
    assert images_of(labeler) == before


def test_a_message_that_is_too_large_is_refused_before_it_is_read(served, labeler):
    _, address, _, _ = served
    head = (
        f"POST {CASINGS}/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"{signed(labeler)}Content-Type: application/json\r\n"
    )
    for length in (str(1 << 40), str(33 << 20)):
        told = talk(address, f"{head}Content-Length: {length}\r\n\r\n".encode() + b"[")
        assert status_of(told) == 413
    for length in ("-1", "1e3", "0x10"):
        told = talk(address, f"{head}Content-Length: {length}\r\n\r\n".encode() + b"[")
        assert status_of(told) in (400, 413)


def test_a_form_with_a_file_is_not_taken_anywhere(labeler):
    form = {"file": ("a.png", png())}
    for path in (f"{CASINGS}/jobs", f"{ORGANISATION}/uploads/missing", "/api/session"):
        assert labeler.post(path, files=form).status_code == 422


def test_deeply_nested_json_is_an_error_of_who_sends_it(labeler):
    nested = b"[" * 100_000 + b"]" * 100_000
    headers = {"content-type": "application/json"}
    told = labeler.post(f"{CASINGS}/jobs", content=nested, headers=headers)
    assert told.status_code in (400, 422)
    assert told.json()["code"] == "invalid_input"


# --- requests that are none


@pytest.mark.parametrize("parts", [60, 400])
def test_bodies_that_come_slowly_keep_nobody_waiting(served, labeler, parts):
    _, address, _, _ = served
    host, port = address.removeprefix("http://").split(":")
    head = (
        f"PUT {ORGANISATION}/uploads/{'0' * 64} HTTP/1.1\r\nHost: localhost\r\n"
        f"{signed(labeler)}Content-Length: 1000000\r\n\r\n"
    ).encode()
    # More than there are threads.
    slow = [socket.create_connection((host, int(port)), timeout=SEEN_S) for _ in range(parts)]
    try:
        for connection in slow:
            connection.sendall(head + b"x")
        assert labeler.get("/api/health").status_code == 200
        assert labeler.get(f"{CASINGS}/images").status_code == 200
    finally:
        for connection in slow:
            connection.close()


def test_a_request_that_is_smuggled_behind_another_is_not_answered(served):
    _, address, _, _ = served
    request = (
        b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    told = talk(address, request)
    assert b'"status":"ok"' not in told


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost@evil.example", "localhost, evil.example", "localhost/x"]
)
def test_the_name_of_a_stranger_is_refused_however_it_is_written(served, host):
    _, address, _, _ = served
    assert status_of(asked(address, "/", host)) in (400, 421)


def test_what_a_person_names_never_becomes_a_header(served, owner):
    name = "x\r\nSet-Cookie: a=b"
    made = owner.post(f"{ORGANISATION}/projects", json={"name": name, "task": "detection"})
    assert made.status_code == 422
    name = 'a";filename="evil.html'
    made = owner.post(f"{ORGANISATION}/projects", json={"name": name, "task": "detection"})
    assert made.status_code in (200, 201)
    for path in ("%0d%0aSet-Cookie:%20a=b", "x%0d%0a%0d%0a<script>"):
        for start in ("/", "/api/", f"{ORGANISATION}/projects/", f"{CASINGS}/images/"):
            told = owner.get(start + path)
            assert "set-cookie" not in told.headers
            assert "\r" not in "".join(told.headers.values())


# --- acting in the name of somebody


def test_a_page_of_a_stranger_changes_nothing(served, labeler):
    """What a browser would send for a form or a simple request of another site."""
    _, address, _, _ = served

    job = {"kind": "snapshot", "options": {}}
    jobs = len(labeler.get(f"{CASINGS}/jobs").json())
    cookie = {"Cookie": cookie_of(labeler)}
    with httpx.Client(base_url=address, headers=cookie) as browser:
        for headers in (
            {"content-type": "text/plain", "origin": "https://evil.example"},
            {"content-type": "application/x-www-form-urlencoded", "origin": "null"},
            {"content-type": "text/plain"},
            {"content-type": "application/json", "X-Pitmark-CSRF": "0" * 64},
            {"content-type": "application/json", "X-HTTP-Method-Override": "GET"},
        ):
            told = browser.post(f"{CASINGS}/jobs", content=json.dumps(job), headers=headers)
            assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
        for method in ("OPTIONS", "GET"):
            asked = {
                "origin": "http://localhost:1",
                "access-control-request-method": "POST",
            }
            told = browser.request(method, f"{CASINGS}/jobs", headers=asked)
            assert not [name for name in told.headers if name.startswith("access-control")]
    assert len(labeler.get(f"{CASINGS}/jobs").json()) == jobs


def test_a_wrong_session_or_token_is_nobody(served, labeler):
    _, address, _, _ = served

    secret = cookie_of(labeler).partition("=")[2]
    with httpx.Client(base_url=address) as browser:
        for headers in (
            {"Cookie": f"{COOKIE}={secret[:-1]}"},
            {"Cookie": f"{COOKIE}={hashlib.sha256(secret.encode()).hexdigest()}"},
            {"Cookie": f"{COOKIE}=' OR 1=1 --"},
            {"Authorization": f"Bearer {secret}"},
            {"Authorization": "Bearer pitmark_"},
            {"Authorization": "Bearer " + "pitmark_" + "A" * 100_00},
            {"Authorization": "Basic b3R0bzpwYXNz"},
            {"X-Forwarded-User": "Otto Owner", "X-Remote-User": "otto@factory.example"},
        ):
            told = browser.get(f"{CASINGS}/images", headers=headers)
            assert told.status_code in (401, 431), headers


def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(served):
    _, address, _, _ = served

    body = {"email": email_of(NAMES["viewer"]), "password": PASSWORD}
    with httpx.Client(base_url=address) as browser:
        plain = browser.post("/api/session", json=body).headers["set-cookie"].lower()
        behind = browser.post("/api/session", json=body, headers={"X-Forwarded-Proto": "https"})
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "path=/" in plain
    assert "domain" not in plain
    assert "secure" in behind.headers["set-cookie"].lower()


# --- what a browser is told


def test_a_private_picture_is_kept_by_no_cache_that_others_use(served, labeler, owner):
    _, address, _, _ = served

    sha = labeler.get(f"{CASINGS}/images").json()["items"][0]["sha256"]
    told = labeler.get(PICTURE.format(sha))
    policy = told.headers["cache-control"]
    assert "private" in policy
    assert "public" not in policy
    assert told.headers["content-type"] == "image/jpeg"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert told.headers["cross-origin-resource-policy"] == "same-origin"
    # Knowing the tag of a picture is no way to learn that it is there.
    with httpx.Client(base_url=address) as nobody:
        known = {"if-none-match": told.headers["etag"]}
        assert nobody.get(PICTURE.format(sha), headers=known).status_code == 401


def test_only_our_own_files_may_run_and_none_of_them_is_in_the_page(served, labeler):
    page = labeler.get("/")
    policy = dict(
        p.strip().split(" ", 1) for p in page.headers["content-security-policy"].split(";")
    )
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'self'"
    for body in re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL):
        assert not body.strip()
    assert not re.search(r"\son\w+=|javascript:", page.text)


def test_no_answer_leads_to_another_site(served):
    _, address, _, _ = served

    for path in (
        "//evil.example",
        "//evil.example/",
        "/api//evil.example/",
        "/\\evil.example",
        "/?next=https://evil.example",
        "/setup?token=x&return=https://evil.example",
        "/api/session/",
        f"{CASINGS}/images/",
    ):
        where = re.search(rb"(?im)^location: *(\S+)", asked(address, path))
        assert where is None or re.match(rb"(http://localhost)?/(?!/)", where[1]), path


def test_an_svg_or_page_that_was_uploaded_is_never_shown(labeler):
    evil = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    before = images_of(labeler)
    for name in ("evil.svg", "evil.html", "evil.png"):
        ended = imported(labeler, name, evil)
        assert b"<script>" not in json.dumps(ended).encode()
    assert images_of(labeler) == before
    sha = hashlib.sha256(evil).hexdigest()
    for path in (PICTURE.format(sha), f"{ORGANISATION}/uploads/{sha}", f"/{sha}"):
        assert b"alert(1)" not in labeler.get(path).content


def test_filters_and_names_are_not_words_of_the_database(labeler, owner):
    for word in ("' OR 1=1 --", '" OR ""="', "1; DROP TABLE images", "%", "\\", "\0"):
        for query in ({"filter": word}, {"filter": f'name = "{word}"'}, {"sort": word}):
            assert labeler.get(f"{CASINGS}/images", params=query).status_code in (200, 422)
        found = labeler.get(f"{ORGANISATION}/projects/{quote(word, safe='')}")
        assert found.status_code in (404, 422)
    assert images_of(labeler) > 0
