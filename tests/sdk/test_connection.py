"""What can go wrong between a program and its server, and how it is told."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

import pitmark
from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotReadyError,
    NotSignedInError,
    PitmarkError,
    StorageError,
    TooLargeError,
)
from pitmark.core.labels import ImageClass
from pitmark.sdk.connection import Connection
from pitmark.sdk.errors import error_by_code, error_of
from pitmark.sdk.options import plain_options
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, class_folder
from tests.sdk.conftest import Serving, add_person


@contextmanager
def answering(status, body, kind="application/json", length=None):
    """A server that always says the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("url", ["", "factory", "ftp://host", "http://", "/path"])
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(InvalidInputError, match="URL"):
        pitmark.connect(url, "token")


@pytest.mark.parametrize("token", ["", "  ", "töken"])
def test_without_a_token_nothing_is_asked(token):
    with pytest.raises(InvalidInputError, match="token is needed"):
        pitmark.connect("http://127.0.0.1:1", token)


def test_a_server_that_does_not_run_is_told():
    with pytest.raises(
        StorageError, match=r"http://127\.0\.0\.1:1 cannot be reached"
    ) as caught:
        pitmark.connect("http://127.0.0.1:1/", "token")
    assert "running" in caught.value.hint


def test_an_unknown_token_is_told(served):
    url, _, _ = served
    with pytest.raises(NotSignedInError, match="token is unknown"):
        pitmark.connect(url, "pitmark_of-somebody-else")


def test_another_organisation_is_not_there(served):
    url, token, _ = served
    with pytest.raises(NotFoundError, match="acme"):
        pitmark.connect(url, token, organisation="acme")


def test_what_the_role_does_not_allow_is_told(served):
    url, token, home = served
    reader = add_person(home, "Vera Viewer", "viewer", scope="read")
    with pitmark.connect(url, token) as owner:
        owner.create_project("for all to see", task="classification")
    with pitmark.connect(url, reader) as viewer:
        project = viewer.project("for all to see")
        assert project.label_book.names == ()
        with pytest.raises(NotAllowedError):
            viewer.create_project("another", task="detection")
        with pytest.raises(NotAllowedError):
            project.train()


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html>Bad gateway</html>", "the status 502 and without a word"),
        (500, b"[]", "the status 500"),
        (200, b"<html>a login page</html>", "cannot be read"),
        (200, b'{"items": 5}', "cannot be read"),
        (302, b"", "the status 302"),
    ],
)
def test_a_server_that_is_not_pitmark_is_told(status, body, message):
    with answering(status, body) as url, pytest.raises(StorageError, match=message):
        pitmark.connect(url, "token")


@pytest.mark.parametrize(("not_ready", "waits"), [(2, "0"), (1, "301")])
def test_what_a_server_is_still_reading_is_asked_for_again(not_ready, waits):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            first = len(asked) <= not_ready
            told = '{"code": "not_ready", "message": "being read"}' if first else '{"a": "b"}'
            self.send_response(503 if first else 200)
            if first:
                self.send_header("Retry-After", waits)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        connection = Connection(f"http://127.0.0.1:{server.server_port}", "a token")
        if waits == "0":
            assert connection.get("/x", dict[str, str]) == {"a": "b"}
        else:
            with pytest.raises(NotReadyError, match="being read"):
                connection.get("/x", dict[str, str])
        connection.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(asked) == (3 if waits == "0" else 1)


def test_a_download_that_breaks_off_leaves_no_file(tmp_path):
    with answering(200, b"x" * 1000, length=5000) as url:
        connection = Connection(url, "token")
        with pytest.raises(StorageError, match="cannot be reached"):
            connection.download("/file", tmp_path / "bundle.pitmark")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with answering(200, b"x") as url:
        connection = Connection(url, "token")
        with pytest.raises(StorageError, match="file"):
            connection.download("/file", tmp_path / "file" / "bundle.pitmark")


def test_errors_come_back_as_the_class_of_their_code():
    told = error_of(413, {"code": "too_large", "message": "m", "hint": "h"})
    assert type(told) is TooLargeError
    assert (told.message, told.hint) == ("m", "h")
    assert type(error_by_code("of_a_newer_pitmark", "m", "")) is PitmarkError
    assert type(error_of(409, {"code": "conflict", "message": "m"})) is ConflictError


