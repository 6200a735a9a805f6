"""What holds for every engine, shown with real processes that are really killed."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pitmark.store.jobs_queue import StoredQueue


def test_a_job_is_done_and_its_result_kept(world):
    world.start_server()
    done = world.end_of(world.submit("add", {"numbers": [1, 2, 3]}))
    assert (done.state, done.result, done.attempt) == ("done", {"sum": 6}, 1)
    assert done.started <= done.finished


def test_a_file_that_a_job_made_is_in_the_blob_store(world):
    world.start_server()
    done = world.end_of(world.submit("keep"))
    assert world.store.blobs.read(done.artifact) == b"made by a job"


def test_progress_is_told_while_the_job_runs_and_stands_at_its_end_afterwards(world):
    world.start_server()
    job = world.submit("count", {"to": 60, "step_s": 0.03, "waits_at": 30})
    begun = world.begun(job)
    assert begun.state == "running"
    assert begun.progress["stage"] == "count"
    assert 0 < begun.progress["done"] < 60
    world.let_go()
    done = world.end_of(job)
    assert done.progress["done"] == 60
    assert done.progress["facts"] == {"loss": 1 / 60}


def test_an_error_that_a_person_can_act_on_ends_the_job_at_once(world):
    world.start_server()
    failed = world.end_of(world.submit("fail"))
    assert (failed.state, failed.attempt) == ("failed", 1)
    assert failed.problem == {
        "code": "not_enough_data",
        "message": "there is nothing to learn from",
        "hint": "Label some images.",
    }


def test_an_error_of_the_program_is_told_without_its_trace(world):
    world.start_server()
    failed = world.end_of(world.submit("broken"))
    assert (failed.state, failed.problem["code"]) == ("failed", "internal")
    assert "TypeError" in failed.problem["message"]
    assert "Traceback" not in str(failed.problem)


def test_an_unknown_kind_is_a_problem_of_that_job_alone(world):
    world.start_server()
    odd, good = world.submit("os:system"), world.submit("add", {"numbers": [1]})
    assert world.end_of(odd).problem["code"] == "not_found"
    assert world.end_of(good).result == {"sum": 1}


def test_a_job_that_waits_is_cancelled_at_once(world):
    job = world.submit("add", {"numbers": [1]})
    assert world.cancel(job).state == "cancelled"
    world.start_server()
    assert world.end_of(world.submit("add", {"numbers": [2]})).state == "done"
    assert world.trace() == [("add", "j0002", "1")]


def test_a_job_that_runs_stops_at_its_next_step(world):
    world.start_server()
    job = world.submit("count", {"to": 10_000, "step_s": 0.02})
    world.begun(job)
    assert world.cancel(job).state == "running"
    assert world.end_of(job).state == "cancelled"
    assert world.get(job).result is None


def test_a_job_that_does_not_listen_is_ended_after_a_time_of_grace(world):
    world.start_server()
    job = world.submit("deaf")
    (pid,) = world.until(world.workers, "the worker")
    world.cancel(job)
    assert world.end_of(job).state == "cancelled"
    world.until(lambda: _gone(pid), "the process to end")


def test_a_job_that_takes_too_long_fails_and_its_process_ends(world):
    world.start_server()
    listens = world.submit("count", {"to": 10_000, "step_s": 0.02}, limit_s=1)
    deaf = world.submit("deaf", limit_s=1)
    for job in (listens, deaf):
        failed = world.end_of(job)
        assert (failed.state, failed.problem["code"]) == ("failed", "deadline")
    assert world.workers() == []


def test_a_job_whose_worker_is_killed_is_done_again(world):
    world.start_server()
    done = world.end_of(world.submit("die_once"))
    assert (done.state, done.result) == ("done", {"attempt": 2})


def test_a_job_whose_worker_always_dies_fails_after_three_attempts(world):
    world.start_server()
    failed = world.end_of(world.submit("die"))
    assert (failed.state, failed.attempt) == ("failed", 3)
    assert failed.problem["code"] == "worker_lost"
    assert "killed by signal 9" in failed.problem["message"]
    assert world.trace() == [("die", failed.id, str(n)) for n in (1, 2, 3)]


def test_a_worker_outlives_its_server_and_its_result_counts(world):
    world.start_server()
    job = world.submit("publish", {"to": 40, "step_s": 0.05, "waits_at": 20})
    world.begun(job)
    world.kill_server()
    world.let_go()
    assert world.end_of(job).result == {"counted": 40, "attempt": 1}
    world.start_server()
    next_ = world.end_of(world.submit("add", {"numbers": [1]}))
    assert next_.state == "done"
    assert world.get(job).attempt == 1


def test_the_next_server_finds_a_living_worker_and_can_stop_it(world):
    world.start_server()
    job = world.submit("deaf")
    (pid,) = world.until(world.workers, "the worker")
    world.kill_server()
    world.start_server()
    world.cancel(job)
    assert world.end_of(job).state == "cancelled"
    world.until(lambda: _gone(pid), "the process to end")


def test_a_job_whose_server_and_worker_were_killed_is_done_again(world):
    world.start_server()
    job = world.submit("count", {"to": 40, "step_s": 0.05, "waits_at": 20})
    world.begun(job)
    world.kill_server()
    world.kill_workers()
    assert world.get(job).state == "running"
    world.let_go()
    world.start_server()
    assert world.end_of(job).result == {"counted": 40, "attempt": 2}


@pytest.mark.parametrize("round_", range(3))
def test_no_job_is_lost_or_published_twice_whoever_is_killed_when(world, round_):
    chance = random.Random(round_)
    world.start_server()
    jobs = [world.submit("publish", {"to": 8, "step_s": 0.05}, light=n % 2) for n in range(6)]
    lost = 0
    for _ in range(4):
        time.sleep(chance.uniform(0.1, 0.9))
        if chance.random() < 0.5:
            world.kill_server()
            time.sleep(chance.uniform(0, 0.2))
            world.start_server()
            lost += 1
        else:
            world.kill_workers()
            lost += 3
    ended = [world.end_of(job) for job in jobs]
    for row in ended:
        if row.state == "done":
            # The result is that of the last attempt, and there is no other one.
            assert row.result == {"counted": 8, "attempt": row.attempt}
        else:
            assert row.problem["code"] == "worker_lost"
            assert row.attempt == 3
    assert world.store.check() == []
    assert world.workers() == []
    # Three attempts run at a time, a server may be starting one: a job fails after three.
    assert sum(row.state != "done" for row in ended) <= lost // 3


def test_a_fenced_out_worker_publishes_nothing(world):
    world.start_server()
    job = world.submit("publish", {"to": 60, "step_s": 0.05, "waits_at": 30})
    world.begun(job)
    world.kill_server()
    (running,) = _queue(world).running()
    # Another engine has given up on it, rightly or not, and takes its place.
    _queue(world).lost(running.hold, "it was thought dead")
    world.start_server()
    world.until(lambda: _gone(running.pid), "the first worker to end")
    world.let_go()
    done = world.end_of(job)
    assert done.result == {"counted": 60, "attempt": 2}
    assert [t for t in world.trace() if t[0] == "publish"] == [("publish", job, "2")]


def test_a_worker_that_gives_no_sign_of_life_is_replaced(world):
    world.start_server()
    job = world.submit("count", {"to": 30, "step_s": 0.05, "waits_at": 20})
    world.begun(job)
    (pid,) = world.workers()
    os.kill(pid, signal.SIGSTOP)
    world.let_go()
    assert world.end_of(job).result == {"counted": 30, "attempt": 2}
    world.until(lambda: _gone(pid), "the process to end")


def test_one_heavy_job_runs_at_a_time_and_light_ones_beside_it(world):
    world.start_server()
    options = {"to": 30, "step_s": 0.05, "waits_at": 20}
    heavy = [world.submit("count", options, light=False) for _ in range(2)]
    world.begun(heavy[0])
    light = world.submit("add", {"numbers": [5]})
    assert world.end_of(light).state == "done"
    first, second = (world.get(job) for job in heavy)
    assert (first.state, second.state) == ("running", "queued")
    world.let_go()
    first, second = (world.end_of(job) for job in heavy)
    assert first.finished <= second.started


def _queue(world):
    return StoredQueue(world.store.database, world.store.blobs)


def _gone(pid):
    """Whether a process has ended; one that nobody has waited for yet counts as well."""
    try:
        return not (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return True
