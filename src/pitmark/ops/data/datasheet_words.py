"""The answers that a datasheet gives by itself, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pitmark.core.label_book import LabelBook
from pitmark.core.records import SPLITS

Facts = Mapping[str, Any]

_TASKS = {
    "classification": "Every image belongs to one class.",
    "detection": "Defects are marked with boxes.",
    "segmentation": "Defects are outlined to the pixel.",
    "anomaly": "Images are good or not good; models learn from the good ones.",
}
_MODES = {"L": "grey, 8 bits", "RGB": "color, 8 bits", "L16": "grey, 16 bits"}
_MODES["RGB16"] = "color, 16 bits"


def _contents(facts: Facts) -> list[str]:
    it = facts["composition"]
    if not it["images"]:
        return ["It holds no image."]
    size, groups = it["size_px"], it["groups"]
    kinds = ", ".join(f"{n} {_MODES.get(m, m)}" for m, n in it["modes"].items())
    small, usual, large = (_by(size[k]) for k in ("smallest", "usual", "largest"))
    sizes = f"all {usual} px" if small == large else f"{small} to {large} px, usually {usual}"
    out = [
        f"{it['images']} images, {it['labeled']} of them labeled. {_TASKS[facts['task']]}"
        f" Sizes: {sizes}; {kinds}."
    ]
    if groups["count"]:
        out.append(
            f"{groups['count']} groups of images that show one part (the largest has"
            f" {groups['largest']}); {groups['images_without']} images belong to none. Images"
            " of one group are always in the same split."
        )
    if it["with_reference"]:
        out.append(
            f"{it['with_reference']} images have a reference image to compare them with."
        )
    return out


def _classes(facts: Facts) -> list[str]:
    lines = []
    for row in facts["composition"]["classes"]:
        where = ", ".join(f"{row['images'].get(s, 0)} {s}" for s in SPLITS)
        objects = (
            f"{row['objects']} objects, " if _has_objects(facts) and row["objects"] else ""
        )
        lines.append(f"{row['class']}: {objects}images: {where}.")
    return lines


def _has_objects(facts: Facts) -> bool:
    return facts["task"] in ("detection", "segmentation")


def _errors(facts: Facts) -> list[str]:
    counts = facts["labels"]["findings"]
    out = []
    opened = {k: c["open"] for k, c in counts.items() if c.get("open")}
    if opened:
        told = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in sorted(opened.items()))
        out.append(f"Findings nobody has decided on yet: {told}.")
    fixed = sum(c.get("corrected", 0) for c in counts.values())
    denied = sum(c.get("dismissed", 0) for c in counts.values())
    if fixed or denied:
        out.append(f"{fixed} findings led to a correction, {denied} were dismissed.")
    if facts["labels"]["ceiling"]:
        out.append(facts["labels"]["ceiling"])
    blank = facts["composition"]["images"] - facts["composition"]["labeled"]
    if blank:
        out.append(f"{blank} images have no label.")
    return out or ["Nothing is known; the labels were not audited."]


def _sources(facts: Facts) -> list[str]:
    it = facts["collection"]
    if not it["sources"]:
        return ["Nothing was imported."]
    when = it["first"] if it["first"] == it["last"] else f"{it['first']} to {it['last']}"
    told = ", ".join(f"{s['name']} ({s['images']})" for s in it["sources"][:12])
    more = len(it["sources"]) - 12
    tail = f" and {more} more" if more > 0 else ""
    return [f"Imported {when} from {told}{tail}. The files are kept byte for byte."]


def _metadata(facts: Facts) -> list[str]:
    total = facts["composition"]["images"]
    lines = []
    for column in facts["metadata"]:
        if "counts" in column:
            what = ", ".join(f"{v} ({n})" for v, n in column["counts"].items())
        elif "range" in column:
            low, high = column["range"]
            what = f"{low:g} to {high:g}"
        else:
            what = f"{column['values']} values"
        known = "" if column["images"] == total else f", known of {column['images']} images"
        lines.append(f"{column['name']}: {what}{known}.")
    return lines or ["Nothing beside the name of the file."]


def _label_book(facts: Facts) -> list[str]:
    book = LabelBook.from_json(facts["labels"]["book"])
    out = [f"Label book, revision {book.revision}."]
    for entry in book.classes:
        marks = ["no defect"] if entry.good else []
        marks += ["must never be missed"] if entry.must_catch else []
        marks += [rule.text() for rule in entry.rules]
        told = f"{entry.name} ({'; '.join(marks)})" if marks else entry.name
        out.append(f"{told}: {entry.definition or 'no definition is written down'}")
    return out


def _labeling(facts: Facts) -> list[str]:
    it = facts["labels"]
    if not it["labelers"]:
        return []
    who = ", ".join(f"{name} ({n} images)" for name, n in it["labelers"].items())
    several = sum(n for count, n in it["labelers_per_image"].items() if int(count) > 1)
    out = [
        f"Labeled by {who}. {several} images were labeled by more than one;"
        f" {it['reviewed']} were settled by a reviewer."
    ]
    return out + (it["agreement"] or ["How far people agree has not been measured."])


def _preprocessing(facts: Facts) -> list[str]:
    if not facts["preprocessing"]:
        return ["No model has been trained yet; the stored images are as the camera gave them."]
    it = facts["preprocessing"][0]
    shape = _by(it["input_wh"])
    how = "cut into tiles of" if it.get("mode") == "tile" else "fitted into"
    return [f"The stored images stay as they are. For a model they are {how} {shape} px."]


def _synthetic(facts: Facts) -> list[str]:
    it = facts["composition"]
    if not it["synthetic"]:
        return ["No. All images are photographs."]
    return [
        f"{it['synthetic']} of {it['images']} images are synthetic and marked so for ever. They"
        " serve training alone: none is used for validation or test."
    ]


def _used_for(facts: Facts) -> list[str]:
    out = []
    for run in facts["uses"]["runs"]:
        told = ", ".join(f"{k} {v:g}" for k, v in list(run["metrics"].items())[:4])
        out.append(f"Training run {run['id']}: {told or 'no figures'}.")
    for row in facts["uses"]["releases"]:
        out.append(f"Release {row['version']} of {row['at']}.")
    return out or ["No model has been trained on this snapshot."]


def _history(facts: Facts) -> list[str]:
    it, now = facts["maintenance"], facts["snapshot"]
    out = [
        f"This is snapshot {now['id'][:12]} of {now['created'][:10]}, one of {it['snapshots']};"
        f" {it['releases']} releases so far. A snapshot is never changed, a corrected label"
        " is a new revision."
    ]
    for row in it["book_revisions"][-5:]:
        why = f": {row['reason']}" if row["reason"] else ""
        out.append(f"Label book {row['revision']}, {row['at']}, {row['by']}{why}.")
    return out


def _by(size_wh: list[int]) -> str:
    return f"{size_wh[0]} x {size_wh[1]}"


FILLED: Mapping[str, Callable[[Facts], list[str]]] = {
    "contents": _contents,
    "classes": _classes,
    "errors": _errors,
    "sources": _sources,
    "metadata": _metadata,
    "label_book": _label_book,
    "labeling": _labeling,
    "preprocessing": _preprocessing,
    "synthetic": _synthetic,
    "used_for": _used_for,
    "history": _history,
}
