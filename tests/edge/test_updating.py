"""What a device does with what a server says, without a server: files, cuts, lies."""

import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

from pitmark.core.errors import BundleError, InvalidInputError, StorageError
from pitmark.edge.bundle_download import Offer, fetch
from pitmark.edge.device_spec import PointSpec, ServerSpec
from pitmark.edge.recipe import Recipe
from pitmark.edge.server_link import NoAnswerError, ServerLink
from pitmark.edge.slots import Slots
from pitmark.edge.updating import Updater
from tests.edge.lines import spec_in

DATA = bytes(range(256)) * 400
SHA = hashlib.sha256(DATA).hexdigest()
OFFER = Offer(4, SHA, len(DATA))


class Lying:
    """A server on loopback that answers every question with what it is told to."""

    def __init__(self):
        self.status, self.body, self.length, self.asked = 200, DATA, None, []
        lying = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                lying.asked.append((self.path, self.headers.get("Range")))
                self.send_response(lying.status)
                self.send_header("Content-Length", str(lying.length or len(lying.body)))
                self.end_headers()
                self.wfile.write(lying.body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.link = ServerLink(f"http://127.0.0.1:{self._server.server_address[1]}", "d", "k")

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server():
    made = Lying()
    yield made
    made.close()


def parts(folder):
    return [p.name for p in folder.glob("*.part")]


def test_a_bundle_goes_on_where_it_was_cut(server, tmp_path):
    server.body, server.length = DATA[:1000], len(DATA)
    with pytest.raises(NoAnswerError, match=f"cut off after 1000 of {len(DATA)} bytes"):
        fetch(server.link, OFFER, tmp_path, threading.Event())
    server.status, server.body, server.length = 206, DATA[1000:], None
    assert fetch(server.link, OFFER, tmp_path, threading.Event()).read_bytes() == DATA
    assert [r for _, r in server.asked] == [None, "bytes=1000-"]
    assert fetch(server.link, OFFER, tmp_path, threading.Event()).read_bytes() == DATA
    assert len(server.asked) == 2  # It was all there.


def test_other_bytes_than_announced_are_thrown_away(server, tmp_path):
    server.body = DATA[::-1]
    with pytest.raises(BundleError, match="announced was"):
        fetch(server.link, OFFER, tmp_path, threading.Event())
    assert parts(tmp_path) == []


def test_a_server_that_sends_without_end_fills_no_disk(server, tmp_path):
    server.body = DATA * 20
    assert fetch(server.link, OFFER, tmp_path, threading.Event()).read_bytes() == DATA


def test_the_part_of_another_bundle_makes_room(server, tmp_path):
    (tmp_path / f"{'0' * 64}.part").write_bytes(b"old")
    fetch(server.link, OFFER, tmp_path, threading.Event())
    assert parts(tmp_path) == [f"{SHA}.part"]


def test_a_bundle_that_cannot_fit_is_not_begun(server, tmp_path):
    with pytest.raises(BundleError, match="is said to have"):
        fetch(server.link, replace(OFFER, size_bytes=1 << 60), tmp_path, threading.Event())
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be used"):
        fetch(server.link, OFFER, tmp_path / "file" / "x", threading.Event())
    assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>please sign in</html>",
        b"[]",
        b'{"version": 4}',
        b'{"version": 4, "sha256": "../../../etc/passwd", "size_bytes": 9}',
        b'{"version": "x", "sha256": "y", "size_bytes": 9}',
    ],
)
def test_what_is_no_offer_changes_nothing(server, tmp_path, body):
    server.body = body
    updater = Updater(server.link, Slots(tmp_path / "s"), pytest.fail, tmp_path / "u")
    with pytest.raises(NoAnswerError):
        updater.look(threading.Event())
    assert not (tmp_path / "u").exists()


def test_settings_that_cannot_be_are_refused(tmp_path):
    keys = tmp_path / "keys.txt"
    with pytest.raises(InvalidInputError, match="update cannot be 'always'"):
        ServerSpec("http://h", "k", update="always")
    with pytest.raises(InvalidInputError, match="ask_s must be 1 or more"):
        ServerSpec("http://h", "k", ask_s=0)
    asking = ServerSpec("http://h", "k", update="ask")
    with pytest.raises(InvalidInputError, match="must know who may sign them"):
        spec_in(tmp_path, server=asking)
    two = (
        PointSpec("a", recipes=(Recipe(release="casings"),)),
        PointSpec("b", recipes=(Recipe(release="lids"),)),
    )
    with pytest.raises(InvalidInputError, match="use several releases: casings, lids"):
        spec_in(tmp_path, *two, server=asking, keys=keys)
    with pytest.raises(InvalidInputError, match="no recipe uses the release 'x'"):
        spec_in(tmp_path, *two, server=replace(asking, release="x"), keys=keys)
    spec = spec_in(tmp_path, *two, server=replace(asking, release="lids"), keys=keys)
    assert spec.server_release == "lids"
