"""The gallery: pages, facets, and that it follows whatever changes."""

import json
import queue
import threading
from dataclasses import replace

import pytest

from pitmark.core.errors import InvalidInputError, NotReadyError, StorageError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.labels import ImageClass
from pitmark.core.predictions import Prediction, predictions_to_bytes
from pitmark.core.preprocess import PreprocessSpec
from pitmark.ops.images.gallery import Gallery
from pitmark.ops.labels.labeling import save_label_book, settle, take_back
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.store.making import add_image, add_images, box, label, labeled_image, snapshot_of

BOOK = LabelBook(
    classes=(ClassEntry("good", good=True), ClassEntry("dent"), ClassEntry("scratch"))
)


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        yield store.create_project("parts", "detection", BOOK)


@pytest.fixture
def gallery(project):
    return Gallery(project)


def _names(gallery, filter="", **how):
    return [c.name for c in gallery.page(filter, **how).cards]


def _facet(gallery, name, filter=""):
    return next(dict(f.values) for f in gallery.facets(filter).facets if f.name == name)


def _everything(gallery):
    """All that a gallery says, to compare two of them."""
    facets = gallery.facets()
    pages = {s: _names(gallery, sort=s, limit=500) for s in facets.sortable}
    return [replace(f, values=sorted(f.values)) for f in facets.facets], pages


class HeldUp:
    """The facts of a project, of which images come only once they are let through."""

    def __init__(self, facts):
        self._facts, self.through = facts, threading.Event()
        self.readings = 0

    def __getattr__(self, name):
        return getattr(self._facts, name)

    def images(self, *keys):
        self.readings += 1
        assert self.through.wait(60)
        return self._facts.images(*keys)


def test_who_asks_while_images_are_read_is_told_so_and_answered_afterwards(project):
    add_image(project, "a.png")
    project.facts = held_up = HeldUp(project.facts)
    gallery = Gallery(project, patience_s=0.05)
    for ask in (gallery.page, gallery.facets, gallery.shas, gallery.page):
        with pytest.raises(NotReadyError, match="are being read"):
            ask()
    assert gallery.images == 0
    held_up.through.set()
    gallery.read()
    assert (gallery.images, held_up.readings) == (1, 1)
    assert _names(gallery) == ["a.png"]


def test_images_are_filtered_by_their_sha256(project, gallery):
    shas = add_images(project, ["a.png", "b.png", "c.png"])
    assert _names(gallery, f"sha = {shas[1]}") == ["b.png"]
    assert _names(gallery, f"sha in ({shas[0][:12]}, {shas[2][:12].upper()})") == [
        "a.png",
        "c.png",
    ]
    assert _names(gallery, f"sha != {shas[1]} and name has a") == ["a.png"]
    assert "sha" not in gallery.facets().sortable
    for asked, told in (("sha = 12", "hexadecimal"), ("sha has abc", "by its beginning")):
        with pytest.raises(InvalidInputError, match=told):
            gallery.page(asked)
    with pytest.raises(InvalidInputError, match="cannot be sorted by 'sha'"):
        gallery.page(sort="sha")


def test_only_few_wait_for_a_reading(project):
    add_image(project, "a.png")
    project.facts = held_up = HeldUp(project.facts)
    gallery = Gallery(project, patience_s=60)
    told = queue.Queue()

    def ask():
        try:
            told.put(gallery.page().total)
        except NotReadyError:
            told.put("not ready")

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    # Those that do not wait are told while the others still do.
    early = [told.get(timeout=60) for _ in range(8)]
    held_up.through.set()
    for thread in threads:
        thread.join()
    assert early == ["not ready"] * 8
    assert [told.get_nowait() for _ in range(4)] == [1] * 4
    assert held_up.readings == 1


def test_images_that_cannot_be_read_are_told_of_and_read_again(project):
    class Broken(HeldUp):
        def images(self, *keys):
            raise StorageError("the disk reports an error")

    facts, project.facts = project.facts, Broken(project.facts)
    gallery = Gallery(project)
    with pytest.raises(StorageError, match="the disk reports an error"):
        gallery.page()
    project.facts = facts
    assert gallery.page().total == 0


def test_an_empty_project_has_an_empty_gallery(gallery):
    page = gallery.page()
    assert (page.total, page.cards) == (0, [])
    assert gallery.facets().total == 0


def test_a_card_tells_what_is_known_of_an_image(project, gallery):
    sha = labeled_image(
        project, "a/1.png", box("dent"), box("scratch"), synthetic=True, metadata={"lot": 7}
    )
    card = gallery.page(sort="meta.lot").cards[0]
    assert (card.sha256, card.name, card.width, card.height) == (sha, "a/1.png", 64, 48)
    assert (card.classes, card.labeled, card.split, card.right) == (
        ["dent", "scratch"],
        True,
        None,
        None,
    )
    assert (card.findings, card.synthetic, card.score) == (0, True, 7.0)


