"""The draws of the synthesis bench: thinned, grouped, and with rivals of the right number."""

import numpy as np
import pytest

from bench.synthesis_draws import take_draw
from bench.synthesis_gates import gates_of
from bench.synthesis_ways import AGAIN, CONTROL, Figures, plain_paste, useless
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import shape_mask
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.synthesis.parts import collect_parts
from pitmark.ops.synthesis.trial import Setting, SynthesisOptions
from pitmark.store.db import open_store
from tests.ops.toys import mask_folder


class Limits:
    """The arguments that a draw takes."""

    thin, others, good, test_good = 3, 12, 4, 5


@pytest.fixture
def drawn(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("set", "segmentation", LabelBook())
        import_folder(project, mask_folder(tmp_path / "in", count=40))
        label = project.book.current().defect_names[0]
        take_draw(project, label, 0, Limits)
        images = project.snapshots.load("latest")[1]
        setting = Setting(label, SynthesisOptions(), images, None, TrainOptions())
        load = pixel_loader(project)
        book = project.book.current()
        yield setting, collect_parts(images, load, label, book=book, where={}), load


def test_a_draw_thins_the_class_and_limits_good_images(drawn):
    setting, _, _ = drawn
    shown = [bool(i.shapes) for i in setting.of("train")]
    assert (sum(shown), len(shown) - sum(shown)) == (3, 4)
    assert sum(not i.shapes for i in setting.of("test")) == 5
    assert sum(bool(i.shapes) for i in setting.of("test")) >= 8


def test_plain_paste_moves_the_pixels_of_a_mask_as_they_are(drawn):
    setting, parts, load = drawn
    for made in plain_paste(setting, parts, 4, load, seed=0):
        mask = shape_mask(made.shapes[-1], made.base.size_wh)
        before = load(made.base.sha256)
        assert (made.pixels[mask] == 230).all()
        np.testing.assert_array_equal(made.pixels[~mask], before[~mask])


def test_the_control_marks_what_is_not_there(drawn):
    setting, parts, load = drawn
    made = useless(setting, parts, 4, load, seed=0)
    assert all((m.pixels != load(m.base.sha256)).sum() == 1 for m in made)
    assert all(shape_mask(m.shapes[-1], m.base.size_wh).sum() > 20 for m in made)


def test_gates_compare_with_rivals_and_the_control():
    def figures(way, after, *, kept, before=0.2):
        return Figures(way, before, after, -0.01, 0.0, 0.0, kept, 1.0)

    draw = [
        figures("pitmark", 0.5, kept=True),
        figures("oversampled", 0.6, kept=None),
        # Judged at limits of its own it finds more than ours, and gains less.
        figures(AGAIN, 0.55, kept=None, before=0.5),
        figures(CONTROL, 0.1, kept=False),
    ]
    gates = {g["name"].split(", ", 1)[1]: g["ok"] for g in gates_of("x", "pit", [draw])}
    assert gates["pit: recall up by 10 points, median"]
    assert not gates["pit: ahead of oversampled"]
    assert gates["pit: ahead of trained again"]
    assert not gates["pit: kept where oversampling found as much"]
    assert gates["pit: share of useless controls dropped"]
