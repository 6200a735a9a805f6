from datetime import UTC, datetime, timedelta, timezone

from pitmark.store.events import EventRow

START = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)


def _event(number, verdict="OK", **about):
    at = START + timedelta(seconds=number)
    return EventRow(f"dev1-{number}", at, verdict, 0.25, f"{number}.png", **about)


def test_an_event_comes_back_as_it_was_sent(project):
    sent = _event(
        1,
        "NG",
        device="line 1",
        release=3,
        sha256="a" * 64,
        label="dent",
        reason="score",
        facts={"lot": 7},
    )
    assert project.events.add_many([sent]) == 1
    assert project.events.list() == [sent]


def test_sending_again_counts_once(project):
    assert project.events.add_many([_event(1), _event(2), _event(1)]) == 2
    assert project.events.add_many([_event(2), _event(3)]) == 1
    assert project.events.counts() == {"OK": 3}


def test_the_first_of_two_events_with_one_key_is_kept(project):
    project.events.add_many([_event(1, "NG"), _event(1, "OK")])
    project.events.add_many([_event(1, "error")])
    assert project.events.counts() == {"NG": 1}


def test_events_are_listed_newest_first_from_a_moment_on(project):
    project.events.add_many([_event(i, "NG" if i % 3 == 0 else "OK") for i in range(1300)])
    assert project.events.counts() == {"NG": 434, "OK": 866}
    since = START + timedelta(seconds=1290)
    assert [e.name for e in project.events.list(since, limit=3)] == [
        "1299.png",
        "1298.png",
        "1297.png",
    ]
    assert project.events.counts(since) == {"NG": 4, "OK": 6}


def test_a_device_in_another_time_zone_means_the_same_moment(project):
    tokyo = timezone(timedelta(hours=9))
    sent = EventRow("k", START.astimezone(tokyo), "error", float("nan"), "a")
    project.events.add_many([sent])
    found = project.events.list(START)[0]
    assert found.at == START
    assert found.score is None
