"""Draws what the demo factory will make, and everything that is planted in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.synth.defects import KINDS
from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import REFERENCE_WIDTH_PX, STATIONS, Station
from pitmark.synth.placement import place_defects
from pitmark.synth.plan import Mislabel, Plan, Shot
from pitmark.synth.view import Pose

LOTS = ("L1", "L2", "L3", "L4", "L5", "L6")
DRIFTED_LOT = "L6"
WEAK_KIND, WEAK_CAMERA = "pit mark", "cam2"
MISTAKEN_KIND, MISTAKEN_AS = "pit mark", "dent"
MISTAKES = 30

# The metal and the glass variant that each lot makes; the last lot brings nothing new,
# so that its drift comes from the lamps alone.
_LOT_FINISHES = {
    "L1": ("silver", "black glass"),
    "L2": ("graphite", "pearl glass"),
    "L3": ("blue", "sage glass"),
    "L4": ("champagne", "black glass"),
    "L5": ("silver", "pearl glass"),
    "L6": ("silver", "sage glass"),
}
_SHARES = {"pit mark": 0.36, "scratch": 0.22, "dent": 0.17, "discoloration": 0.13}
_GOOD_SHARE = 0.45
_COUNT_SHARES = (0.46, 0.32, 0.22)
_START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_LOT_HOURS = 48


def _kind_deck(total: int, rng: np.random.Generator) -> list[str]:
    """Kinds in fixed shares, shuffled: every seed has enough of each."""
    deck: list[str] = []
    for kind in KINDS[:-1]:
        deck += [kind] * round(_SHARES[kind] * total)
    deck = (deck + [KINDS[-1]] * total)[:total]
    return [deck[i] for i in rng.permutation(total)]


def _dealt_kinds(images: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """The kinds on each image; the good ones get none."""
    bad = images - round(_GOOD_SHARE * images)
    counts = rng.choice([1, 2, 3], size=bad, p=_COUNT_SHARES)
    deck = _kind_deck(int(counts.sum()), rng)
    hands: list[tuple[str, ...]] = [()] * (images - bad)
    at = 0
    for count in counts:
        hands.append(tuple(deck[at : at + count]))
        at += int(count)
    return [hands[i] for i in rng.permutation(images)]


def _pose(station: Station, rng: np.random.Generator) -> Pose:
    reach = 9.0 / station.px_per_mm
    return Pose(
        float(np.clip(rng.normal(0.0, 0.013), -0.04, 0.04)),
        (float(rng.uniform(-reach, reach)), float(rng.uniform(-reach, reach))),
        float(rng.uniform(0.985, 1.015)),
    )


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(0, 2**62))


def _part_shots(
    serial: int,
    when: tuple[str, datetime],
    hands: list[tuple[str, ...]],
    aspect: float,
    rng: np.random.Generator,
) -> list[Shot]:
    """All views of one part."""
    lot, start = when
    names = [list(STATIONS)[i] for i in rng.permutation(len(STATIONS))[: len(hands)]]
    dented = any(
        "dent" in hand and not STATIONS[name].is_side
        for name, hand in zip(names, hands, strict=True)
    )
    metal, glass = _LOT_FINISHES[lot]
    finish = metal if dented or rng.random() < 0.4 else glass
    shots = []
    for step, (name, hand) in enumerate(zip(names, hands, strict=True)):
        station = STATIONS[name]
        time = start + timedelta(seconds=7 * step)
        defects = place_defects(hand, station, FINISHES[finish], aspect, rng)
        shot = Shot(
            0,
            name,
            lot,
            f"{lot}-{serial:05d}",
            time,
            finish,
            _pose(station, rng),
            defects,
            tuple(d.kind for d in defects),
            "A",
            _seed(rng),
            _seed(rng),
        )
        night = shot.shift == "night" and shot.camera != WEAK_CAMERA
        shots.append(replace(shot, labeler="B" if night else "A"))
    return shots


def _base_shots(count: int, aspect: float, rng: np.random.Generator) -> list[Shot]:
    hands = _dealt_kinds(count, rng)
    shots: list[Shot] = []
    serial = int(rng.integers(1000, 9000))
    for number, lot in enumerate(LOTS):
        last = (number + 1) * count // len(LOTS)
        todo = last - len(shots)
        begin = _START + timedelta(hours=_LOT_HOURS * number)
        while len(shots) < last:
            done = 1.0 - (last - len(shots)) / todo
            minute = timedelta(minutes=_LOT_HOURS * 60 * done + float(rng.uniform(0, 5)))
            start = (begin + minute).replace(microsecond=0)
            views = min(int(rng.integers(2, 5)), last - len(shots))
            serial += int(rng.integers(1, 4))
            hand = hands[len(shots) : len(shots) + views]
            shots += _part_shots(serial, (lot, start), hand, aspect, rng)
    return shots


def _mistaken(shots: list[Shot], rng: np.random.Generator) -> list[Shot]:
    """Labeler B calls pit marks dents on some nights, before the lamps are exchanged."""
    candidates = [
        i
        for i, shot in enumerate(shots)
        if MISTAKEN_KIND in shot.given_kinds
        and shot.camera != WEAK_CAMERA
        and shot.lot != DRIFTED_LOT
    ]
    total = sum(shot.given_kinds.count(MISTAKEN_KIND) for shot in shots)
    left = min(MISTAKES, total // 4)
    dates = sorted({shots[i].time.date() for i in candidates})
    rank = {dates[k]: place for place, k in enumerate(rng.permutation(len(dates)))}
    # B's own nights first; should they not suffice, B takes over other shots.
    candidates.sort(key=lambda i: (shots[i].labeler != "B", rank[shots[i].time.date()], i))
    for i in candidates:
        kinds = []
        for kind in shots[i].given_kinds:
            wrong = kind == MISTAKEN_KIND and left > 0
            kinds.append(MISTAKEN_AS if wrong else kind)
            left -= wrong
        if tuple(kinds) != shots[i].given_kinds:
            shots[i] = replace(shots[i], given_kinds=tuple(kinds), labeler="B")
    return shots


def _next_frame(shot: Shot, rng: np.random.Generator) -> Shot:
    """The same part a moment later: it has crept on by a pixel or two."""
    creep = 1.6 / STATIONS[shot.station].px_per_mm
    x, y = shot.pose.shift_mm
    moved = (x + float(rng.uniform(-creep, creep)), y + float(rng.uniform(-creep, creep)))
    turn = shot.pose.rotation_rad + float(rng.normal(0.0, 0.001))
    pose = replace(shot.pose, shift_mm=moved, rotation_rad=turn)
    time = shot.time + timedelta(seconds=2)
    return replace(shot, pose=pose, time=time, noise_seed=_seed(rng))


def _with_duplicates(
    shots: list[Shot], exact: int, near: int, rng: np.random.Generator
) -> tuple[list[Shot], list[tuple[int, int]], list[tuple[int, int]]]:
    """Adds next frames beside their originals and copies anywhere after them."""
    right = [
        i for i, s in enumerate(shots) if s.given_kinds == tuple(d.kind for d in s.defects)
    ]
    chosen = [right[k] for k in rng.permutation(len(right))[: exact + near]]
    copied, continued = chosen[:exact], set(chosen[exact:])
    line: list[tuple[Shot, str, int]] = []
    for i, shot in enumerate(shots):
        line.append((shot, "first", i))
        if i in continued:
            line.append((_next_frame(shot, rng), "near", i))
    for i in copied:
        at = int(rng.integers(next(k for k, e in enumerate(line) if e[2] == i), len(line))) + 1
        line.insert(at, (shots[i], "exact", i))
    place = {origin: k for k, (_, role, origin) in enumerate(line) if role == "first"}
    pairs: dict[str, list[tuple[int, int]]] = {"exact": [], "near": []}
    for k, (_, role, origin) in enumerate(line):
        if role != "first":
            pairs[role].append((place[origin], k))
    ordered = [replace(shot, index=k) for k, (shot, _, _) in enumerate(line)]
    return ordered, pairs["exact"], pairs["near"]


def _check(seed: int, images: int, size_wh: tuple[int, int]) -> None:
    if seed < 0:
        raise InvalidInputError(f"the seed is {seed}", hint="choose 0 or more")
    if images < 1:
        raise InvalidInputError(
            f"the factory was asked for {images} images", hint="ask for 1 or more"
        )
    if min(size_wh) < 64 or max(size_wh) > 2 * min(size_wh):
        raise InvalidInputError(
            f"the factory cannot take images of {size_wh[0]} x {size_wh[1]} pixels",
            hint="sides from 64 pixels on, neither more than twice the other",
        )


def plan(seed: int, images: int, *, size_wh: tuple[int, int] = (448, 336)) -> Plan:
    """What the factory will make from a seed.

    Args:
        seed: 0 or more; the same seed gives the same plan.
        images: number of images, at least 1.
        size_wh: image width and height in pixels.

    Returns:
        The plan; `MISTAKES` labels are wrong where there are pit marks enough (from
        about 250 images on), about 1 in 100 images is a copy and 3 are next frames.

    Raises:
        InvalidInputError: for a negative seed, fewer than one image, a side under 64
            pixels, or a side more than twice the other.
    """
    _check(seed, images, size_wh)
    rng = np.random.default_rng([seed, images])
    exact, near = images // 100, 3 * images // 100
    aspect = size_wh[1] / size_wh[0] * REFERENCE_WIDTH_PX
    shots = _mistaken(_base_shots(images - exact - near, aspect, rng), rng)
    shots, copies, frames = _with_duplicates(shots, exact, near, rng)
    mislabels = tuple(
        Mislabel(s.index, k, d.kind, given, s.labeler, s.time.date().isoformat())
        for s in shots
        for k, (d, given) in enumerate(zip(s.defects, s.given_kinds, strict=True))
        if given != d.kind
    )
    weak = tuple(
        s.index
        for s in shots
        if s.camera == WEAK_CAMERA and any(d.kind == WEAK_KIND for d in s.defects)
    )
    drifted = tuple(s.index for s in shots if s.lot == DRIFTED_LOT)
    return Plan(
        seed, size_wh, tuple(shots), mislabels, tuple(copies), tuple(frames), weak, drifted
    )
