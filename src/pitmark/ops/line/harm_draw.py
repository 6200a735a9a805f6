"""Images of a line that stand for all of its parts since an alarm.

Devices send every doubtful and every NG image and only some of the rest. Each image drawn
is therefore that of a part picked from all of them, or, where that part's image was not
sent, of another of its kind.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from pitmark.ops.line.from_line import alarm_of, stratum_of
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow

_MOST_EVENTS = 50_000


def parts_since_alarm(project: ProjectStore, since: datetime | None) -> list[EventRow]:
    """Judged parts since the alarm of the devices that have one.

    Args:
        project: The project.
        since: All parts since this moment instead; None for the alarm.

    Returns:
        Events, the newest first; none without an alarm.
    """
    if since is not None:
        rows = project.events.list(since=since.astimezone(UTC), limit=_MOST_EVENTS)
        return [r for r in rows if r.verdict in ("OK", "NG")]
    # A part of which a device could not say (its disk was too slow) ends no alarm.
    newest = project.events.newest_of_devices()
    open_ = {r.device for r in newest if alarm_of(r) is not False}
    out, alarmed = [], set[str]()
    for row in project.events.list(limit=_MOST_EVENTS) if open_ else ():
        if row.device not in open_:
            continue
        said = alarm_of(row)
        if said is False:
            open_.discard(row.device)
            continue
        alarmed |= {row.device} if said else set()
        out += [row] if row.verdict in ("OK", "NG") else []
    return [r for r in out if r.device in alarmed]


def draw_parts(
    rows: Sequence[EventRow], count: int, old: set[str], rng: random.Random
) -> list[EventRow]:
    """Parts picked at random from all, each with an image.

    Args:
        rows: All parts, whether their image was sent or not.
        count: How many to draw.
        old: Images that were drawn before.
        rng: Draws.

    Returns:
        At most `count` parts; the draw ends where a kind of part has no image left, for
        what came after would not stand for all.
    """
    sent: dict[str, dict[str, EventRow]] = {}
    for row in rows:
        if row.sha256 is not None and row.sha256 not in old:
            sent.setdefault(stratum_of(row), {}).setdefault(row.sha256, row)
    kinds = [stratum_of(row) for row in rows]
    pools = {kind: list(of_kind.values()) for kind, of_kind in sent.items()}
    for pool in pools.values():
        rng.shuffle(pool)
    out: list[EventRow] = []
    while len(out) < count:
        pool = pools.get(rng.choice(kinds), [])
        if not pool:
            return out
        out.append(pool.pop())
    return out
