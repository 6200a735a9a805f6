"""The page that a device shows: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pitmark.core.errors import StorageError
from pitmark.edge.handshake import Outputs
from pitmark.edge.recorder import Shown
from pitmark.edge.station import Station

_NAMED = 8
POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'"
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#1c2024;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .75rem;
border-bottom:1px solid #dde1e6;vertical-align:top}
img{max-height:96px;max-width:160px;display:block}
.OK{color:#116329;font-weight:600}.NG,.error{color:#a40e26;font-weight:600}
.note{background:#fff8e6;padding:.5rem .75rem;border-left:4px solid #bf8700}
@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e8eb}
td,th{border-color:#333a42}.OK{color:#57ab5a}.NG,.error{color:#f47067}
.note{background:#332b10}}
"""


def status_page(station: Station) -> str:
    """The page.

    Args:
        station: The device.

    Returns:
        A whole HTML document.
    """
    name = escape(station.spec.name)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="refresh" content="5">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{name}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{name}</h1>",
        *_notes(station),
        *_points(station),
        *_releases(station),
        *_outbox(station),
        *_parts(station),
        "</body></html>",
    ]
    return "\n".join(parts)


def _notes(station: Station) -> Iterator[str]:
    for name, live in station.releases.items():
        if live.held is None:
            yield _note(f"No release {name} is loaded: every part is an error.")
        if live.last_failure:
            yield _note(f"Release {name} was taken back: {live.last_failure}.")
    for where, trouble in station.troubles.items():
        yield _note(f"{where}: {trouble}")
    newest = station.drift.newest_looking(_NAMED)
    for key, state in station.drift.states().items():
        if state.alarm:
            told = f"{key.partition('.')[0]}: {state.sentence}"
            since = f" (it began between images {state.since_low} and {state.since_high})"
            first = ", ".join(i.name for i in newest.get(key, []))
            yield _note(f"{told}{since}. To label first: {first or 'none yet'}.")
    for where, count in station.recorder.unrecorded.items():
        yield _note(f"{count} results could not be written ({where}).")


def _points(station: Station) -> Iterator[str]:
    yield "<h2>Inspection points</h2><table><tr><th>Point<th>State<th>Parts<th>OK<th>NG"
    yield "<th>Errors<th>Missed triggers<th>Configuration</tr>"
    tallies = station.recorder.tallies.copy()
    for name, point in station.points.items():
        out = point.outputs
        tally = tallies.get(name)
        counts = tally.outcomes if tally else {}
        cells = (
            name,
            _state(out),
            tally.count if tally else 0,
            counts.get("OK", 0),
            counts.get("NG", 0),
            counts.get("error", 0),
            out.missed,
            out.configuration,
        )
        yield "<tr>" + "".join(f"<td>{escape(str(c))}" for c in cells) + "</tr>"
    yield "</table>"


def _state(out: Outputs) -> str:
    if out.results_ready:
        return "error" if out.error else "NG" if out.ng else "OK"
    return "ready" if out.trigger_ready else "busy"


def _releases(station: Station) -> Iterator[str]:
    yield "<h2>Releases</h2><table><tr><th>Name<th>Project<th>Version<th>Runs as<th></tr>"
    for name, live in station.releases.items():
        held = live.held
        told = (
            (name, held.project, held.version, f"{held.precision}, {held.threads} thread(s)")
            if held
            else (name, "none", "", "")
        )
        cells = (*told, "on trial" if live.on_trial else "")
        yield "<tr>" + "".join(f"<td>{escape(str(c))}" for c in cells) + "</tr>"
    yield "</table>"


def _outbox(station: Station) -> Iterator[str]:
    if station.outbox is None or station.delivery is None:
        return
    try:
        state = station.outbox.state()
    except StorageError as error:
        yield _note(error.message)
        return
    waiting = sum(state.waiting.values())
    reached = "reached" if station.delivery.connected else "not reached"
    dropped = sum(sum(by.values()) for by in state.dropped.values())
    yield (
        f"<h2>Server</h2><p>{escape(reached)}; {waiting} records wait"
        f" ({state.size_bytes / 1e6:.1f} MB), {dropped} dropped.</p>"
    )


def _parts(station: Station) -> Iterator[str]:
    yield "<h2>Latest parts</h2><table><tr><th>Part<th><th>Verdict<th>Reason<th>Time</tr>"
    for shown in reversed(list(station.recorder.latest)):
        yield _part(shown)
    yield "</table>"


def _part(shown: Shown) -> str:
    result = shown.result
    outcome = "error" if result.answer.code else result.verdict.outcome
    picture = f"{escape(result.point)}/{result.number}.jpg"
    image = f'<img alt="" src="parts/{picture}">' if shown.small is not None else ""
    name = escape(result.name or f"number {result.number}")
    return (
        f"<tr><td>{escape(result.point)}: {name}<td>{image}"
        f'<td class="{outcome}">{outcome}<td>{escape(result.verdict.reason)}'
        f"<td>{result.latency_ms:.0f} ms<br>{escape(result.at)}</tr>"
    )


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'
