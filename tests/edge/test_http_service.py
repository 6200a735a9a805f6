import base64

import pytest

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.edge.device_spec import ListenSpec, PointSpec
from pitmark.edge.http_service import HttpService
from pitmark.edge.parts import Frame
from tests.edge.lines import png, served, until
from tests.edge.releases import release

TOKEN = "0123456789abcdef"


def test_an_image_is_posted_and_the_verdict_comes_back(tmp_path):
    with served(tmp_path) as (_, call):
        status, result = call("POST", "/points/top/images?name=p1&custom=4&tag.lot=A7", png())
        assert status == 200
        assert result["verdict"]["outcome"] == "NG"
        assert (result["name"], result["custom"], result["tags"]) == ("p1", 4, {"lot": "A7"})
        assert result["findings"]
        assert result["release"]["version"] == 3
        status, result = call("POST", "/points/top/images", png(bright=False))
        assert result["verdict"]["outcome"] == "OK"


def test_a_control_speaks_the_handshake(tmp_path):
    point = PointSpec("top", trigger="control", acknowledge=True)
    with served(tmp_path, point) as (station, call):
        assert call("GET", "/points/top/outputs")[1]["trigger_ready"]
        assert not call("POST", "/points/top/trigger", {"custom": 3})[1]["trigger_ready"]
        station.point("top").push(Frame("p", png()))
        outputs = call("GET", "/points/top/outputs?wait=30")[1]
        assert outputs["results_ready"]
        assert outputs["ng"]
        assert outputs["custom"] == 3
        assert call("POST", "/points/top/trigger")[1]["error_code"] == 1
        assert call("POST", "/points/top/acknowledge")[1]["trigger_ready"]
        assert call("POST", "/points/top/configuration", {"index": 8})[0] == 200
        assert call("GET", "/points/top/outputs?wait=30")[1]["error_code"] == 5


def test_an_image_for_a_point_that_waits_for_a_trigger_is_told_so(tmp_path):
    point = PointSpec("top", trigger="control", acknowledge=True)
    with served(tmp_path, point) as (_, call):
        status, body = call("POST", "/points/top/images", png())
        assert status == 409
        assert "nobody had asked" in body["message"]


def test_a_release_is_activated_while_the_device_runs(tmp_path):
    with served(tmp_path) as (_, call):
        status, body = call("POST", "/releases/main", release(tmp_path, 4))
        assert (status, body["version"]) == (200, 4)
        assert call("GET", "/status")[1]["releases"]["main"]["on_trial"]
        status, body = call("POST", "/releases/main", b"no bundle")
        assert status in (409, 422)
        assert set(body) == {"code", "message", "hint"}
        assert call("POST", "/points/top/images", png())[1]["verdict"]["outcome"] == "NG"


def test_the_page_shows_the_latest_parts_and_no_script(tmp_path):
    with served(tmp_path) as (station, call):
        call("POST", "/points/top/images?name=%3Cscript%3Ealert(1)%3C/script%3E", png())
        until(lambda: station.recorder.latest)
        status, page = call("GET", "/")
        text = page.decode()
        assert status == 200
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "<script" not in text
        assert "reaches 0.500" in text
        picture = call("GET", "/parts/top/1.jpg")
        assert picture[0] == 200
        assert picture[1].startswith(b"\xff\xd8")
        assert call("GET", "/parts/top/9.jpg")[0] == 404


def test_health_follows_the_release(tmp_path):
    with served(tmp_path) as (station, call):
        assert call("GET", "/healthz") == (200, {"healthy": True, "troubles": {}})
        station.troubles["top"] = "the camera 7 gave no picture"
        assert call("GET", "/healthz")[0] == 503


