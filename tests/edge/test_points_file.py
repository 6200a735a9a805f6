import json
import tomllib

import pytest

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.edge.points_file import read_points_file

WHOLE = """
[device]
name = "press-3"
folder = "state"
keys = "keys.txt"
latency_ms = 80

[trial]
seconds = 10
ng_jump = 0.2

[record]
margin = 0.05

[outbox]
max_bytes = 1000000

[listen]
host = "0.0.0.0"
port = 9000
token_file = "token"

[server]
url = "https://pitmark.example.org"
key_file = "device-key"

[modbus]
port = 1502

[mqtt]
host = "broker"
user = "press-3"
password_file = "mqtt-password"

[opcua]
port = 4841

[[points]]
name = "top"
trigger = "control"
[points.source]
kind = "folder"
at = "in/top"
[[points.recipes]]
index = 0
release = "casings"
[[points.recipes]]
index = 1
release = "lids"
crop = [0, 0, 100, 100]
[points.recipes.tolerances.dent]
count = 1

[[points]]
name = "side"
source = { kind = "usb", at = "0" }
"""


@pytest.fixture
def write(tmp_path):
    for name, text in (
        ("token", "0123456789abcdef\n"),
        ("device-key", "the key\n"),
        ("mqtt-password", "pw"),
    ):
        (tmp_path / name).write_text(text)

    def of(text, name="points.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return of


def test_a_whole_device_is_read_from_toml(write, tmp_path):
    spec = read_points_file(write(WHOLE))
    assert (spec.name, spec.folder, spec.latency_ms) == ("press-3", tmp_path / "state", 80)
    assert spec.trial.ng_jump == 0.2
    assert spec.listen.token == "0123456789abcdef"
    assert spec.server.key == "the key"
    assert spec.mqtt.password == "pw"
    assert spec.modbus.port == 1502
    assert spec.opcua.port == 4841
    top, side = spec.points
    assert top.acknowledge
    assert top.source.at == str(tmp_path / "in/top")
    assert top.recipes[1].tolerances["dent"].count == 1
    assert not side.acknowledge
    assert spec.releases == ("casings", "lids", "main")


def test_the_same_is_read_from_json(write):
    data = tomllib.loads(WHOLE)
    assert read_points_file(write(json.dumps(data), "points.json")) == read_points_file(
        write(WHOLE)
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", r"points\.toml: points must be a list of tables"),
        ("[[points]", "cannot be read"),
        ("points = []", "a device needs inspection points"),
        ("[device]\nnam = 'x'\n[[points]]\nname = 'a'", "device has an unknown setting 'nam'"),
        ("[points]\nname = 'a'", "points must be a list"),
        ("[[points]]\nname = 'a b'", "'a b' cannot name an inspection point"),
        ("[[points]]\nname = 'a'\n[[points]]\nname = 'a'", "different names"),
        ("[[points]]\nname = 'a'\ntrigger = 'never'", "is triggered by 'never'"),
        ("[[points]]\nname = 'a'\nsource = {kind = 'fax'}", "unknown source 'fax'"),
        ("[[points]]\nname = 'a'\nsource = {kind = 'usb'}", "does not say where it is"),
        ("[[points]]\nname = 'a'\nrecipes = [{}, {}]", "two with one index"),
        ("[[points]]\nname = 'a'\nrecipes = [{ release = '../x' }]", "cannot name a release"),
        ("[listen]\nhost = '0.0.0.0'\n[[points]]\nname = 'a'", "let anybody in the network"),
        ("[listen]\nport = 'x'\n[[points]]\nname = 'a'", "port must be a number"),
        ("[listen]\ntoken = 'abcdefghijklmnop'\n[[points]]\nname = 'a'", "stands in the"),
        ("[server]\nurl = 'https://x'\n[[points]]\nname = 'a'", "server lacks a setting"),
        ("[trial]\nseconds = true\n[[points]]\nname = 'a'", "seconds cannot be True"),
        ("[mqtt]\nhost = 'b'\ntopic = 3\n[[points]]\nname = 'a'", "topic must be text"),
        ("[record]\nmargin = 7\n[[points]]\nname = 'a'", "lie between 0 and 1"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_reason(write, text, match):
    with pytest.raises(InvalidInputError, match=match):
        read_points_file(write(text))


def test_a_file_that_is_missing_is_named(tmp_path, write):
    with pytest.raises(NotFoundError, match="no points file"):
        read_points_file(tmp_path / "absent.toml")
    text = "[listen]\ntoken_file = 'absent'\n[[points]]\nname = 'a'"
    with pytest.raises(NotFoundError, match="absent for token"):
        read_points_file(write(text))
