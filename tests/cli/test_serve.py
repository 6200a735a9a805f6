import pytest

from pitmark.cli.main import run
from pitmark.ops.people import first_owner, sign_in
from pitmark.store.db import open_store

FIRST = {"name": "Fay First", "email": "fay@factory.example", "password": "parts under a lamp"}


@pytest.fixture
def home(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        store.sessions.open(first_owner(store, **FIRST).id)
    return tmp_path / "home"


def test_a_forgotten_password_is_set_anew_and_sessions_end(home, capsys):
    command = ["password", "FAY@factory.example", "--home", str(home)]
    assert run([*command, "--password", "a lamp under parts"]) == 0
    assert "Fay First has a new password." in capsys.readouterr().out
    with open_store(home) as store:
        assert sign_in(store, FIRST["email"], "a lamp under parts").name == "Fay First"
        with pytest.raises(Exception, match="do not belong together"):
            sign_in(store, FIRST["email"], FIRST["password"])
        assert store.audit.entries()[0].action == "reset_password"


def test_an_unknown_email_or_a_weak_password_changes_nothing(home, capsys):
    for email, word in (("x@y.example", "a lamp under parts"), (FIRST["email"], "short")):
        assert run(["password", email, "--home", str(home), "--password", word]) == 1
        assert "Traceback" not in capsys.readouterr().err
    with open_store(home) as store:
        assert sign_in(store, FIRST["email"], FIRST["password"]).name == "Fay First"
