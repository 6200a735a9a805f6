import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.edge.delivery import Backoff, Delivery, Reply
from pitmark.edge.http_sender import HttpSender
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Entry, OutboxLimits, Priority
from tests.edge.receiver import Receiver


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


def entry(number, priority=Priority.REST, image=None):
    return Entry(priority, {"number": number}, image)


def numbers(outbox, count=1000):
    return [r.body["number"] for r in outbox.next(count)]


def test_records_come_by_priority_and_then_in_their_order(tmp_path):
    outbox = Outbox(tmp_path / "o")
    order = [Priority.REST, Priority.NG, Priority.SAMPLE, Priority.DOUBTFUL, Priority.NG]
    keys = outbox.put([entry(n, p) for n, p in enumerate(order)])
    assert len(set(keys)) == 5
    assert numbers(outbox) == [3, 1, 4, 2, 0]
    assert {r.key for r in outbox.next(9)} == set(keys)


def test_records_and_keys_are_the_same_after_a_restart(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1, image=b"pixels")])
    before = outbox.next(1)
    outbox.close()
    again = Outbox(tmp_path / "o")
    assert again.next(1) == before
    assert again.image(before[0]) == b"pixels"


def test_a_number_is_never_given_twice(tmp_path):
    outbox = Outbox(tmp_path / "o")
    first = outbox.put([entry(1)])
    outbox.acknowledge(outbox.next(1))
    outbox.close()
    assert Outbox(tmp_path / "o").put([entry(2)]) != first


def test_an_image_goes_with_the_last_record_that_shows_it(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1, image=b"same"), entry(2, image=b"same")])
    images = list((tmp_path / "o" / "images").rglob("*"))
    assert sum(p.is_file() for p in images) == 1
    first, second = outbox.next(2)
    outbox.acknowledge([first])
    assert outbox.image(second) == b"same"
    outbox.acknowledge([second])
    assert not any(p.is_file() for p in (tmp_path / "o" / "images").rglob("*"))
    assert outbox.state().size_bytes == 0


