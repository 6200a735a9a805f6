import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.ops.images.palette import contrast
from pitmark.ops.pages.chart_frame import Scale, round_steps
from pitmark.ops.pages.charts import (
    HIT_SHADE,
    MISS_SHADE,
    Bar,
    Marker,
    bars_svg,
    confusion_table,
    curve_svg,
    lines_svg,
    thinned,
)
from pitmark.ops.pages.style import DARK, LIGHT

HOSTILE = '<script>alert("1")</script>\'"&'
words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30)


def parsed(svg):
    """A chart is XML too, so anything that was not escaped breaks it."""
    root = ElementTree.fromstring(svg)
    assert not list(root.iter("script"))
    return root


def texts(svg):
    return [t.text or "" for t in parsed(svg).iter("text")]


def line_points(svg):
    return [
        [tuple(float(v) for v in p.split(",")) for p in line.get("points").split()]
        for line in parsed(svg).iter("polyline")
    ]


@given(words, words, words)
def test_whatever_the_words_a_chart_stays_well_formed(x_label, y_label, name):
    curve = curve_svg([(0, 1), (1, 0)], x_label, y_label, marker=Marker(0.2, 0.4, name))
    lines = lines_svg(
        {name: [(0, 1), (1, 2)], "b": [(0, 1)]}, x_label, y_label, levels={name: 1}
    )
    bars = bars_svg([Bar(name, 0.5, 0.2, 0.8, x_label)], y_label)
    assert all(parsed(svg).tag == "svg" for svg in (curve, lines, bars))


def test_a_chart_says_what_it_shows_to_those_who_cannot_see_it():
    root = parsed(
        curve_svg([(0, 1), (1, 0)], "overkill", "escapes", marker=Marker(0.1, 0.2, "t"))
    )
    assert root.get("role") == "img"
    assert root.find("title").text == "escapes against overkill"
    assert root.find("desc").text == "t: overkill 10.0 %, escapes 20.0 %."


def test_a_curve_runs_where_its_points_are():
    (line,) = line_points(curve_svg([(0, 0), (0.5, 1), (1, 1)], "x", "y"))
    (x0, y0), (x1, y1), (x2, y2) = line
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 > y1 == y2


def test_the_chosen_threshold_lies_on_its_curve_with_its_intervals():
    marker = Marker(0.5, 0.25, "threshold 0.40", (0.4, 0.7), (0.1, 0.5))
    svg = curve_svg([(0, 1), (0.5, 0.25), (1, 0)], "overkill", "escapes", marker=marker)
    (dot,) = parsed(svg).iter("circle")
    (line,) = line_points(svg)
    assert (float(dot.get("cx")), float(dot.get("cy"))) == pytest.approx(line[1], abs=0.1)
    assert "threshold 0.40" in texts(svg)


def test_points_that_are_no_numbers_are_left_out():
    (line,) = line_points(lines_svg({"loss": [(0, 1), (1, math.nan), (2, 3)]}, "steps", "loss"))
    assert len(line) == 2


def test_nothing_to_draw_is_said_in_words():
    assert "takes good and defective images" in curve_svg([], "x", "y")
    assert "nothing to draw" in lines_svg({"loss": []}, "x", "y")
    assert "no class" in bars_svg([], "found")


def test_evidence_without_limit_stays_within_the_chart_and_crosses_the_alarm_line():
    points = [(float(n), 10.0 ** (n - 5)) for n in range(300)]
    svg = lines_svg(
        {"evidence": points}, "images", "evidence", levels={"alarm": 5e4},
        shifts={"the change": 4.0}, log=True,
    )  # fmt: skip
    (line,) = line_points(svg)
    assert all(0 <= y <= 316 for _, y in line)
    # The alarm line stands between the ends, not squeezed against one of them.
    alarm = next(t for t in parsed(svg).iter("text") if t.text == "alarm")
    assert 60 < float(alarm.get("y")) < 240
    assert "the change" in texts(svg)


def test_a_constant_series_and_one_point_can_be_drawn():
    assert line_points(lines_svg({"loss": [(0, 0), (1, 0)]}, "steps", "loss"))
    assert list(parsed(lines_svg({"loss": [(3, 2)]}, "steps", "loss")).iter("circle"))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000))
def test_a_thinned_line_keeps_its_peaks_and_its_end(values):
    points = [(float(n), v) for n, v in enumerate(values)]
    kept = thinned(points)
    assert len(kept) <= 300
    assert max(v for _, v in kept) == max(values)
    assert min(v for _, v in kept) == min(values)
    assert kept[-1] == points[-1]
    assert kept == sorted(kept, key=lambda p: p[0])


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e9))
def test_ticks_are_few_and_within_the_range(low, width):
    high = low + width
    ticks = round_steps(low, high)
    assert len(ticks) <= 8
    assert ticks == sorted(ticks)
    assert all(low - width / 1e3 <= t <= high + width / 1e3 for t in ticks)


def test_powers_of_ten_are_written_short():
    scale = Scale(1e-8, 1e9, 0, 100, log=True)
    assert scale.text(1e9) == "1e9"
    assert scale.text(100) == "100"
    assert scale.ticks()[0] == 1e-8


def test_a_bar_without_cases_says_so_and_others_show_their_interval():
    svg = bars_svg([Bar("dent", None), Bar("scratch", 0.5, 0.2, 0.8, "3 of 6")], "found")
    assert "no cases" in texts(svg)
    assert "3 of 6" in texts(svg)
    assert len(list(parsed(svg).iter("rect"))) == 1


def test_a_label_book_of_sixty_classes_says_how_many_bars_are_left_out():
    svg = bars_svg([Bar(f"class {n}", 0.5) for n in range(60)], "found")
    assert "and 20 more classes" in texts(svg)


def test_a_confusion_table_escapes_its_names_and_holds_every_count():
    table = confusion_table([HOSTILE, "dent"], [HOSTILE, "dent"], [[3, 1], [0, 2]])
    assert "<script" not in table
    root = ElementTree.fromstring(
        table.replace("&darr;", "").replace("&rarr;", "").replace("&ensp;", "")
    )
    cells = [[c.text for c in row.iter("td")] for row in root.iter("tr")][1:]
    assert cells == [["3", "1", "4"], ["0", "2", "2"]]


def test_right_answers_and_mistakes_are_shaded_by_their_share_of_the_row():
    table = confusion_table(["a", "b"], ["a", "b"], [[9, 1], [5, 5]])
    assert "rgb(var(--pm-hit) / 0.39)" in table
    assert "rgb(var(--pm-miss) / 0.12)" in table


@pytest.mark.parametrize("colors", [LIGHT, DARK])
@pytest.mark.parametrize(("name", "depth"), [("hit", HIT_SHADE), ("miss", MISS_SHADE)])
def test_the_numbers_on_the_deepest_shade_are_readable(colors, name, depth):
    shade = [int(v) for v in colors[name].split()]
    ink, panel = (
        tuple(int(colors[k][i : i + 2], 16) for i in (1, 3, 5)) for k in ("ink", "panel")
    )
    ground = tuple(depth * s + (1 - depth) * p for s, p in zip(shade, panel, strict=True))
    assert contrast(ink, ground) >= 4.5