def test_images_are_filtered_by_everything_that_is_known(project, gallery):
    one = labeled_image(project, "one", box("dent"), group="g", metadata={"lot": "a", "mm": 4})
    two = add_image(project, "two", metadata={"lot": "b", "mm": 5.5})
    label(project, two, labeler="bob")
    three = add_image(project, "three", synthetic=True)
    snapshot_of(project, {"one": "val", "two": "test"})
    add_image(project, "Four")
    project.findings.save([NewFinding("missing", one, None, 0.7, "why")], source="audit")
    expected = {
        "class = dent": ["one"],
        'class = ""': ["Four", "three", "two"],
        "labeled = yes": ["one", "two"],
        "split in (val, test)": ["one", "two"],
        'split = ""': ["Four"],
        "finding = missing": ["one"],
        "labeler = bob": ["two"],
        "labeler != bob": ["Four", "one", "three"],
        "group = g": ["one"],
        "synthetic = true": ["three"],
        "name has o": ["Four", "one", "two"],
        "name has fo": ["Four"],
        "width >= 64 and height <= 48": ["Four", "one", "three", "two"],
        "meta.mm >= 4.5": ["two"],
        "meta.lot = a and meta.mm = 4": ["one"],
        "labeled = yes and class != dent": ["two"],
    }
    assert {f: _names(gallery, f) for f in expected} == expected
    assert gallery.shas("synthetic = yes") == [three]


def test_pages_follow_each_other_in_the_order_asked_for(project, gallery):
    for n, name in enumerate("bca"):
        add_image(project, name, metadata={"n": 10 - n})
    add_image(project, "d")
    assert _names(gallery, sort="added") == ["b", "c", "a", "d"]
    assert _names(gallery, sort="meta.n") == ["a", "c", "b", "d"]
    assert _names(gallery, sort="meta.n", descending=True) == ["b", "c", "a", "d"]
    pages = [gallery.page(offset=n, limit=2) for n in (0, 2, 4)]
    assert [[c.name for c in p.cards] for p in pages] == [["a", "b"], ["c", "d"], []]
    assert {p.total for p in pages} == {4}


def test_facets_count_what_the_other_columns_of_a_filter_leave(project, gallery):
    labeled_image(project, "1", box("dent"), metadata={"lot": "a"})
    labeled_image(project, "2", box("scratch"), metadata={"lot": "a"})
    labeled_image(project, "3", box("dent"), metadata={"lot": "b"})
    assert _facet(gallery, "class", "class = dent") == {"dent": 2, "scratch": 1}
    assert _facet(gallery, "meta.lot", "class = dent") == {"a": 1, "b": 1}
    assert gallery.facets("class = dent").total == 2


def test_metadata_of_numbers_and_words_is_a_facet_of_words(project, gallery):
    add_image(project, "1", metadata={"lot": 7, "mm": 1.5, "wet": True})
    assert _facet(gallery, "meta.lot") == {"7": 1}
    add_image(project, "2", metadata={"lot": "7b", "mm": 2})
    assert _facet(gallery, "meta.lot") == {"7": 1, "7b": 1}
    assert _facet(gallery, "meta.mm") == {"1.5": 1, "2": 1}
    assert _facet(gallery, "meta.wet") == {"yes": 1, "": 1}
    assert _names(gallery, "meta.lot has b") == ["2"]


def test_a_picture_that_only_serves_as_reference_is_not_shown_until_it_is_labeled(
    project, gallery
):
    served = add_image(project, "golden")
    add_image(project, "part", reference=served)
    assert _names(gallery) == ["part"]
    assert gallery.facets().total == project.images.count() == 1
    label(project, served)
    assert _names(gallery) == ["golden", "part"]


def _finished_run(project, scores, label=None):
    """A run with held-out scores by sha256, its threshold at one half."""
    spec = InspectorSpec(project.task, ("good", "dent", "scratch"), PreprocessSpec((64, 64)))
    run = project.runs.create("train", "latest", {}, 0)
    said = {s: Prediction((64, 48), v, class_probs=label) for s, v in scores.items()}
    blob = project.blobs.put(predictions_to_bytes(said))
    project.runs.save_predictions(run.id, "latest", "held-out", blob)
    return project.runs.finish(run.id, {}, spec.to_json(), {})


def test_the_newest_model_is_right_or_wrong_by_the_labels_of_now(project, gallery):
    one, two = (
        labeled_image(project, "1", box("dent")),
        labeled_image(project, "2", box("good")),
    )
    three = add_image(project, "3")
    snapshot_of(project)
    assert {c.right for c in gallery.page().cards} == {None}
    _finished_run(project, {one: 0.9, two: 0.6, three: 0.2})
    assert [c.right for c in gallery.page().cards] == [True, False, None]
    assert _names(gallery, "right = no") == ["2"]
    assert _names(gallery, sort="uncertainty", descending=True) == ["2", "3", "1"]
    label(project, two, box("dent"))
    assert _names(gallery, "right = no") == []
    book = project.book.current()
    save_label_book(project, book.with_entry(ClassEntry("dent", good=True)), author="ann")
    assert _names(gallery, "right = no") == ["1", "2"]


