"""Records that travel together, from the outbox of a device to a server over a socket."""

import hashlib
import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from pitmark.core.label_book import LabelBook
from pitmark.edge.delivery import Delivery, Reply
from pitmark.edge.http_sender import HttpSender
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Entry, Priority
from pitmark.store.db import open_store
from tests.sdk.conftest import Serving

AT = "2026-03-01T06:30:00+00:00"
DRIFT = {"alarm": True, "sentence": "the light changed"}


def png(shade):
    out = io.BytesIO()
    Image.new("L", (40, 30), shade).save(out, "PNG")
    return out.getvalue()


def entry(number, image=None, priority=Priority.SAMPLE, **changes):
    verdict = {"outcome": "NG" if number % 2 else "OK", "score": 0.5}
    body = {"at": AT, "name": f"{number}.png", "verdict": verdict, "drift": DRIFT, **changes}
    return Entry(priority, body, image)


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        yield store.create_project("plates", "detection", LabelBook())


@pytest.fixture
def key(project):
    return project.devices.exchange(project.devices.add("press-1")[1])[1]


@pytest.fixture
def served(project, tmp_path):
    with Serving(tmp_path / "home") as serving:
        yield serving


@pytest.fixture
def sender(served, key):
    opened = HttpSender(served.url, "press-1", key)
    yield opened
    opened.close()


@pytest.fixture
def outbox(tmp_path):
    opened = Outbox(tmp_path / "outbox")
    yield opened
    opened.close()


def deliver(outbox, sender):
    delivery = Delivery(outbox, sender, together=sender)
    while delivery.send_some():
        pass
    return delivery


def test_a_full_outbox_reaches_the_server_in_few_requests_and_once(project, outbox, sender):
    outbox.put([entry(n, png(n) if n % 3 == 0 else None) for n in range(150)])
    requests = []
    many, sender.many = sender.many, lambda pairs: requests.append(len(pairs)) or many(pairs)
    delivery = deliver(outbox, sender)
    assert (delivery.sent, delivery.connected) == (150, True)
    assert requests == [63, 64, 22]  # The first one told what the server takes.
    assert sum(outbox.state().waiting.values()) == 0
    events = project.events.list()
    assert len(events) == 150
    for event in events:
        number = int(event.name.partition(".")[0])
        expected = hashlib.sha256(png(number)).hexdigest() if number % 3 == 0 else None
        assert event.sha256 == expected
        assert expected is None or project.blobs.read(expected) == png(number)
    device = project.devices.get("press-1")
    counts = project.device_reports.counts(device.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert (counts.ok, counts.ng, counts.error) == (75, 75, 0)


def test_what_was_taken_but_not_heard_of_is_not_doubled(project, outbox, sender):
    outbox.put([entry(n) for n in range(20)])
    pairs = [(record, None) for record in outbox.next(20)]
    assert sender.many(pairs[:12]) == [Reply.TAKEN] * 12
    # The answer got lost: the device sends all of them again, one of them twice.
    assert sender.many([*pairs, pairs[0]]) == [Reply.TAKEN] * 21
    deliver(outbox, sender)
    assert len(project.events.list()) == 20
    device = project.devices.get("press-1")
    counts = project.device_reports.counts(device.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert counts.total == 20


def test_a_record_that_is_refused_does_not_concern_those_it_travels_with(
    project, outbox, sender
):
    note = {"key": "n-1", "at": AT, "outcome": "activated", "version": 4}
    outbox.put([entry(0)])
    deliver(outbox, sender)
    bad = [entry(1, b"no image"), entry(2, verdict=None), entry(3, verdict={"outcome": "odd"})]
    told = Entry(Priority.REST, {"release_note": note}, None)
    outbox.put([entry(4, png(9)), *bad, told, entry(5)])
    deliver(outbox, sender)
    assert {e.name for e in project.events.list()} == {"0.png", "4.png", "5.png"}
    assert project.devices.get("press-1").release == 4
    state = outbox.state()
    assert state.aside == 3
    assert state.dropped == {"refused by the server": {"sample": 3}}
    assert not any(project.blobs.has(hashlib.sha256(b).hexdigest()) for b in (b"no image",))


def test_a_part_keeps_what_the_harm_test_draws_by(project, outbox, sender):
    for priority in Priority:
        outbox.put([entry(int(priority), priority=priority)])
    deliver(outbox, sender)
    said = {e.name: (e.facts["priority"], e.facts["drift"]) for e in project.events.list()}
    assert said == {f"{int(p)}.png": (p.name.lower(), DRIFT) for p in Priority}
    (newest,) = project.events.newest_of_devices()
    assert newest.facts["drift"]["alarm"] is True


def test_without_the_offer_of_the_server_records_go_one_by_one(outbox, sender, project):
    outbox.put([entry(n) for n in range(5)])
    Delivery(outbox, sender).send_some()
    assert len(project.events.list()) == 5
    gone = HttpSender(f"{sender_url(sender)}/elsewhere", "press-1", "k")
    outbox.put([entry(n) for n in range(3)])
    pairs = [(record, None) for record in outbox.next(3)]
    # Something in between knows no batches: the first goes by itself, and so do all others.
    assert gone.many(pairs) == [Reply.LATER]
    assert gone.at_once == 1
    gone.close()


def sender_url(sender):
    return f"http://{sender._link._host}:{sender._link._port}"


def test_images_that_are_large_do_not_travel_together(outbox, sender, project, monkeypatch):
    monkeypatch.setattr("pitmark.edge.delivery._MOST_BYTES", 3 * len(png(1)))
    requests = []
    many, sender.many = sender.many, lambda pairs: requests.append(len(pairs)) or many(pairs)
    outbox.put([entry(n, png(n)) for n in range(8)])
    deliver(outbox, sender)
    assert len(project.events.list()) == 8
    assert max(requests) <= 3


def test_a_wrong_key_keeps_everything_waiting(served, outbox, key):
    sender = HttpSender(served.url, "press-1", key + "x")
    outbox.put([entry(n) for n in range(3)])
    pairs = [(record, None) for record in outbox.next(3)]
    assert sender.many(pairs) == [Reply.LATER] * 3
    sender.close()
    assert sum(outbox.state().waiting.values()) == 3
