"""Charts as inline SVG and HTML: curves, lines over time, bars with whiskers, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pitmark.metrics.intervals import percent
from pitmark.ops.pages.chart_frame import (
    ACCENT,
    INK,
    LINE,
    QUIET,
    SERIES,
    WARN,
    Plot,
    Point,
    Scale,
    attribute,
    finite,
    plot_area,
    rule,
    svg,
    text,
)

_MOST_POINTS = 240
_MOST_BARS = 40
_LONGEST_NAME = 24
# Evidence grows without limit once it is certain; what counts is that it crossed the line.
_ABOVE_ALARM = 1e3
_BELOW_ALARM = 1e-6
HIT_SHADE, MISS_SHADE = 0.42, 0.5


@dataclass(frozen=True, slots=True)
class Marker:
    """A point of a curve that was chosen, with the ranges in which it may really lie."""

    x: float
    y: float
    words: str
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart: a share with its interval, and the counts in words."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


def curve_svg(
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    *,
    marker: Marker | None = None,
    title: str = "",
) -> str:
    """A curve of one share against another, with the chosen point and its intervals.

    Args:
        points: (x, y) in [0, 1], in the order of the curve.
        x_label: What lies across.
        y_label: What lies up.
        marker: The chosen point.
        title: What the chart is; both labels if left out.

    Returns:
        SVG.
    """
    shown = finite(points)
    if not shown:
        return _nothing("There is no curve: it takes good and defective images.")
    plot = plot_area((0, 1), (0, 1), x_percent=True, y_percent=True)
    body = plot.axes(x_label, y_label) + plot.line(shown, ACCENT)
    told = f"{len(shown)} points."
    if marker is not None:
        body += _marked(plot, marker)
        told = (
            f"{marker.words}: {x_label} {percent(marker.x)} %, {y_label} {percent(marker.y)} %."
        )
    name = title or f"{y_label} against {x_label}"
    return svg(body, (560, 316), title=name, told=told)


def lines_svg(
    series: Mapping[str, Sequence[Point]],
    x_label: str,
    y_label: str,
    *,
    levels: Mapping[str, float] | None = None,
    shifts: Mapping[str, float] | None = None,
    log: bool = False,
) -> str:
    """Values over steps or images, with lines to compare them with.

    Args:
        series: Name to (x, y), in the order of x.
        x_label: What lies across, such as "images".
        y_label: What lies up, such as "loss".
        levels: Lines across by their words, such as the alarm line.
        shifts: Lines up by their words, such as the first image after a change.
        log: Powers of ten upward; values far from the levels are cut off.

    Returns:
        SVG.
    """
    shown = {name: finite(points) for name, points in series.items()}
    values = [p for points in shown.values() for p in points]
    if not values:
        return _nothing("There is nothing to draw yet.")
    across = [p[0] for p in values] + list((shifts or {}).values())
    y_range = _y_range([p[1] for p in values], list((levels or {}).values()), log=log)
    plot = plot_area((min(across), max(across)), y_range, y_log=log)
    body = plot.axes(x_label, y_label)
    for words, level in (levels or {}).items():
        y = plot.y.at(level)
        body += rule((plot.x.start, y), (plot.x.end, y), WARN, dash="6 4", width=1.5)
        body += text((plot.x.start + 6, y - 6), words, color=WARN)
    for words, at in (shifts or {}).items():
        body += _shift(plot, words, at)
    for number, (name, points) in enumerate(shown.items()):
        color = SERIES[number % len(SERIES)]
        body += plot.line(thinned(points), color) if points else ""
        if len(shown) > 1:
            body += text(
                (plot.x.end, plot.y.end - 14 + 15 * number), name, color=color, anchor="end"
            )
    told = "; ".join(
        f"{name} ends at {points[-1][1]:.3g}" for name, points in shown.items() if points
    )
    return svg(body, (560, 316), title=f"{y_label} over {x_label}", told=told + ".")


def bars_svg(bars: Sequence[Bar], x_label: str, *, title: str = "") -> str:
    """One bar per class with the interval of its share.

    Args:
        bars: In the order to show; a value of None says that there were no cases.
        x_label: What the length means.
        title: What the chart is; the label if left out.

    Returns:
        SVG.
    """
    if not bars:
        return _nothing("There is no class to show.")
    rows, height = bars[:_MOST_BARS], 26
    low = 20.0 + height * len(rows)
    plot = Plot(Scale(0, 1, 176, 440, percent=True), Scale(0, 1, low, 20))
    body = ""
    for value in plot.x.ticks():
        x = plot.x.at(value)
        body += rule((x, 20), (x, low), LINE)
        body += text((x, low + 18), plot.x.text(value), anchor="middle")
    for number, bar in enumerate(rows):
        body += _bar(plot, bar, 20 + height * (number + 0.5))
    body += text((440, low + 38), x_label, color=INK, anchor="end")
    if len(bars) > len(rows):
        body += text((8, low + 38), f"and {len(bars) - len(rows)} more classes")
    told = "; ".join(f"{b.name}: {_share(b.value)} {b.note}".strip() for b in rows)
    return svg(body, (560, round(low + 46)), title=title or x_label, told=told + ".")


def confusion_table(
    rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]
) -> str:
    """What is true against what the model says, shaded by the share of the row.

    Args:
        rows: What is true.
        columns: What the model says.
        counts: One list per row.

    Returns:
        An HTML table; right answers are shaded in the accent color, mistakes warm.
    """
    head = "".join(f'<th scope="col"><span>{escape(c)}</span></th>' for c in columns)
    body = []
    for name, values in zip(rows, counts, strict=True):
        total = sum(values)
        cells = "".join(
            _cell(int(v), total, right=name == columns[k], pair=(name, columns[k]))
            for k, v in enumerate(values)
        )
        body.append(
            f'<tr><th scope="row">{escape(name)}</th>{cells}'
            f'<td class="pm-sum">{total}</td></tr>'
        )
    return (
        '<div class="pm-scroll"><table class="pm-confusion"><thead><tr>'
        f'<td class="pm-corner">is &darr; &ensp; called &rarr;</td>{head}'
        f'<th scope="col">all</th></tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def thinned(points: Sequence[Point]) -> list[Point]:
    """A long line with fewer points that keeps its peaks.

    Args:
        points: In the order of x.

    Returns:
        At most some hundred of them: lowest and highest of every stretch.
    """
    if len(points) <= _MOST_POINTS:
        return list(points)
    size = -(-len(points) // (_MOST_POINTS // 2))
    out = []
    for start in range(0, len(points), size):
        part = range(start, min(start + size, len(points)))
        ends = {min(part, key=lambda i: points[i][1]), max(part, key=lambda i: points[i][1])}
        out += [points[i] for i in sorted(ends)]
    return out if out[-1] == points[-1] else [*out, points[-1]]


def _marked(plot: Plot, marker: Marker) -> str:
    x, y = plot.x.at(marker.x), plot.y.at(marker.y)
    out = ""
    if marker.x_range is not None:
        ends = [plot.x.at(v) for v in marker.x_range]
        out += rule((ends[0], y), (ends[1], y), WARN, width=1.5)
    if marker.y_range is not None:
        ends = [plot.y.at(v) for v in marker.y_range]
        out += rule((x, ends[0]), (x, ends[1]), WARN, width=1.5)
    out += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill: {WARN}"/>'
    right = x > 320
    # Away from the curve, which runs towards the corners.
    at = (x - 12 if right else x + 12, y - 12 if y > 60 else y + 24)
    return out + text(at, marker.words, color=WARN, anchor="end" if right else "start")


def _shift(plot: Plot, words: str, at: float) -> str:
    x = plot.x.at(at)
    right = x > 320
    place = (x - 6 if right else x + 6, plot.y.end + 14)
    return rule((x, plot.y.start), (x, plot.y.end), QUIET, dash="2 3", width=1.5) + text(
        place, words, anchor="end" if right else "start"
    )


def _y_range(values: list[float], levels: list[float], *, log: bool) -> tuple[float, float]:
    if not log:
        low, high = min([0.0, *values, *levels]), max([*values, *levels])
        return low, high if high > low else low + 1
    positive = [v for v in [*values, *levels] if v > 0] or [1.0]
    low, high = min(positive), max(positive)
    if levels:
        high = min(high, max(levels) * _ABOVE_ALARM)
        low = max(low, max(levels) * _BELOW_ALARM)
    low = min(low, high)
    return low, high if high > low else low * 10


def _bar(plot: Plot, bar: Bar, y: float) -> str:
    name = bar.name if len(bar.name) <= _LONGEST_NAME else bar.name[: _LONGEST_NAME - 1] + "…"
    out = text((164, y + 4), name, color=INK, anchor="end")
    if bar.value is None:
        return out + text((184, y + 4), bar.note or "no cases")
    x = plot.x.at(bar.value)
    out += (
        f'<rect x="176" y="{y - 7:.1f}" width="{max(x - 176, 1):.1f}" height="14" rx="2"'
        f' style="fill: {ACCENT}; opacity: 0.55"/>'
    )
    if bar.low is not None and bar.high is not None:
        low, high = plot.x.at(bar.low), plot.x.at(bar.high)
        out += rule((low, y), (high, y), INK, width=1.5)
        out += rule((low, y - 4), (low, y + 4), INK) + rule((high, y - 4), (high, y + 4), INK)
    return out + text((452, y + 4), bar.note or _share(bar.value))


def _share(value: float | None) -> str:
    return "no cases" if value is None else f"{percent(min(max(value, 0.0), 1.0))} %"


def _cell(count: int, total: int, *, right: bool, pair: tuple[str, str]) -> str:
    if not count:
        return '<td class="pm-none">0</td>'
    share = count / total
    color = "--pm-hit" if right else "--pm-miss"
    depth = 0.08 + (HIT_SHADE - 0.08 if right else MISS_SHADE - 0.08) * share
    told = f"{count} of {total} {pair[0]} called {pair[1]} ({percent(share)} %)"
    return (
        f'<td style="background: rgb(var({color}) / {depth:.2f})" title="{attribute(told)}">'
        f"{count}</td>"
    )


def _nothing(words: str) -> str:
    return f'<p class="pm-quiet">{escape(words)}</p>'
