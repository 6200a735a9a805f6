import threading

import pytest

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from pitmark.core.label_book import LabelBook
from pitmark.core.progress import Progress
from pitmark.core.work import Outcome, Resources, Work
from pitmark.store.db import open_store
from pitmark.store.figures import figures_of
from pitmark.store.jobs import JobTerms
from pitmark.store.jobs_queue import StoredQueue

LIGHT = JobTerms(Resources(cpu=0.5))


@pytest.fixture
def queue(store):
    return StoredQueue(store.database, store.blobs)


def submit(jobs, count=1, **how):
    return [jobs.create("train", {"n": n}, by="ann", **how).id for n in range(count)]


def test_a_new_job_waits_with_all_that_was_said_of_it(project):
    job = project.jobs.create("train", {"preset": "fast"}, by="ann")
    assert (job.id, job.state, job.project, job.by) == ("j0001", "queued", "casings", "ann")
    assert (job.options, job.attempt, job.progress) == ({"preset": "fast"}, 0, None)
    assert job.started is job.finished is job.result is job.problem is None


def test_the_same_key_gives_the_same_job_whatever_has_become_of_it(project, store, queue):
    first = project.jobs.create("train", {}, by="ann", key="k")
    work = queue.claim(light=False)
    queue.finish(work.hold, Outcome({"run": "r0001"}))
    again = project.jobs.create("train", {"seed": 3}, by="eve", key="k")
    assert (again.id, again.state, again.by) == (first.id, "done", "ann")
    other = store.create_project("lids", "detection", LabelBook())
    others = [
        project.jobs.create("audit", {}, by="ann", key="k"),
        other.jobs.create("train", {}, by="ann", key="k"),
        store.jobs.create("train", {}, by="ann", key="k"),
        project.jobs.create("train", {}, by="ann"),
        project.jobs.create("train", {}, by="ann"),
    ]
    assert len({first.id, *(o.id for o in others)}) == 6
    assert store.jobs.create("train", {}, by="ann", key="k").id == others[2].id


def test_a_claimed_job_is_running_and_claimed_once(project, queue):
    submit(project.jobs)
    work = queue.claim(light=False)
    assert (work.organisation, work.project, work.kind) == ("local", "casings", "train")
    assert (work.attempt, work.options) == (1, {"n": 0})
    assert Work.from_json(work.to_json()) == work
    assert queue.claim(light=False) is None
    assert project.jobs.get(work.id).state == "running"


def test_light_and_heavy_jobs_are_two_lines(project, queue):
    submit(project.jobs)
    submit(project.jobs, terms=LIGHT)
    assert queue.claim(light=True).id == "j0002"
    assert queue.claim(light=True) is None
    assert queue.claim(light=False).id == "j0001"


