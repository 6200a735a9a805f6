"""Synthetic images and copies: what they show, how they are labeled, how they are drawn."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.label_book import NumericRule
from pitmark.core.labels import (
    BoxShape,
    ImageClass,
    MaskShape,
    shape_mask,
)
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.synthesis.candidates import repeated_images
from pitmark.ops.synthesis.images import make_images, store_images
from pitmark.ops.synthesis.parts import collect_parts, painted_kind
from pitmark.ops.synthesis.policies import POLICIES, policy_images
from pitmark.ops.synthesis.trial import Setting, SynthesisOptions
from pitmark.store.db import open_store
from tests.ops.synthesis_projects import label_of, made_of, parts_of, project_of
from tests.ops.toys import QUICK


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_masks_and_boxes_come_for_free_and_lie_on_what_was_pasted(store, tmp_path, task):
    project = project_of(store, tmp_path, task)
    load = pixel_loader(project)
    for made in made_of(project):
        before = load(made.base.sha256).astype(int)
        changed = np.abs(made.pixels.astype(int) - before) > 25
        new = made.shapes[-1]
        assert isinstance(new, BoxShape if task == "detection" else MaskShape)
        covered = shape_mask(new, made.base.size_wh)
        assert changed.sum() > 10
        assert (changed & covered).sum() > 0.8 * changed.sum()
        assert made.pixels[covered].mean() > before[covered].mean() + 25


def test_the_same_seed_gives_the_same_images_and_a_longer_list_begins_with_them(
    store, tmp_path
):
    project = project_of(store, tmp_path, "segmentation")
    few, many, other = made_of(project, 3), made_of(project, 6), made_of(project, 3, seed=1)
    for one, again in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.pixels, again.pixels)
    assert any((a.pixels != b.pixels).any() for a, b in zip(few, other, strict=True))


def test_no_defect_is_made_that_breaks_a_rule_of_its_class(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    book = project.book.current()
    rule = NumericRule("length", "px", minimum=9.0, maximum=11.5)
    ruled = book.with_entry(replace(book.entry("dent"), rules=(rule,)))
    load = pixel_loader(project)
    made = make_images(parts_of(project), 8, load, book=ruled, task="detection")
    assert made
    assert not any(ruled.broken_rules(s) for m in made for s in m.shapes)
    free = make_images(parts_of(project), 8, load, book=book, task="detection")
    assert any(ruled.broken_rules(s) for m in free for s in m.shapes)


def test_only_real_training_images_give_defects_and_grounds(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    images = project.snapshots.load("latest")[1]
    training = {i.image.sha256 for i in images if i.split == "train"}
    made = made_of(project, 8)
    assert {s for m in made for s in m.made_from} <= training
    stored = store_images(project, made, label="defect", run="r9", use="kept")
    parts = collect_parts(
        [*images, *(s.item for s in stored)], pixel_loader(project), label_of(project),
        book=project.book.current(), where={},
    )  # fmt: skip
    assert {d.sha256 for d in parts.donors} <= training
    assert {b.image.sha256 for b in parts.bases} <= training


def test_a_class_without_any_outline_is_painted_by_its_name_or_by_wish(store, tmp_path):
    project = project_of(store, tmp_path, "classification")
    assert parts_of(project).kind == "dent"
    assert parts_of(project, kind="pores").donors == ()
    made = made_of(project, 4)
    assert all(m.shapes == (ImageClass("dent"),) for m in made)
    assert {m.made_by for m in made} == {"painted"}
    assert painted_kind("Kratzer") is None
    with pytest.raises(InvalidInputError, match="no kind of painted defect is called 'foam'"):
        painted_kind("Kratzer", "foam")


def test_few_defects_of_its_own_are_joined_by_painted_ones(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    parts = parts_of(project)
    assert parts.kind == "dent"
    few = replace(parts, donors=parts.donors[:2])
    load, book = pixel_loader(project), project.book.current()
    ways = {m.made_by for m in make_images(few, 12, load, book=book, task="detection")}
    assert ways == {"painted", "pasted"}
    holes = replace(few, kind="hole")
    made = [
        m
        for seed in range(3)
        for m in make_images(holes, 12, load, book=book, task="detection", seed=seed)
        if m.made_by == "painted"
    ]
    # As bright as the real ones are, not as the painter likes it.
    for item in made:
        x0, y0, x1, y1 = (round(v) for v in item.shapes[-1].box_xyxy)
        change = item.pixels[y0:y1, x0:x1].astype(int) - load(item.base.sha256)[y0:y1, x0:x1]
        assert change.max() > 25
        assert change.max() > 3 * -change.min()
    enough = replace(parts, donors=(parts.donors * 5)[:5])
    ways = {m.made_by for m in make_images(enough, 12, load, book=book, task="detection")}
    assert ways == {"pasted"}


@pytest.mark.parametrize("task", ["detection", "segmentation"])
@pytest.mark.parametrize("policy", POLICIES)
def test_policies_change_the_image_and_move_its_labels_along(store, tmp_path, task, policy):
    project = project_of(store, tmp_path, task)
    images = project.snapshots.load("latest")[1]
    made = policy_images(
        images, 3, pixel_loader(project), policy=policy, label=label_of(project),
        where={}, book=project.book.current(),
    )  # fmt: skip
    for item in made:
        size = (item.pixels.shape[1], item.pixels.shape[0])
        inside = shape_mask(item.shapes[0], size)
        assert item.pixels[inside].mean() > item.pixels[~inside].mean() + 25
        assert item.made_from == (item.base.sha256,)


@pytest.mark.parametrize("policy", ["oversample", "flips"])
def test_more_copies_than_there_are_ways_to_change_an_image_are_all_taken(
    store, tmp_path, policy
):
    project = project_of(store, tmp_path, "detection")
    images, load = project.snapshots.load("latest")[1], pixel_loader(project)
    made = policy_images(
        images, 40, load, policy=policy, label="dent", where={}, book=project.book.current()
    )
    stored = store_images(project, made, label="dent", run="r9", use="kept")
    assert len({s.item.image.sha256 for s in stored}) == 40
    assert take_snapshot(project).images == len(images) + 40


def test_oversampling_shows_the_same_pixels_with_the_same_labels(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    images, load = project.snapshots.load("latest")[1], pixel_loader(project)
    made = policy_images(
        images, 9, load, policy="oversample", label="defect", where={},
        book=project.book.current(),
    )  # fmt: skip
    labels = {i.image.sha256: i.shapes for i in images}
    for item in made:
        change = np.abs(item.pixels.astype(int) - load(item.base.sha256))
        assert (change.sum(), change.max()) == (1, 1)
        assert item.shapes == labels[item.base.sha256]


def test_the_real_images_are_repeated_as_often_as_new_ones_are_added(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    images = project.snapshots.load("latest")[1]
    label = label_of(project)
    shown = [i for i in images if i.split == "train" and i.shapes]

    def repeated(**where):
        how = SynthesisOptions(label=label, where=where)
        again = repeated_images(Setting(label, how, images, None, QUICK), 3 * len(shown))
        return Counter(i.image.sha256 for i in again)

    assert repeated() == {i.image.sha256: 3 for i in shown}
    first = shown[0].image.sha256
    assert repeated(camera="cam2") == repeated()
    project.images.set_metadata(first, {"camera": "cam2"})
    images = project.snapshots.load("latest")[1]
    assert repeated(camera="cam2") == {first: 3 * len(shown)}


def test_policies_that_the_label_book_rules_out_are_refused(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    book = replace(project.book.current(), flips=False)
    arguments = {"label": "dent", "where": {}, "book": book}
    with pytest.raises(InvalidInputError, match="cannot be changed by 'flips'"):
        policy_images([], 1, pixel_loader(project), policy="flips", **arguments)
    with pytest.raises(InvalidInputError, match="no policy 'fog'"):
        policy_images([], 1, pixel_loader(project), policy="fog", **arguments)
