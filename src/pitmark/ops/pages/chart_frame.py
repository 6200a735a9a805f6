"""The frame of a chart: scales, ticks, axes and the inline SVG around them.

Colors come from the page (`--pm-...`) and have a default for a chart that stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

INK = "var(--pm-ink, #24282c)"
QUIET = "var(--pm-quiet, #5d646b)"
LINE = "var(--pm-line, #d9dcdf)"
ACCENT = "var(--pm-accent, #1f63b5)"
WARN = "var(--pm-warn, #b4540a)"
SERIES = (ACCENT, "var(--pm-second, #8a5a00)", QUIET)
FONT = "font-family: system-ui, sans-serif; font-size: 12px; font-variant-numeric: tabular-nums"


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: values `low`..`high` lie at `start`..`end` pixels.

    With `log`, values are powers of ten apart; `percent` writes shares as percentages.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    percent: bool = False

    def at(self, value: float) -> float:
        """Where a value lies; one beyond the axis lies at its end.

        Args:
            value: Any number.

        Returns:
            Pixels.
        """
        low, high = self._fold(self.low), self._fold(self.high)
        share = (self._fold(value) - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values along the axis, three to seven of them."""
        if not self.log:
            return round_steps(self.low, self.high)
        low, high = math.ceil(self._fold(self.low)), math.floor(self._fold(self.high))
        step = max(1, math.ceil((high - low) / 5))
        return [10.0**n for n in range(low, high + 1, step)]

    def text(self, value: float) -> str:
        """A value as it stands at a tick.

        Args:
            value: A tick.

        Returns:
            A short text.
        """
        if self.percent:
            return f"{100 * value:.4g} %"
        if self.log and not 0.01 <= value < 1e6:
            return f"1e{round(math.log10(value))}"
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:.3g}"

    def _fold(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value


@dataclass(frozen=True, slots=True)
class Plot:
    """The area between the axes, in pixels of the chart."""

    x: Scale
    y: Scale

    def line(self, points: Sequence[Point], color: str) -> str:
        """A line through points.

        Args:
            points: Values.
            color: Any CSS color.

        Returns:
            SVG.
        """
        placed = [(self.x.at(x), self.y.at(y)) for x, y in points]
        if len(placed) == 1:
            x, y = placed[0]
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill: {color}"/>'
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        return (
            f'<polyline points="{text}" style="fill: none; stroke: {color}; stroke-width: 2;'
            ' stroke-linejoin: round"/>'
        )

    def axes(self, x_label: str, y_label: str) -> str:
        """Grid, ticks and the names of the axes.

        Args:
            x_label: Name of the axis across.
            y_label: Name of the axis up; it stands above it, so that it is read upright.

        Returns:
            SVG.
        """
        left, right, low, high = self.x.start, self.x.end, self.y.start, self.y.end
        out = []
        for value in self.y.ticks():
            y = self.y.at(value)
            out.append(rule((left, y), (right, y), LINE))
            out.append(text((left - 8, y + 4), self.y.text(value), anchor="end"))
        for value in self.x.ticks():
            x = self.x.at(value)
            out.append(rule((x, low), (x, low + 4), QUIET))
            out.append(text((x, low + 18), self.x.text(value), anchor="middle"))
        out.append(rule((left, low), (right, low), QUIET))
        out.append(text((left, high - 14), y_label, color=INK))
        out.append(text((right, low + 38), x_label, color=INK, anchor="end"))
        return "".join(out)


def plot_area(x: tuple[float, float], y: tuple[float, float], **how: bool) -> Plot:
    """The usual plot: 560 x 320 with room for the texts around.

    Args:
        x: Lowest and highest value across.
        y: Lowest and highest value up.
        how: `x_percent`, `y_percent`, `y_log`.

    Returns:
        The plot.
    """
    return Plot(
        Scale(*x, 56.0, 536.0, percent=how.get("x_percent", False)),
        Scale(
            *y, 268.0, 34.0, log=how.get("y_log", False), percent=how.get("y_percent", False)
        ),
    )


def svg(body: str, size_wh: tuple[int, int], *, title: str, told: str) -> str:
    """An inline chart that says what it shows to those who cannot see it.

    Args:
        body: Trusted SVG.
        size_wh: Width and height in pixels.
        title: What the chart is.
        told: What can be read from it, in a sentence.

    Returns:
        SVG that shrinks with its surroundings.
    """
    width, height = size_wh
    return (
        f'<svg class="pm-chart" role="img" viewBox="0 0 {width} {height}" width="{width}"'
        f' style="width: 100%; max-width: {1.2 * width:.0f}px; height: auto; {FONT}"'
        f' aria-label="{attribute(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>{body}</svg>"
    )


def text(at: Point, words: str, *, color: str = QUIET, anchor: str = "start") -> str:
    """A text in a chart.

    Args:
        at: Where its base line starts, in pixels.
        words: Any text; it is escaped.
        color: Any CSS color.
        anchor: start, middle or end.

    Returns:
        SVG.
    """
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"'
        f' style="fill: {color}">{escape(words)}</text>'
    )


def rule(start: Point, end: Point, color: str, *, dash: str = "", width: float = 1) -> str:
    """A straight line in a chart.

    Args:
        start: In pixels.
        end: In pixels.
        color: Any CSS color.
        dash: Lengths of dash and gap; empty for a solid line.
        width: In pixels.

    Returns:
        SVG.
    """
    dashed = f"; stroke-dasharray: {dash}" if dash else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        f' style="stroke: {color}; stroke-width: {width}{dashed}"/>'
    )


def attribute(words: str) -> str:
    """A text made safe between double quotes.

    Args:
        words: Any text.

    Returns:
        Escaped, on one line.
    """
    return escape(" ".join(words.split()), quote=True)


def round_steps(low: float, high: float) -> list[float]:
    """Round numbers that cover a range.

    Args:
        low: Its beginning.
        high: Its end.

    Returns:
        Three to seven numbers of the form 1, 2 or 5 times a power of ten; just `low`
        for an empty range.
    """
    if not high > low:
        return [low]
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def finite(points: Sequence[Point]) -> list[Point]:
    """The points that can be drawn.

    Args:
        points: Values, some of which may be NaN or infinite.

    Returns:
        The others, in the same order.
    """
    return [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]