def test_no_job_is_claimed_twice_by_many_at_once(project, store):
    submit(project.jobs, 40)
    taken = []

    def take():
        mine = StoredQueue(store.database, store.blobs)
        while (work := mine.claim(light=False)) is not None:
            taken.append(work.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 40


def test_organisations_take_turns_however_many_jobs_one_has(home, store, queue):
    first = submit(store.jobs, 5)
    assert queue.claim(light=False).organisation == "local"
    with open_store(home, create=True, organisation="acme") as acme:
        submit(acme.jobs, 2)
        order = []
        while (work := queue.claim(light=False)) is not None:
            order.append((work.organisation, work.id))
    assert order == [
        ("acme", "j0001"),
        ("local", first[1]),
        ("acme", "j0002"),
        *(("local", job) for job in first[2:]),
    ]


def test_an_organisation_runs_no_more_than_its_share(home, store):
    queue = StoredQueue(store.database, store.blobs, most_each=1)
    submit(store.jobs, 2)
    with open_store(home, create=True, organisation="acme") as acme:
        submit(acme.jobs, 1)
    held = [queue.claim(light=False) for _ in range(3)]
    assert [w and w.organisation for w in held] == ["local", "acme", None]
    queue.finish(held[0].hold, Outcome())
    assert queue.claim(light=False).id == "j0002"


def test_a_result_is_published_once(project, queue):
    submit(project.jobs)
    hold = queue.claim(light=False).hold
    queue.begin(hold, host="plant", pid=17)
    assert queue.tell(hold, Progress("train", 1, 2, facts={"loss": float("nan")})) is False
    assert project.jobs.get(hold.id).progress["facts"] == {"loss": None}
    queue.finish(hold, Outcome({"run": "r0001"}))
    for late in (
        lambda: queue.finish(hold, Outcome({"run": "r0002"})),
        lambda: queue.fail(hold, {"code": "x", "message": "", "hint": ""}),
        lambda: queue.tell(hold, None),
        lambda: queue.lost(hold, "it was slow"),
        lambda: queue.give_back(hold),
        lambda: queue.stopped(hold),
    ):
        with pytest.raises(ConflictError, match="does not count any more: the job is done"):
            late()
    assert project.jobs.get(hold.id).result == {"run": "r0001"}


def test_a_replaced_attempt_can_tell_nothing(project, queue):
    submit(project.jobs)
    old = queue.claim(light=False).hold
    queue.lost(old, "it was silent")
    new = queue.claim(light=False)
    assert new.attempt == 2
    with pytest.raises(ConflictError, match="running, at attempt 2"):
        queue.finish(old, Outcome({"late": True}))
    queue.finish(new.hold, Outcome({"late": False}))
    assert project.jobs.get(old.id).result == {"late": False}


def test_a_job_that_was_lost_three_times_fails_with_the_reason(project, queue):
    submit(project.jobs)
    for _ in range(3):
        queue.lost(queue.claim(light=False).hold, "it was killed by signal 9")
    job = project.jobs.get("j0001")
    assert (job.state, job.problem["code"]) == ("failed", "worker_lost")
    assert "at last it was killed by signal 9" in job.problem["message"]


def test_a_job_that_is_given_back_keeps_its_place_and_its_attempts(project, queue):
    submit(project.jobs, 2)
    queue.give_back(queue.claim(light=False).hold)
    work = queue.claim(light=False)
    assert (work.id, work.attempt) == ("j0001", 1)


def test_cancelling_stops_what_waits_at_once_and_asks_what_runs(project, queue):
    submit(project.jobs, 3)
    assert project.jobs.cancel("j0002").state == "cancelled"
    hold = queue.claim(light=False).hold
    assert project.jobs.cancel(hold.id).state == "running"
    assert queue.tell(hold, None) is True
    queue.lost(hold, "it was killed while it stopped")
    assert project.jobs.get(hold.id).state == "cancelled"
    assert queue.claim(light=False).id == "j0003"
    assert project.jobs.cancel(hold.id).state == "cancelled"


def test_a_result_needs_its_file(project, queue):
    submit(project.jobs)
    hold = queue.claim(light=False).hold
    with pytest.raises(StorageError, match="is not in the workspace"):
        queue.finish(hold, Outcome({}, artifact="0" * 64))
    assert project.jobs.get(hold.id).state == "running"


def test_a_deleted_project_takes_its_jobs_and_their_files_with_it(project, store, queue):
    submit(project.jobs)
    hold = queue.claim(light=False).hold
    with pytest.raises(
        ConflictError, match="job j0001 of project 'casings' is being worked on"
    ):
        store.delete_project("casings")
    kept = store.blobs.put(b"an export")
    queue.finish(hold, Outcome({}, artifact=kept))
    store.delete_project("casings")
    assert not store.blobs.has(kept)
    with pytest.raises(NotFoundError, match="no job 'j0001'"):
        store.jobs.get("j0001")


def test_moving_tells_what_goes_on_and_what_is_new(project, queue):
    submit(project.jobs, 3)
    queue.finish(queue.claim(light=False).hold, Outcome())
    assert [j.id for j in project.jobs.moving(since=3)] == ["j0002", "j0003"]
    assert project.jobs.moving(since=3, also=["j0001"])[0].id == "j0001"
    assert [j.id for j in project.jobs.moving(since=0)] == ["j0001", "j0002", "j0003"]


def test_a_thousand_waiting_jobs_are_enough(project, monkeypatch):
    monkeypatch.setattr("pitmark.store.jobs._MOST_WAITING", 3)
    submit(project.jobs, 3)
    with pytest.raises(ConflictError, match="3 jobs of this organisation wait already"):
        submit(project.jobs)


def test_the_figures_of_a_workspace_count_everybody_and_name_nobody(
    project, store, queue, home
):
    submit(project.jobs, 2)
    queue.claim(light=False)
    with open_store(home, create=True, organisation="acme") as acme:
        submit(acme.create_project("lids", "detection", LabelBook()).jobs)
    found = figures_of(store.database)
    assert (found.organisations, found.projects, found.images) == (2, 2, 0)
    assert found.jobs == {("train", "queued"): 2, ("train", "running"): 1}
    assert "acme" not in str(found)
