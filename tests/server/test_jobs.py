import hashlib
import io
import json
import threading
import zipfile

import pytest

from pitmark.core.roles import ROLES
from pitmark.core.work import Outcome
from pitmark.ops.jobs.kinds import KINDS
from pitmark.store.jobs_queue import StoredQueue
from tests.ops.toys import class_folder
from tests.server.conftest import NAMES, email_of
from tests.server.serving_jobs import events_of, server_over, signed_in

CASINGS = "/api/orgs/local/projects/casings"


def start(client, kind, options=None, **more):
    new = {"kind": kind, "options": options or {}, **more}
    return client.post(f"{CASINGS}/jobs", json=new)


def upload(client, data):
    sha = hashlib.sha256(data).hexdigest()
    assert client.put(f"/api/orgs/local/uploads/{sha}", content=data).status_code == 200
    return sha


def claim(stores):
    store = stores.of("local")
    queue = StoredQueue(store.database, store.blobs)
    return queue, queue.claim(light=True) or queue.claim(light=False)


def test_a_job_is_started_listed_and_found_again(client_as):
    admin = client_as("admin")
    made = start(admin, "train", {"preset": "fast", "costs": {"escape": 20}})
    assert made.status_code == 201
    job = made.json()
    assert (job["kind"], job["state"], job["by"]) == ("train", "queued", NAMES["admin"])
    assert job["options"] == {"preset": "fast", "costs": {"escape": 20.0}}
    assert admin.get(f"{CASINGS}/jobs/{job['id']}").json() == job
    assert admin.get(f"{CASINGS}/jobs").json() == [job]
    assert admin.get("/api/orgs/local/jobs?kind=train").json() == [job]
    assert admin.get("/api/orgs/local/jobs?state=done").json() == []
    log = admin.get("/api/orgs/local/audit").json()
    assert log[0]["action"] == "start_job"


def test_the_same_key_is_the_same_job(client_as):
    admin = client_as("admin")
    first = start(admin, "train", key="k1").json()
    assert start(admin, "train", {"seed": 4}, key="k1").json() == first
    assert start(admin, "train").json()["id"] != first["id"]


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("train", {"epochs": 3}, "there is no option 'epochs'"),
        ("train", {"init": "/etc/passwd"}, "init: input should be 'random'"),
        ("train", {"side_px": 5}, "side_px: input should be greater than or equal to 32"),
        ("train", {"costs": {"escapes": 1}}, "there is no option 'costs.escapes'"),
        ("import", {}, "files: field required"),
        ("import", {"files": [{"path": "a", "sha256": "zz"}]}, "files.0.sha256"),
        ("slices", {"options": {"depth": 9}}, "options.depth"),
        ("map", {"color": "x"}, "there is no option 'color'"),
        ("mine_bitcoin", {}, "no job of the kind 'mine_bitcoin'"),
    ],
)
def test_options_that_a_kind_does_not_know_are_refused_by_name(client_as, kind, options, told):
    refused = start(client_as("admin"), kind, options)
    assert refused.status_code == 422
    assert told in refused.json()["message"]
    assert client_as("admin").get(f"{CASINGS}/jobs").json() == []


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [
        ("viewer", "export", 403),
        ("labeler", "export", 201),
        ("viewer", "needs", 403),
        ("labeler", "needs", 201),
        ("labeler", "train", 403),
        ("labeler", "release", 403),
        ("admin", "release", 201),
        ("outsider", "export", 404),
    ],
)
def test_who_may_start_what(client_as, role, kind, status):
    options = {"format": "coco"} if kind == "export" else {}
    assert start(client_as(role), kind, options).status_code == status


@pytest.mark.parametrize("role", ROLES)
def test_a_project_tells_which_jobs_its_reader_may_start(client_as, role):
    client = client_as(role)
    told = client.get(CASINGS).json()["may_start"]
    refused = [kind for kind in KINDS if start(client, kind).status_code == 403]
    assert told == [kind for kind in KINDS if kind not in refused]
    assert ("train" in told) == (role in ("admin", "owner"))
    assert client.get("/api/orgs/local/projects").json()[0]["may_start"] == told


def test_nobody_signs_imported_labels_with_the_name_of_somebody_else(client_as):
    files = [{"path": "a.png", "sha256": "0" * 64}]
    told = start(client_as("labeler"), "import", {"files": files, "labeler": NAMES["admin"]})
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    assert NAMES["labeler"] in told.json()["hint"]
    own = start(client_as("labeler"), "import", {"files": files, "labeler": NAMES["labeler"]})
    other = start(client_as("admin"), "import", {"files": files, "labeler": "ben"})
    assert [own.status_code, other.status_code] == [201, 201]


def test_a_job_is_stopped_by_whoever_started_it_or_an_admin(client_as, stores):
    job = start(client_as("labeler"), "needs").json()["id"]
    path = f"{CASINGS}/jobs/{job}/cancel"
    assert client_as("viewer").post(path).status_code == 403
    queue, work = claim(stores)
    told = client_as("labeler").post(path).json()
    assert (told["state"], told["stopping"]) == ("running", True)
    assert queue.tell(work.hold, None) is True
    queue.stopped(work.hold)
    told = client_as("admin").post(path).json()
    assert (told["state"], told["stopping"]) == ("cancelled", False)


def test_a_job_of_another_project_or_organisation_is_not_there(client_as):
    job = start(client_as("admin"), "needs").json()["id"]
    for client, path in (
        (client_as("owner"), f"/api/orgs/local/projects/plates/jobs/{job}"),
        (client_as("outsider"), f"/api/orgs/acme/projects/casings/jobs/{job}"),
        (client_as("outsider"), f"{CASINGS}/jobs/{job}"),
        (client_as("owner"), f"{CASINGS}/jobs/j9999"),
    ):
        for tail, send in (("", client.get), ("/cancel", client.post), ("/file", client.get),
                           ("/events", client.get)):  # fmt: skip
            assert send(path + tail).status_code == 404