def test_options_are_objects_or_mappings():
    assert plain_options({"seed": 5, "classes": ("a", "b")}) == {
        "seed": 5,
        "classes": ["a", "b"],
    }
    with pytest.raises(InvalidInputError, match="cannot be given as int"):
        plain_options(5)


def test_only_what_the_server_has_not_got_is_sent(served, tmp_path):
    url, token, _ = served
    with pitmark.connect(url, token) as workspace:
        photos = class_folder(tmp_path / "photos", 6)
        for path in photos.rglob("*.png"):
            with Image.open(path) as picture:
                upright = picture.rotate(90, expand=True)
            upright.save(path)
        stages = []
        workspace.create_project("sent", task="classification").import_folder(
            photos, report=lambda p: stages.append((p.stage, p.total))
        )
        assert ("upload", 6) in stages
        stages.clear()
        again = workspace.create_project("sent again", task="classification")
        summary = again.import_folder(
            photos, report=lambda p: stages.append((p.stage, p.total))
        )
    assert summary.added == 6
    assert "upload" not in {stage for stage, _ in stages}


def test_labels_are_signed_by_the_person_of_the_token(served, tmp_path):
    url, token, home = served
    with pitmark.connect(url, token) as owner:
        project = owner.create_project("signed", task="classification")
        project.import_folder(class_folder(tmp_path / "photos", 2))
    theirs = add_person(home, "Lea Labeler", "labeler", scope="label")
    with pitmark.connect(url, theirs) as workspace:
        image = next(iter(workspace.project("signed").images()))
        workspace.project("signed").annotate(image.name, [ImageClass("dent")])
    with open_store(home) as store:
        said = store.project("signed").annotations.history(image.sha256)
    assert [row.labeler for row in said] == ["import", "Lea Labeler"]


def test_a_change_made_on_an_old_label_book_is_refused(served):
    url, token, _ = served
    with pitmark.connect(url, token) as workspace:
        project = workspace.create_project("book", task="classification")
        before = project.label_book
        project.save_label_book(before.with_classes(["dent"]), based_on=before.revision)
        with pytest.raises(ConflictError, match="label book has revision 2"):
            project.save_label_book(before.with_classes(["pit"]), based_on=before.revision)
        assert project.label_book.names == ("dent",)


def test_images_are_listed_by_a_filter(served, tmp_path):
    url, token, _ = served
    with pitmark.connect(url, token) as workspace:
        project = workspace.create_project("filtered", task="classification")
        project.import_folder(class_folder(tmp_path / "photos", 6))
        assert len(project.images("class = dent")) == 3
        with pytest.raises(InvalidInputError, match="color"):
            project.images("color = red")


def test_a_job_is_followed_to_its_end_though_the_server_is_started_anew(tmp_path):
    home, begun, done = tmp_path / "home", threading.Event(), []
    token = add_person(home)
    # Long enough that it goes on while the server is away.
    slow = replace(QUICK, image_steps=2400)

    def work(url):
        with pitmark.connect(url, token) as workspace:
            project = workspace.create_project("parts", task="classification")
            project.import_folder(class_folder(tmp_path / "photos", 24))
            done.append(project.train(options=slow, report=lambda _: begun.set()))

    with Serving(home) as first:
        program = threading.Thread(target=work, args=(first.url,))
        program.start()
        assert begun.wait(300)
    assert done == []
    with Serving(home, first.port):
        program.join(300)
    assert [run.id for run in done] == ["r0001"]


def test_a_job_that_is_over_at_once_still_tells_its_last_word(served, tmp_path):
    url, token, _ = served
    told = []
    with pitmark.connect(url, token) as workspace:
        project = workspace.create_project("quick", task="classification")
        project.import_folder(class_folder(tmp_path / "photos", 24))
        project.train(options=QUICK, report=told.append)
    assert (told[-1].stage, told[-1].done) == ("predict", told[-1].total)


def test_a_client_needs_no_more_than_the_small_installation():
    script = (
        "import sys, pitmark.sdk.workspace\n"
        "heavy = {'torch', 'sqlalchemy', 'scipy', 'fastapi', 'onnxruntime', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
