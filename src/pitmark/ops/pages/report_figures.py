"""The figures of a report as HTML: verdict, tiles with intervals, tables per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pitmark.metrics.intervals import Proportion, percent
from pitmark.ops.models.report_words import proportion, sentence, verdict_words
from pitmark.ops.pages.charts import Bar, bars_svg

Content = Mapping[str, Any]

# What a figure means in words of the trade; the rest is shown under its own name.
WORDS = {
    "escape_rate": "Escapes: defective images that pass",
    "overkill_rate": "Overkill: good images that are rejected",
    "accuracy": "Images given the right class (accuracy)",
    "mean_recall": "Found of each class, on average (mean recall)",
    "mean_f1": "Mean F1 over the classes",
    "recall": "Labeled defects found (recall)",
    "precision": "Marked places that are defects (precision)",
    "mAP50": "Average precision at half overlap (mAP50)",
    "mAP": "Average precision over all overlaps (mAP)",
    "IoU": "Overlap with the labeled area (IoU)",
    "Dice": "Overlap with the labeled area (Dice)",
    "AUPRO": "Defect areas found, each counting alike (AUPRO)",
    "pixel_AUROC": "Defect pixels ranked above good ones (pixel AUROC)",
    "AUROC": "Defective images ranked above good ones (AUROC)",
    "AP": "Average precision of the image score (AP)",
}
# Where the headline figures of a task and their intervals stand in a report.
_HEADLINES = {
    "classification": (
        ("accuracy", "report", "accuracy"),
        ("mean_recall", "report", "mean_recall"),
    ),
    "detection": (
        ("recall", "report", "recall"),
        ("precision", "report", "precision"),
        ("mAP50", "report", "map50"),
    ),
    "segmentation": (("IoU", "report", "mean_iou"), ("Dice", "report", "mean_dice")),
    "anomaly": (("AUROC", "ranking", "auroc"), ("AUPRO", "maps", "aupro")),
}


def verdict(content: Content) -> str:
    """What the report comes to, in one sentence and what limits it.

    Args:
        content: Of the report.

    Returns:
        HTML.
    """
    words, limits = verdict_words(content)
    quiet = f'<p class="pm-quiet">{escape(limits)}</p>' if limits else ""
    return f'<p class="pm-verdict">{escape(words)}</p>{quiet}'


def outcome_panels(content: Content) -> str:
    """Escapes and overkill with intervals, and the threshold with the two costs.

    Args:
        content: Of the report.

    Returns:
        HTML; empty without an outcome.
    """
    outcome = content.get("outcome")
    if not outcome:
        return ""
    panels = [
        _share_panel("Escapes", proportion(outcome["escapes"]), "defective images missed"),
        _share_panel("Overkill", proportion(outcome["overkill"]), "good images rejected"),
        _threshold_panel(content, float(outcome["threshold"])),
    ]
    return f'<div class="pm-row">{"".join(panels)}</div>'


def headline_panels(content: Content) -> str:
    """The headline figures of the task with their intervals.

    Args:
        content: Of the report.

    Returns:
        HTML; empty where there are none.
    """
    panels = []
    for name, part, key in _HEADLINES.get(str(content.get("task")), ()):
        found = (content.get(part) or {}).get(key)
        figure = dict(found) if isinstance(found, Mapping) else {"value": found}
        if figure.get("value") is not None:
            panels.append(_figure_panel(WORDS[name], figure))
    return f'<div class="pm-row">{"".join(panels)}</div>' if panels else ""


def ceiling_section(content: Content) -> str:
    """The best score that the labels allow, beside what the model reaches.

    Args:
        content: Of the report.

    Returns:
        HTML; empty where the report says nothing of a ceiling.
    """
    ceiling = content.get("ceiling")
    if not ceiling:
        return ""
    metrics = ceiling.get("metrics") or {}
    if not metrics:
        return f'<p class="pm-quiet">{escape(str(ceiling["sentence"]))}</p>'
    reached = content.get("metrics") or {}
    lines = []
    for name, best in metrics.items():
        own = reached.get(name)
        lines.append(
            [
                WORDS.get(name, name),
                "unknown" if own is None else f"{percent(own)} %",
                f"{percent(best['value'])} %",
                f"{percent(best['low'])} to {percent(best['high'])} %",
            ]
        )
    head = ["figure", "this model", "at best", "between"]
    told = f"{ceiling['sentence']} {ceiling['assumes']}"
    return f'<div class="pm-panel pm-fit">{table(head, lines)}</div><p>{escape(told)}</p>'


def class_section(content: Content) -> str:
    """Every class: how much is found, and how much of what is called so is so.

    Args:
        content: Of the report.

    Returns:
        HTML; empty where the task has no figures per class.
    """
    rows = _class_rows(content)
    if not rows:
        return ""
    if content.get("task") == "segmentation":
        return _area_table(rows)
    unit = "images" if content.get("task") == "classification" else "defects"
    ranked = any(r.get("ap50") is not None for _, r in rows)
    head = ["class", unit, "found", "right when called"] + (["AP50"] if ranked else [])
    lines, bars = [], []
    for name, row in rows:
        recall, precision = proportion(row["recall"]), proportion(row["precision"])
        cells = [name, str(row["support"]), _counted(recall), _counted(precision)]
        lines.append([*cells, _percent(row.get("ap50"))] if ranked else cells)
        bars.append(_bar(name, recall))
    chart = bars_svg(bars, f"share of {unit} found", title=f"Found per class, of the {unit}")
    return _beside(table(head, lines), chart)


def all_metrics(content: Content) -> str:
    """Every figure under the name of the field, folded away.

    Args:
        content: Of the report.

    Returns:
        HTML; empty where there are none.
    """
    metrics = content.get("metrics") or {}
    if not metrics:
        return ""
    lines = [[WORDS.get(k, k), _percent(v)] for k, v in metrics.items()]
    return (
        f"<details><summary>All figures</summary>{table(['figure', 'value'], lines)}</details>"
    )


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A plain table; the first cell of each line names it.

    Args:
        head: Texts.
        lines: Texts.

    Returns:
        HTML.
    """
    return cell_table(head, [[escape(cell) for cell in line] for line in lines])