def test_the_least_important_and_oldest_goes_first_and_is_counted(tmp_path):
    outbox = Outbox(tmp_path / "o", OutboxLimits(max_bytes=1000))
    outbox.put([entry(n, Priority.NG, b"%90d" % n) for n in range(5)])
    outbox.put([entry(n, Priority.REST, b"%90d" % n) for n in range(5, 10)])
    assert outbox.state().size_bytes <= 1000
    outbox.put([entry(n, Priority.DOUBTFUL, b"%90d" % n) for n in range(10, 14)])
    state = outbox.state()
    assert state.size_bytes <= 1000
    kept = numbers(outbox)
    assert kept[:4] == [10, 11, 12, 13]
    assert set(kept[4:]) <= set(range(5))
    dropped = state.dropped["no room in the outbox"]
    assert sum(dropped.values()) + len(kept) == 14
    assert dropped["rest"] == 5


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Priority), st.integers(0, 400), st.booleans()), max_size=30
    )
)
def test_every_record_is_kept_sent_or_counted(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("o")
    outbox = Outbox(folder, OutboxLimits(max_bytes=1500))
    sent = 0
    for number, (priority, size, send) in enumerate(rows):
        outbox.put([entry(number, priority, os.urandom(size) if size else None)])
        if send:
            some = outbox.next(2)
            outbox.acknowledge(some)
            sent += len(some)
    state = outbox.state()
    dropped = sum(sum(by.values()) for by in state.dropped.values())
    assert sum(state.waiting.values()) + sent + dropped == len(rows)
    assert state.size_bytes <= 1500
    on_disk = sum(p.stat().st_size for p in (folder / "images").rglob("*") if p.is_file())
    assert on_disk <= state.size_bytes
    outbox.close()


def test_age_is_counted_in_hours_of_operation(tmp_path):
    clock = Clock()
    outbox = Outbox(tmp_path / "o", OutboxLimits(max_hours=10), clock=clock)
    outbox.put([entry(1)])
    clock.now = 9 * 3600
    outbox.put([entry(2)])
    outbox.close()
    clock.now = 50_000_000.0  # Another boot: this clock begins anywhere.
    again = Outbox(tmp_path / "o", OutboxLimits(max_hours=10), clock=clock)
    assert again.put([entry(3)])
    assert numbers(again) == [1, 2, 3]
    clock.now += 2 * 3600
    again.put([entry(4)])
    assert numbers(again) == [2, 3, 4]
    assert again.state().dropped == {"too old": {"rest": 1}}


def test_a_clock_that_runs_backwards_drops_nothing(tmp_path):
    clock = Clock()
    clock.now = 1000.0
    outbox = Outbox(tmp_path / "o", OutboxLimits(max_hours=1), clock=clock)
    outbox.put([entry(1)])
    clock.now = -31_536_000.0
    outbox.put([entry(2)])
    assert numbers(outbox) == [1, 2]


def test_a_full_database_is_an_error_and_room_makes_it_work_again(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    outbox._db.execute("PRAGMA max_page_count = 12")
    with pytest.raises(StorageError, match="database or disk is full"):
        outbox.put([Entry(Priority.REST, {"text": "x" * 100_000}, b"pixels")])
    assert not any(p.is_file() for p in (tmp_path / "o" / "images").rglob("*"))
    size = outbox.state().size_bytes
    outbox._db.execute("PRAGMA max_page_count = 100000")
    outbox.put([entry(2)])
    assert numbers(outbox) == [1, 2]
    assert outbox.state().size_bytes > size


def test_a_record_is_kept_without_its_image_where_the_disk_takes_no_more(tmp_path):
    outbox = Outbox(tmp_path / "o")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    try:
        outbox.put([entry(1, image=b"x" * 500_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    record = outbox.next(1)[0]
    assert record.image_sha256 is None
    assert outbox.state().dropped == {"image not kept: no room on the disk": {"rest": 1}}
    assert not any(p.is_file() for p in (tmp_path / "o" / "images").rglob("*"))


def test_an_entry_that_is_no_json_keeps_nothing_of_its_batch(tmp_path):
    outbox = Outbox(tmp_path / "o")
    with pytest.raises(ValueError, match="Out of range"):
        outbox.put([entry(1), Entry(Priority.NG, {"score": float("nan")})])
    assert numbers(outbox) == []
    outbox.put([entry(2)])
    assert numbers(outbox) == [2]


def test_a_damaged_outbox_is_put_aside_and_begun_anew(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    outbox.close()
    (tmp_path / "o" / "outbox.sqlite").write_bytes(b"no database at all" * 1000)
    again = Outbox(tmp_path / "o")
    assert list((tmp_path / "o").glob("damaged-*-outbox.sqlite"))
    assert again.state().dropped == {"the outbox was damaged and begun anew": {"doubtful": 1}}
    again.put([entry(2)])
    assert numbers(again) == [2]


def test_a_closed_outbox_is_told_as_an_error(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.close()
    with pytest.raises(StorageError, match="cannot be used"):
        outbox.put([entry(1)])


def test_an_image_that_the_disk_has_lost_is_not_sent_as_another(tmp_path):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1, image=b"pixels")])
    path = next(p for p in (tmp_path / "o" / "images").rglob("*") if p.is_file())
    path.write_bytes(b"pixelz")
    assert outbox.image(outbox.next(1)[0]) is None


def test_everything_is_delivered_after_a_week_without_network(tmp_path, receiver):
    clock = Clock()
    outbox = Outbox(tmp_path / "o", clock=clock)
    receiver.answer_with = 503
    delivery = Delivery(outbox, HttpSender(receiver.url, "press 3", "secret"))
    for hour in range(168):
        clock.now = hour * 3600
        outbox.put([entry(hour, Priority.NG, b"image %d" % hour)])
        assert delivery.send_some() == 0
    assert not delivery.connected
    receiver.answer_with = None
    while delivery.send_some():
        pass
    assert delivery.connected
    assert sorted(r["number"] for r in receiver.records.values()) == list(range(168))
    assert receiver.paths == {"/api/devices/press%203/events"}
    assert sum(outbox.state().waiting.values()) == 0


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
def test_what_the_server_cannot_take_now_waits(tmp_path, receiver, status):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    receiver.answer_with = status
    delivery = Delivery(outbox, HttpSender(receiver.url, "d", "secret"))
    assert delivery.send_some() == 0
    assert numbers(outbox) == [1]


def test_what_the_server_refuses_for_good_does_not_hold_up_the_rest(tmp_path, receiver):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    receiver.answer_with = 422
    delivery = Delivery(outbox, HttpSender(receiver.url, "d", "secret"))
    delivery.send_some()
    receiver.answer_with = None
    outbox.put([entry(2)])
    delivery.send_some()
    assert [r["number"] for r in receiver.records.values()] == [2]
    state = outbox.state()
    assert state.aside == 1
    assert state.dropped == {"refused by the server": {"rest": 1}}


def test_a_record_that_was_taken_but_not_acknowledged_is_not_doubled(tmp_path, receiver):
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    sender = HttpSender(receiver.url, "d", "secret")
    record = outbox.next(1)[0]
    assert sender(record, None) == Reply.TAKEN
    assert sender(record, None) == Reply.TAKEN
    assert len(receiver.records) == 1
    assert receiver.attempts == 2


def test_a_server_that_is_not_there_makes_records_wait(tmp_path):
    sender = HttpSender("http://127.0.0.1:9", "d", "secret")
    outbox = Outbox(tmp_path / "o")
    outbox.put([entry(1)])
    assert sender(outbox.next(1)[0], None) == Reply.LATER


@pytest.mark.parametrize("address", ["ftp://x", "pitmark", "https://", "http://me:pw@host"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidInputError, match="is no address of a server"):
        HttpSender(address, "d", "k")


@given(st.integers(1, 2000))
def test_waits_grow_to_their_longest_and_no_further(failures):
    backoff = Backoff(first_s=1, longest_s=60)
    full = min(60.0, 2.0 ** min(failures - 1, 30))
    assert full / 2 <= backoff.wait_s(failures) <= full


def test_delivery_runs_until_told_to_stop(tmp_path, receiver):
    outbox = Outbox(tmp_path / "o")
    stop, delivered = threading.Event(), threading.Event()
    sender = HttpSender(receiver.url, "d", "secret")

    def send(record, image):
        reply = sender(record, image)
        if record.body["number"] == 40:
            delivered.set()
        return reply

    outbox.put([entry(n) for n in range(41)])
    delivery = Delivery(outbox, send, idle_s=0.01)
    thread = threading.Thread(target=delivery.run, args=(stop,))
    thread.start()
    assert delivered.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert len(receiver.records) == 41


DEVICE = """
import os, sys, threading
from pathlib import Path
from pitmark.edge.delivery import Backoff, Delivery
from pitmark.edge.http_sender import HttpSender
from pitmark.edge.outbox import Entry, Outbox, Priority
folder, url, first = sys.argv[1:]
outbox = Outbox(Path(folder))
sender = HttpSender(url, "d", "secret")
delivery = Delivery(outbox, sender, backoff=Backoff(0.01, 0.05), idle_s=0.001)
threading.Thread(target=delivery.run, args=(threading.Event(),), daemon=True).start()
number = int(first)
print("up", flush=True)
while True:
    image = b"image %d" % number * 50 if number % 2 else None
    outbox.put([Entry(Priority(number % 4), {"number": number}, image)])
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def test_no_record_is_lost_or_doubled_when_the_device_is_killed_again_and_again(
    tmp_path, receiver
):
    kept, draw = [], random.Random(7)
    for round_ in range(8):
        receiver.answer_with = 503 if round_ % 3 == 1 else None
        command = [sys.executable, "-c", DEVICE, str(tmp_path / "o"), receiver.url]
        process = subprocess.Popen([*command, str(round_ * 100_000)], stdout=subprocess.PIPE)
        with process:
            assert process.stdout.readline() == b"up\n"
            for _ in range(draw.randint(1, 25)):
                kept.append(int(process.stdout.readline()))
            process.kill()
            # What it had said before the kill was kept as well.
            kept += [int(n) for n in process.stdout.read().split(b"\n")[:-1]]
    receiver.answer_with = None
    outbox = Outbox(tmp_path / "o")
    delivery = Delivery(outbox, HttpSender(receiver.url, "d", "secret"))
    while delivery.send_some():
        pass
    got = [r["number"] for r in receiver.records.values()]
    assert len(got) == len(set(got))
    assert set(kept) <= set(got)
    assert outbox.state().dropped == {}
    database = sqlite3.connect(tmp_path / "o" / "outbox.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert not any(p.is_file() for p in (tmp_path / "o" / "images").rglob("*"))
