import ast
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import pitmark
from pitmark.ops.line.signing import renew_key
from pitmark.ops.people_passwords import check_password, hash_password
from pitmark.store.db import open_store
from pitmark.store.schema_people import api_tokens, persons, sessions
from pitmark.store.scope import Scope, Unowned
from pitmark.store.secret import digest, new_secret

SOURCE = Path(pitmark.__file__).parent
PICKLED = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FETCHING = {
    "httpx",
    "requests",
    "aiohttp",
    "urllib3",
    "urllib.request",
    "http.client",
    "ftplib",
}


def _trees(folder=SOURCE):
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_nothing_in_pitmark_pickles_or_unpickles():
    seen = 0
    for name, tree in _trees():
        seen += 1
        assert not {i.partition(".")[0] for i in _imported(tree)} & PICKLED, name
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
                safe = node.arg == "weights_only"
                assert isinstance(node.value, ast.Constant), name
                assert node.value.value is safe, name
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only" in {k.arg for k in node.keywords}, name
    assert seen > 200


def test_the_server_unpickles_nothing_while_it_answers(workspace):
    script = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda e, a: seen.append(a) if e == 'pickle.find_class' else None)\n"
        "from pathlib import Path\n"
        "from starlette.testclient import TestClient\n"
        "from pitmark.server.app import create_app\n"
        "app = create_app(Path(sys.argv[1]))\n"
        "with TestClient(app, base_url='http://localhost') as client:\n"
        "    given = {'email': 'otto@factory.example', 'password': 'parts under a lamp'}\n"
        "    client.headers['X-Pitmark-CSRF'] = client.post('/api/session', json=given)"
        ".json()['csrf']\n"
        "    for path in ('advice', 'findings', 'review', 'studies', 'label-book'):\n"
        "        told = client.get('/api/orgs/local/projects/casings/' + path)\n"
        "        assert told.status_code == 200, told.text\n"
        "print(seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(workspace)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_server_fetches_nothing_from_addresses_that_a_user_gives():
    for name, tree in _trees():
        if name.startswith(("server/", "ops/", "store/", "engine/", "formats/")):
            assert not set(_imported(tree)) & FETCHING, name


def test_a_new_workspace_holds_no_account_and_no_token(tmp_path):
    with open_store(tmp_path / "new", create=True) as store:
        rows = Unowned(store.database)
        assert rows.first(rows.select(persons)) is None
        assert rows.first(rows.select(sessions)) is None
        scope = Scope(store.database, "local")
        assert scope.first(scope.select(api_tokens)) is None


def test_private_keys_are_for_their_owner_alone(tmp_path):
    with open_store(tmp_path / "new", create=True) as store:
        renew_key(store.keys)
    (key,) = (tmp_path / "new").glob("keys/*/*.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_secrets_are_long_all_different_and_kept_as_hashes():
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43
    secret = made.pop()
    assert secret not in digest(secret)
    assert digest(secret) == digest(secret)


def test_the_same_password_is_kept_differently_each_time_and_checked_slowly():
    one, other = hash_password("four odd words here"), hash_password("four odd words here")
    assert one != other
    assert one.startswith("$argon2id$")
    assert check_password("four odd words here", one)
    assert not check_password("four odd words there", one)
    assert not check_password("four odd words here", None)
    assert not check_password("four odd words here", "no hash at all")


@pytest.mark.parametrize("word", ["changeme", "admin123", "hunter2", "letmein", "s3cr3t"])
def test_no_source_file_holds_a_well_known_password(word):
    for path in SOURCE.rglob("*.py"):
        assert word not in path.read_text(encoding="utf-8").lower(), path