def test_in_classification_the_class_must_be_right_too(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("kinds", "classification", BOOK)
        shas = add_images(project, ["1", "2"])
        for sha, name in zip(shas, ("dent", "scratch"), strict=True):
            label(project, sha, ImageClass(name))
        snapshot_of(project)
        _finished_run(project, dict.fromkeys(shas, 0.9), label=[0.1, 0.7, 0.2])
        assert [c.right for c in Gallery(project).page().cards] == [True, False]


CHANGES = {
    "an image": lambda p, shas: add_image(p, "new", metadata={"lot": "x", "odd": 1}),
    "labels": lambda p, shas: label(p, shas[3], box("scratch"), labeler="eve"),
    "labels taken back": lambda p, shas: p.annotations.add_many(
        [
            NewAnnotation(
                shas[0],
                (),
                "ann",
                1,
                review=True,
                withdraws=p.annotations.history(shas[0])[-1].id,
            )
        ]
    ),
    "labels of one person taken back": lambda p, shas: take_back(p, shas[0], labeler="ann"),
    "metadata": lambda p, shas: p.images.set_metadata(shas[2], {"lot": "z", "fresh": "v"}),
    "a group": lambda p, shas: p.images.set_group({shas[2]: "h"}),
    "a snapshot": lambda p, shas: snapshot_of(p, {"b": "val"}),
    "findings": lambda p, shas: p.findings.save(
        [NewFinding("other", shas[3], None, 0.4, "w")], source="audit"
    ),
    "a settled finding": lambda p, shas: settle(
        p, p.findings.list("open")[0].id, "dismiss", by="ann"
    ),
    "a finding opened again": lambda p, shas: p.findings.undo(
        settle(p, p.findings.list("open")[0].id, "correct", by="ann", shapes=()).id, by="bob"
    ),
    "a run": lambda p, shas: _finished_run(p, {shas[0]: 0.2, shas[1]: 0.8}),
    "a threshold": lambda p, shas: p.runs.amend(
        "latest", inspector={**p.runs.get().inspector, "threshold": 0.05}
    ),
    "a book": lambda p, shas: save_label_book(
        p, p.book.current().with_entry(ClassEntry("dent", good=True)), author="a"
    ),
    "a reference": lambda p, shas: p.images.add(
        replace(p.images.get(shas[1]), reference=shas[3]), source="again"
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_gallery_that_saw_a_change_says_what_one_read_anew_says(project, gallery, what):
    shas = [
        labeled_image(project, "a", box("dent"), metadata={"lot": 1}),
        labeled_image(project, "b", box("scratch"), group="g"),
        add_image(project, "c", metadata={"lot": 2}),
        add_image(project, "d"),
    ]
    snapshot_of(project)
    _finished_run(project, {shas[0]: 0.9, shas[1]: 0.1})
    project.findings.save(
        [NewFinding("missing", shas[0], None, 0.7, "w", suggestion=())], source="audit"
    )
    before, revision = _everything(gallery), gallery.page().revision
    assert gallery.page().revision == revision
    CHANGES[what](project, shas)
    assert gallery.page().revision != revision
    assert _everything(gallery) == _everything(Gallery(project))
    if what not in ("a finding opened again", "a reference"):
        assert json.dumps(before, default=str) != json.dumps(_everything(gallery), default=str)


def test_other_projects_change_nothing(project, gallery, tmp_path):
    add_image(project, "a")
    revision = gallery.page().revision
    with open_store(tmp_path / "home", create=True, organisation="acme") as theirs:
        other = theirs.create_project("parts", "detection", BOOK)
        labeled_image(other, "b", box("dent"))
    assert gallery.page().revision == revision


def test_images_can_be_told_by_a_column(project, gallery):
    one = labeled_image(project, "a", box("dent"), box("scratch"), metadata={"n": 4})
    two = add_image(project, "b")
    assert gallery.words([two, one, "0" * 64], "class") == ["", "dent, scratch", ""]
    assert gallery.words([two, one], "meta.n") == ["", "4"]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"filter": "color = red"}, "no column is called 'color'"),
        ({"filter": "meta.none = 1"}, "no image has the metadata 'none'"),
        ({"sort": "beauty"}, "cannot be sorted by 'beauty'"),
        ({"limit": 501}, "up to 500 images, found 0 and 501"),
        ({"offset": -1}, "begins at 0 or later"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(gallery, how, told):
    with pytest.raises(InvalidInputError, match=told):
        gallery.page(**how)
