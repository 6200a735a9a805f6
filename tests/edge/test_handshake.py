import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pitmark.edge.handshake import (
    SENTENCES,
    Acknowledged,
    Answer,
    Change,
    ConfigurationAsked,
    ConfigurationChanged,
    ErrorCode,
    Handshake,
    Inspect,
    Judged,
    Levels,
    Phase,
    ReleaseReady,
    Triggered,
)

ANSWERS = st.builds(
    Answer,
    st.sampled_from(["OK", "NG", "error"]),
    st.integers(-1, 3),
    st.sampled_from(ErrorCode),
)
EVENTS = st.one_of(
    st.builds(Triggered, st.integers(0, 9)),
    st.builds(Judged, st.integers(0, 6), ANSWERS),
    st.just(Acknowledged()),
    st.builds(ConfigurationAsked, st.integers(0, 3)),
    st.builds(ConfigurationChanged, st.integers(0, 3), st.booleans()),
    st.builds(ReleaseReady, st.booleans()),
)
TALKS = st.lists(EVENTS, max_size=40)


def ready(**changes):
    return Handshake(release=True, **changes)


def after(state, *events):
    orders = ()
    for event in events:
        state, orders = state.after(event)
    return state, orders


def walk(events):
    state = Handshake()
    for event in events:
        before = state
        state, orders = state.after(event)
        yield before, event, state, orders


def test_a_part_goes_from_trigger_to_acknowledgement():
    state, orders = after(ready(), Triggered(7))
    assert orders == (Inspect(1, 7),)
    assert not state.outputs.trigger_ready
    assert not state.outputs.results_ready
    state, _ = after(state, Judged(1, Answer("OK", 2)))
    assert state.outputs.to_json() == {
        "trigger_ready": False,
        "results_ready": True,
        "ok": True,
        "ng": False,
        "error": False,
        "error_code": 0,
        "classification": 2,
        "configuration": 0,
        "number": 1,
        "missed": 0,
        "custom": 7,
    }
    state, _ = after(state, Acknowledged())
    assert state.outputs.trigger_ready
    assert not state.outputs.ok
    assert state.outputs.classification == -1


@given(TALKS)
def test_never_ok_and_ng_together_never_ok_on_error_and_error_is_ng(events):
    for _, _, state, _ in walk(events):
        out = state.outputs
        assert not (out.ok and out.ng)
        assert not (out.error and out.ok)
        assert out.ng or not out.error
        assert out.error == (out.error_code != 0)
        assert out.results_ready == (out.ok or out.ng)
        assert not (out.trigger_ready and out.results_ready)
        assert out.error_code == 0 or SENTENCES[ErrorCode(out.error_code)]


@given(TALKS)
def test_a_verdict_stands_until_it_is_acknowledged_or_a_trigger_makes_it_an_error(events):
    for before, event, state, _ in walk(events):
        if not before.outputs.results_ready or isinstance(event, Acknowledged):
            continue
        assert state.outputs.results_ready
        if isinstance(event, Triggered):
            assert state.outputs.error_code == ErrorCode.TRIGGER_MISSED
        else:
            assert state.answer == before.answer


@given(TALKS)
def test_every_trigger_is_taken_or_counted_as_missed(events):
    triggers = 0
    state = Handshake()
    for _, event, state, orders in walk(events):
        triggers += isinstance(event, Triggered)
        inspects = [o for o in orders if isinstance(o, Inspect)]
        assert not inspects or state.phase == Phase.INSPECTING
    assert state.number + state.missed == triggers


@given(TALKS)
def test_a_missed_trigger_is_answered_with_an_error_before_the_next_part_is_taken(events):
    owed = False
    for before, event, state, _ in walk(events):
        if isinstance(event, Triggered) and before.phase != Phase.READY:
            owed = True
        if owed and state.outputs.results_ready:
            assert state.outputs.error_code in (
                ErrorCode.TRIGGER_MISSED,
                ErrorCode.NO_CONFIGURATION,
            )
        if isinstance(event, Acknowledged) and before.outputs.results_ready:
            owed = False
        assert not (owed and state.outputs.trigger_ready)


@settings(max_examples=200)
@given(TALKS)
def test_the_talk_can_always_be_brought_back_to_ready(events):
    state, _ = after(Handshake(), *events, ReleaseReady(True))
    for _ in range(4):
        match state.phase:
            case Phase.INSPECTING:
                state, _ = state.after(Judged(state.number, Answer("NG")))
            case Phase.CHANGING:
                state, _ = state.after(ConfigurationChanged(1))
            case Phase.ANSWERED:
                state, _ = state.after(Acknowledged())
    assert state.outputs.trigger_ready


def test_a_trigger_while_inspecting_makes_the_answer_an_error():
    state, orders = after(ready(), Triggered(), Triggered())
    assert orders == ()
    state, _ = after(state, Judged(1, Answer("OK")))
    assert state.outputs.ng
    assert state.outputs.error_code == ErrorCode.TRIGGER_MISSED
    assert state.outputs.missed == 1
    state, _ = after(state, Acknowledged(), Triggered(), Judged(2, Answer("OK")))
    assert state.outputs.ok


def test_an_answer_to_an_earlier_part_is_not_taken_for_this_one():
    state, _ = after(ready(), Triggered(), Judged(1, Answer("OK")), Acknowledged(), Triggered())
    state, _ = after(state, Judged(1, Answer("OK")))
    assert state.phase == Phase.INSPECTING


def test_without_a_release_a_trigger_is_answered_with_an_error():
    state, orders = after(Handshake(), Triggered())
    assert orders == ()
    assert state.outputs.error_code == ErrorCode.NO_RELEASE
    assert state.outputs.ng


def test_a_configuration_waits_for_the_part_at_hand():
    state, orders = after(ready(), Triggered(), ConfigurationAsked(2))
    assert orders == ()
    state, orders = after(state, Judged(1, Answer("OK")))
    assert orders == ()
    assert state.outputs.configuration == 0
    state, orders = after(state, Acknowledged())
    assert orders == (Change(2),)
    assert not state.outputs.trigger_ready
    state, _ = after(state, ConfigurationChanged(2))
    assert state.outputs.configuration == 2
    assert state.outputs.trigger_ready


def test_an_unknown_configuration_is_an_error_and_the_old_one_stays():
    state, _ = after(ready(), ConfigurationAsked(9), ConfigurationChanged(9, found=False))
    assert state.outputs.error_code == ErrorCode.NO_CONFIGURATION
    assert state.outputs.ng
    state, _ = after(state, Acknowledged())
    assert state.outputs.configuration == 0
    assert state.outputs.trigger_ready


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Answer("error"), Answer("error", code=ErrorCode.NOT_JUDGED)),
        (Answer("OK", code=ErrorCode.NO_IMAGE), Answer("error", code=ErrorCode.NO_IMAGE)),
    ],
)
def test_an_error_has_a_code_and_a_code_is_an_error(given, expected):
    assert given == expected


def test_lines_give_events_only_when_they_rise():
    low, high = Levels(), Levels(trigger=True, results_ack=True, configuration=3, custom=5)
    assert high.events_since(low) == (Acknowledged(), ConfigurationAsked(3), Triggered(5))
    assert high.events_since(high) == ()
    assert low.events_since(high) == ()