def test_figures_are_given_in_the_format_of_prometheus(tmp_path):
    parser = pytest.importorskip("prometheus_client.parser")
    with served(tmp_path) as (_, call):
        for bright in (True, False, True):
            call("POST", "/points/top/images", png(bright=bright))
        call("POST", "/points/top/images", b"torn")
        text = call("GET", "/metrics")[1].decode()
    found = {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in parser.text_string_to_metric_families(text)
        for s in family.samples
    }
    top = ("point", "top")
    assert found["pitmark_parts_total", (top, ("verdict", "NG"))] == 2
    assert found["pitmark_parts_total", (top, ("verdict", "OK"))] == 1
    assert found["pitmark_parts_total", (top, ("verdict", "error"))] == 1
    assert found["pitmark_errors_total", (("code", "3"), top)] == 1
    assert found["pitmark_inspection_seconds_count", (top,)] == 4
    assert found["pitmark_inspection_seconds_bucket", (("le", "+Inf"), top)] == 4
    assert found["pitmark_release_version", (("release", "main"),)] == 3
    assert found["pitmark_healthy", ()] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", f"/parts/top/{'9' * 5000}.jpg", None, 404),
        ("GET", "/points/left/outputs", None, 404),
        ("GET", "/points/top/outputs?wait=soon", None, 422),
        ("POST", "/points/top/dance", {}, 404),
        ("POST", "/points/top/trigger", b"[1]", 422),
        ("POST", "/points/top/trigger", {"custom": "a"}, 422),
        ("POST", "/points/top/configuration", {}, 422),
        ("POST", "/points/top/configuration", {"index": True}, 422),
        ("POST", "/points/top/images?custom=-1", b"x", 422),
        ("POST", "/releases/other", b"x", 404),
        ("POST", "/../../etc/passwd", b"x", 404),
    ],
)
def test_a_wrong_call_is_answered_with_code_message_and_hint(
    tmp_path, method, path, body, status
):
    with served(tmp_path) as (_, call):
        found, told = call(method, path, body)
        assert found == status
        assert set(told) == {"code", "message", "hint"}
        assert told["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with served(tmp_path) as (_, call):
        status, body = call("POST", "/points/top/images", b"", Content_Length=str(10**12))
        assert status == 413
        assert "allowed are" in body["message"]


def test_another_address_than_loopback_needs_a_token():
    with pytest.raises(InvalidInputError, match="would let anybody in the network"):
        ListenSpec("0.0.0.0")
    with pytest.raises(InvalidInputError, match="fewer than 16"):
        ListenSpec("0.0.0.0", token="short")
    assert ListenSpec("0.0.0.0", token=TOKEN).port == 8090


def test_with_a_token_every_call_but_health_needs_it(tmp_path):
    with served(tmp_path, listen=ListenSpec(port=0, token=TOKEN)) as (_, call):
        assert call("GET", "/healthz")[0] == 200
        assert call("GET", "/")[0] == 401
        assert call("POST", "/points/top/images", png())[0] == 401
        assert call("GET", "/", Authorization="Bearer wrong")[0] == 401
        assert call("GET", "/", Authorization=f"Bearer {TOKEN}")[0] == 200
        basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
        assert call("GET", "/", Authorization=f"Basic {basic}")[0] == 200
        assert call("GET", "/", Authorization="Basic !!!")[0] == 401


def test_a_page_of_another_site_can_neither_read_nor_steer_the_device(tmp_path):
    with served(tmp_path) as (_, call):
        assert call("GET", "/status", Host="evil.example:8090")[0] == 403
        foreign = {"Origin": "https://evil.example"}
        assert call("POST", "/points/top/acknowledge", None, **foreign)[0] == 403
        assert call("POST", "/points/top/acknowledge", None, Sec_Fetch_Site="cross-site")[
            0
        ] == (403)


def test_a_port_that_is_taken_is_told(tmp_path):
    with served(tmp_path) as (station, _):
        first = HttpService(station, ListenSpec(port=0))
        first.start()
        with pytest.raises(StorageError, match="cannot listen on"):
            HttpService(station, ListenSpec(port=first.port))
        first.stop()