def test_a_file_is_handed_out_only_where_a_job_made_one(client_as, stores):
    admin = client_as("admin")
    job = start(admin, "export", {"format": "coco"}).json()["id"]
    assert admin.get(f"{CASINGS}/jobs/{job}/file").status_code == 404
    queue, work = claim(stores)
    kept = stores.of("local").blobs.put(b"a zip")
    queue.finish(work.hold, Outcome({"name": "casings-coco.zip"}, artifact=kept))
    got = client_as("viewer").get(f"{CASINGS}/jobs/{job}/file")
    assert got.content == b"a zip"
    assert got.headers["content-disposition"] == 'attachment; filename="casings-coco.zip"'
    assert got.headers["x-content-type-options"] == "nosniff"


def test_events_of_a_job_that_has_ended_end_at_once(client_as, stores):
    admin = client_as("admin")
    job = start(admin, "snapshot").json()["id"]
    queue, work = claim(stores)
    queue.finish(work.hold, Outcome({"images": 3}))
    (told,) = events_of(admin, f"{CASINGS}/jobs/{job}/events")
    assert (told["state"], told["result"]) == ("done", {"images": 3})


@pytest.fixture
def served(workspace):
    with server_over(workspace) as (address, app):
        yield signed_in(workspace, address, email_of(NAMES["admin"])), app


def test_a_snapshot_is_made_by_a_worker_and_told_of_as_it_happens(served):
    admin, _ = served
    told = []
    listener = threading.Thread(
        target=lambda: told.extend(
            events_of(
                admin,
                "/api/orgs/local/events",
                until=lambda j: j["state"] in ("done", "failed"),
            )
        )
    )
    listener.start()
    job = start(admin, "snapshot", {"note": "first"}).json()["id"]
    seen = events_of(admin, f"{CASINGS}/jobs/{job}/events")
    listener.join()
    assert [seen[0]["id"], seen[-1]["state"]] == [job, "done"]
    assert seen[-1]["result"]["images"] == 12
    assert told[-1] == seen[-1]
    assert admin.get(f"{CASINGS}/jobs/{job}").json() == seen[-1]


def test_more_listeners_than_threads_keep_nobody_waiting(served):
    admin, app = served
    app.state.engine.stop()
    job = start(admin, "snapshot").json()["id"]
    ended, first = [], threading.Barrier(61)

    def listen():
        seen = []
        with admin.stream("GET", f"{CASINGS}/jobs/{job}/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    seen.append(json.loads(line.removeprefix("data:"))["state"])
                    if len(seen) == 1:
                        first.wait()
        ended.append(seen)

    listeners = [threading.Thread(target=listen) for _ in range(60)]
    for thread in listeners:
        thread.start()
    first.wait()
    assert admin.get(f"{CASINGS}/jobs").json()[0]["state"] == "queued"
    assert admin.post(f"{CASINGS}/jobs/{job}/cancel").json()["state"] == "cancelled"
    for thread in listeners:
        thread.join()
    assert ended == [["queued", "cancelled"]] * 60


def test_uploaded_files_and_archives_are_imported(served, tmp_path):
    admin, app = served
    folder = class_folder(tmp_path / "more", 10)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.writestr(f"more/{path.relative_to(folder).as_posix()}", path.read_bytes())
    sha = upload(admin, packed.getvalue())
    plates = "/api/orgs/local/projects"
    made = admin.post(f"{plates}", json={"name": "zipped", "task": "classification"})
    project = "zipped" if made.status_code < 300 else "casings"
    path = f"{plates}/{project}/jobs"
    options = {"files": [{"path": "more.zip", "sha256": sha}], "labeler": "Eva"}
    job = admin.post(path, json={"kind": "import", "options": options}).json()
    assert job["options"]["files"] == 1
    done = events_of(admin, f"{path}/{job['id']}/events")[-1]
    assert done["state"] == "done", done["problem"]
    assert done["result"]["found"] == 10
    assert done["result"]["classes"] == ["dent", "good"]
    work = app.state.stores.of("local").project(project).work
    assert not list(work.glob("job-*"))


def test_an_import_of_what_leads_outside_or_was_not_uploaded_fails_with_the_name(served):
    admin, app = served
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../evil.png", b"x")
    sha = upload(admin, evil.getvalue())
    # The bytes of another organisation are as good as never sent.
    unknown = app.state.stores.of("acme").blobs.put(b"theirs alone")
    for path, given, told in (
        ("in.zip", sha, "'../../evil.png' leads out of its folder"),
        ("../a.png", sha, "'../a.png' leads out of its folder"),
        ("a.png", unknown, "the bytes of 'a.png' are not on the server"),
    ):
        job = start(admin, "import", {"files": [{"path": path, "sha256": given}]}).json()
        failed = events_of(admin, f"{CASINGS}/jobs/{job['id']}/events")[-1]
        assert failed["state"] == "failed"
        assert told in failed["problem"]["message"]


def test_an_export_can_be_downloaded(served):
    admin, _ = served
    for kind, options in (("snapshot", {}), ("export", {"format": "folders"})):
        job = start(admin, kind, options).json()["id"]
        done = events_of(admin, f"{CASINGS}/jobs/{job}/events")[-1]
        assert done["state"] == "done", done["problem"]
    assert done["file"] == "casings-folders.zip"
    got = admin.get(f"{CASINGS}/jobs/{job}/file")
    names = zipfile.ZipFile(io.BytesIO(got.content)).namelist()
    assert sum(n.endswith(".png") for n in names) == 12
