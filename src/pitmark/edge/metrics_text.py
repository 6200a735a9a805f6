"""The figures of a device in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from pitmark.core.errors import StorageError
from pitmark.edge.station import Station
from pitmark.edge.tallies import BUCKETS_S, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(station: Station) -> str:
    """All figures of a device.

    Args:
        station: The device.

    Returns:
        Lines of the text format 0.0.4.
    """
    lines = [*_points(station), *_releases(station), *_drift(station), *_kept(station)]
    return "\n".join(lines) + "\n"


def _points(station: Station) -> Iterator[str]:
    tallies = station.recorder.tallies.copy()
    yield from _head("pitmark_parts_total", "counter", "Parts by verdict.")
    for point, tally in tallies.items():
        for outcome, count in sorted(tally.outcomes.items()):
            yield _line("pitmark_parts_total", count, point=point, verdict=outcome)
    yield from _head("pitmark_ng_total", "counter", "NG parts by leading class.")
    for point, tally in tallies.items():
        for label, count in sorted(tally.labels.items()):
            yield _line("pitmark_ng_total", count, point=point, label=label)
    yield from _head("pitmark_errors_total", "counter", "Errors by code.")
    for point, tally in tallies.items():
        for code, count in sorted(tally.codes.items()):
            yield _line("pitmark_errors_total", count, point=point, code=str(code))
    yield from _head("pitmark_missed_triggers_total", "counter", "Triggers that came too soon.")
    for point, found in station.points.items():
        yield _line("pitmark_missed_triggers_total", found.outputs.missed, point=point)
    name = "pitmark_inspection_seconds"
    yield from _head(name, "histogram", "From the image to the verdict.")
    for point, tally in tallies.items():
        yield from _histogram(name, point, tally)


def _histogram(name: str, point: str, tally: Tally) -> Iterator[str]:
    limits = [*(str(b) for b in BUCKETS_S), "+Inf"]
    for limit, count in zip(limits, accumulate(tally.buckets), strict=True):
        yield _line(f"{name}_bucket", count, point=point, le=limit)
    yield _line(f"{name}_sum", round(tally.seconds, 6), point=point)
    yield _line(f"{name}_count", tally.count, point=point)


def _releases(station: Station) -> Iterator[str]:
    yield from _head("pitmark_release_version", "gauge", "Version that judges, 0 for none.")
    for name, live in station.releases.items():
        version = live.held.version if live.held else 0
        yield _line("pitmark_release_version", version, release=name)
    yield from _head("pitmark_release_on_trial", "gauge", "1 while it must prove itself.")
    for name, live in station.releases.items():
        yield _line("pitmark_release_on_trial", int(live.on_trial), release=name)
    yield from _head("pitmark_rollbacks_total", "counter", "Releases that were taken back.")
    for name, live in station.releases.items():
        yield _line("pitmark_rollbacks_total", live.rollbacks, release=name)


def _drift(station: Station) -> Iterator[str]:
    yield from _head("pitmark_drift_alarm", "gauge", "1 where images no longer look as before.")
    for key, state in station.drift.states().items():
        point, _, release = key.partition(".")
        yield _line("pitmark_drift_alarm", int(state.alarm), point=point, release=release)


def _kept(station: Station) -> Iterator[str]:
    yield from _head("pitmark_unrecorded_total", "counter", "Results not written, by where.")
    for where, count in sorted(station.recorder.unrecorded.items()):
        yield _line("pitmark_unrecorded_total", count, where=where)
    yield from _head("pitmark_healthy", "gauge", "1 where every point can judge.")
    yield _line("pitmark_healthy", int(station.healthy))
    if station.outbox is None or station.delivery is None:
        return
    yield from _head("pitmark_server_reached", "gauge", "1 where the last sending got through.")
    yield _line("pitmark_server_reached", int(station.delivery.connected))
    yield from _head("pitmark_sent_total", "counter", "Records that the server has taken.")
    yield _line("pitmark_sent_total", station.delivery.sent)
    try:
        state = station.outbox.state()
    except StorageError:
        return
    yield from _head("pitmark_outbox_bytes", "gauge", "Bytes that wait for the server.")
    yield _line("pitmark_outbox_bytes", state.size_bytes)
    yield from _head("pitmark_outbox_records", "gauge", "Records that wait, by priority.")
    for priority, count in state.waiting.items():
        yield _line("pitmark_outbox_records", count, priority=priority)
    yield from _head("pitmark_outbox_dropped_total", "counter", "Records and images dropped.")
    for reason, by in state.dropped.items():
        for priority, count in by.items():
            yield _line("pitmark_outbox_dropped_total", count, reason=reason, priority=priority)


def _head(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP {name} {words}", f"# TYPE {name} {kind}"


def _line(name: str, value: float, **labels: str) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
