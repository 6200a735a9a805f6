"""A snapshot as an MLCommons Croissant description with its table of images.

Sources: the Croissant format specification 1.0 and its extension for responsible AI
(RAI), MLCommons, 2024.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pitmark.core.labels import image_class, shape_to_json
from pitmark.core.records import LabeledImage
from pitmark.ops.data.datasheet import Datasheet
from pitmark.ops.images.text_file import write_text
from pitmark.store.db import ProjectStore

DESCRIPTION = "croissant.json"
TABLE = "images.csv"

_TEXT, _INTEGER, _BOOLEAN = "sc:Text", "sc:Integer", "sc:Boolean"
_COLUMNS = {
    "sha256": (_TEXT, "Hash of the bytes of the image, by which it is known."),
    "name": (_TEXT, "Name of the file as it was imported."),
    "width": (_INTEGER, "Width in pixels."),
    "height": (_INTEGER, "Height in pixels."),
    "mode": (_TEXT, "L or RGB with 8 bits a channel, L16 or RGB16 with 16."),
    "split": (_TEXT, "train, val or test."),
    "group": (_TEXT, "Images of one group show one part and share a split."),
    "synthetic": (_BOOLEAN, "Whether no camera took it; such images serve training alone."),
    "class": (_TEXT, "The class of the image as a whole, where it has one."),
    "labels": (_TEXT, "All labels as JSON; pixels, x right, y down; empty without labels."),
    "metadata": (_TEXT, "What else is known of the image, as JSON."),
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# Which questions of the datasheet answer which property.
_RAI = {
    "dataCollection": ("sources", "imaging"),
    "dataPreprocessingProtocol": ("preprocessing",),
    "dataAnnotationProtocol": ("label_book",),
    "dataAnnotationAnalysis": ("labeling", "errors"),
    "dataUseCases": ("purpose", "used_for"),
    "dataLimitations": ("population", "unsuitable"),
    "dataReleaseMaintenancePlan": ("maintainer", "history"),
    "personalSensitiveInformation": ("people",),
}


def write_croissant(project: ProjectStore, sheet: Datasheet, folder: Path) -> list[Path]:
    """Write the description of a snapshot and the table of its images.

    Args:
        project: The project.
        sheet: The datasheet of the snapshot.
        folder: Where to; made if it is not there, files of these names are replaced.

    Returns:
        The files.

    Raises:
        NotFoundError: The snapshot is gone.
        StorageError: A file cannot be written.
    """
    files = croissant_files(project, sheet)
    for name, text in files.items():
        write_text(folder / name, text)
    return [folder / name for name in files]


def croissant_files(project: ProjectStore, sheet: Datasheet) -> dict[str, str]:
    """The description of a snapshot and the table of its images.

    Args:
        project: The project.
        sheet: The datasheet of the snapshot.

    Returns:
        Text by file name.

    Raises:
        NotFoundError: The snapshot is gone.
    """
    _, images = project.snapshots.load(sheet.facts["snapshot"]["id"])
    table = "".join(_rows(images))
    data = table.encode()
    told = description(sheet, hashlib.sha256(data).hexdigest(), len(data))
    return {DESCRIPTION: json.dumps(told, indent=2, ensure_ascii=False) + "\n", TABLE: table}


def description(sheet: Datasheet, table_sha256: str, table_bytes: int) -> dict[str, Any]:
    """The Croissant description that goes with a table of images.

    Args:
        sheet: The datasheet of the snapshot.
        table_sha256: Of the table's bytes.
        table_bytes: How many those are.

    Returns:
        A JSON-LD object.
    """
    facts, snapshot = sheet.facts, sheet.facts["snapshot"]
    out: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": facts["project"],
        "description": " ".join(sheet.paragraphs("purpose") + sheet.paragraphs("contents")),
        "version": f"0.0.{facts['maintenance']['snapshots']}",
        "identifier": snapshot["id"],
        "datePublished": snapshot["created"],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": TABLE,
                "name": TABLE,
                "contentUrl": TABLE,
                "encodingFormat": "text/csv",
                "contentSize": f"{table_bytes} B",
                "sha256": table_sha256,
            }
        ],
        "recordSet": [_record_set()],
        **_rai(sheet),
    }
    for name, key in (("license", "license"), ("creator", "creators")):
        if sheet.answers.get(key):
            out[name] = (
                _creator(sheet.answers[key]) if name == "creator" else sheet.answers[key]
            )
    return out


def _creator(name: str) -> dict[str, str]:
    return {"@type": "sc:Organization", "name": name}


def _rai(sheet: Datasheet) -> dict[str, Any]:
    out: dict[str, Any] = {"rai:dataAnnotationPlatform": "Pitmark"}
    for name, keys in _RAI.items():
        told = [text for key in keys for text in sheet.paragraphs(key)]
        if told:
            out[f"rai:{name}"] = "\n".join(told)
    counts: Mapping[str, int] = sheet.facts["labels"]["labelers_per_image"]
    if counts:
        out["rai:annotationsPerItem"] = ", ".join(
            f"{labelers} on {images} images" for labelers, images in counts.items()
        )
    return out


def _record_set() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "One record per image of the snapshot.",
        "key": {"@id": "images/sha256"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"images/{name}",
                "name": name,
                "description": told,
                "dataType": kind,
                "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
            }
            for name, (kind, told) in _COLUMNS.items()
        ],
    }


def _rows(images: list[LabeledImage]) -> Iterator[str]:
    """The lines of the table; images in the order of their hash."""
    yield _line(list(_COLUMNS))
    for item in sorted(images, key=lambda i: i.image.sha256):
        record, shapes = item.image, item.shapes
        labels = None if shapes is None else [shape_to_json(s) for s in shapes]
        yield _line(
            [
                record.sha256,
                record.name,
                str(record.width),
                str(record.height),
                record.mode,
                item.split,
                record.group or "",
                str(record.synthetic).lower(),
                image_class(shapes or ()) or "",
                "" if labels is None else json.dumps(labels, ensure_ascii=False),
                json.dumps(dict(record.metadata), ensure_ascii=False, sort_keys=True),
            ]
        )


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