def cell_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already; the first cell of each line names it.

    Args:
        head: Texts.
        lines: Trusted HTML, one cell for each heading.

    Returns:
        HTML.
    """
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    body = "".join(
        f'<tr><th scope="row">{line[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in line[1:])
        + "</tr>"
        for line in lines
    )
    return (
        f'<div class="pm-scroll"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _share_panel(name: str, share: Proportion, what: str) -> str:
    shown = "&ndash;" if share.value is None else f"{percent(share.value)} <small>%</small>"
    bar = "" if share.value is None else _range(share.value, share.low, share.high)
    return (
        f'<div class="pm-panel"><h3>{escape(name)}</h3>'
        f'<div class="pm-figure">{shown}</div>{bar}'
        f'<p class="pm-quiet">{escape(share.sentence(what))}</p></div>'
    )


def _figure_panel(name: str, figure: Mapping[str, Any]) -> str:
    value, low, high = figure["value"], figure.get("low"), figure.get("high")
    told = "too few parts to tell an interval" if "low" in figure else "without an interval"
    bar = ""
    if low is not None and high is not None:
        told = f"between {percent(low)} and {percent(high)} %"
        bar = _range(value, low, high)
    if figure.get("total"):
        told = f"{figure['count']} of {figure['total']}, {told}"
    return (
        f'<div class="pm-panel"><h3>{escape(name)}</h3>'
        f'<div class="pm-figure">{percent(value)} <small>%</small></div>'
        f'{bar}<p class="pm-quiet">{escape(told)}</p></div>'
    )


def _range(value: float, low: float, high: float) -> str:
    """A line from 0 to 100 % with the interval and the value on it."""
    return (
        f'<div class="pm-range"><span style="left: {100 * low:.1f}%;'
        f' width: {100 * (high - low):.1f}%"></span>'
        f'<b style="left: {100 * value:.1f}%"></b></div>'
    )


def _threshold_panel(content: Content, threshold: float) -> str:
    choice = content.get("choice") or {}
    costs = choice.get("costs") or {}
    out = f'<h3>Threshold</h3><div class="pm-figure">{threshold:.2f}</div>'
    if costs:
        out += (
            f"<p>An escape is taken to cost {costs['escape']:g}, overkill"
            f" {costs['overkill']:g}.</p>"
        )
    if choice.get("reason"):
        out += f'<p class="pm-quiet">{escape(sentence(str(choice["reason"])))}</p>'
    return f'<div class="pm-panel">{out}</div>'


def _class_rows(content: Content) -> list[tuple[str, Mapping[str, Any]]]:
    rows = (content.get("report") or {}).get("per_class") or []
    classes = [str(c) for c in content.get("classes") or []]
    # Segmentation counts the background as the first class.
    names = ["", *classes] if content.get("task") == "segmentation" else classes
    return [(n, r) for n, r in zip(names, rows, strict=False) if n]


def _area_table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines, bars = [], []
    for name, row in rows:
        iou = row["iou"]
        areas = [f"{row['true_px']:,}", f"{row['predicted_px']:,}"]
        lines.append([name, *areas, _percent(iou["value"]), _percent(row["dice"]["value"])])
        note = "not in these images" if iou["value"] is None else ""
        bars.append(Bar(name, iou["value"], iou["low"], iou["high"], note))
    head = ["class", "labeled px", "called px", "IoU", "Dice"]
    chart = bars_svg(bars, "overlap with the labeled area (IoU)")
    return _beside(table(head, lines), chart)


def _beside(left: str, right: str) -> str:
    return (
        f'<div class="pm-beside"><div class="pm-panel">{left}</div>'
        f'<div class="pm-panel">{right}</div></div>'
    )


def _bar(name: str, share: Proportion) -> Bar:
    note = f"{share.count} of {share.total}" if share.total else "no cases"
    return Bar(name, share.value, share.low, share.high, note)


def _counted(share: Proportion) -> str:
    if share.value is None:
        return "no cases"
    return f"{percent(share.value)} % ({percent(share.low)} to {percent(share.high)})"


def _percent(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{percent(value)} %" if 0 <= value <= 1 else f"{value:.4g}"
