import numpy as np

from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape
from pitmark.quality.agreement.object_votes import NOTHING, object_votes


def box(label, x, y=0.0, side=10.0):
    return BoxShape(label, (x, y, x + side, y + side))


def test_objects_are_matched_one_to_one_whatever_their_order_and_class():
    anna = [box("scratch", 0), box("dent", 40)]
    ben = [box("scratch", 41), box("pit mark", 1)]
    first, second = object_votes({"anna": anna, "ben": ben})
    assert dict(first.said) == {"anna": "scratch", "ben": "pit mark"}
    assert dict(second.said) == {"anna": "dent", "ben": "scratch"}
    assert dict(first.shape_index) == {"anna": 0, "ben": 1}
    assert first.box_xyxy == (0.5, 0.0, 10.5, 10.0)


def test_what_one_labeler_did_not_mark_is_nothing_to_them():
    (one,) = object_votes({"anna": [box("dent", 5)], "ben": [], "eva": [ImageClass("good")]})
    assert dict(one.said) == {"anna": "dent", "ben": NOTHING, "eva": NOTHING}
    assert dict(one.shape_index) == {"anna": 0}


def test_two_close_boxes_of_one_labeler_stay_two_objects():
    found = object_votes({"anna": [box("dent", 0), box("dent", 4)]})
    assert len(found) == 2
    both = object_votes({"anna": [box("dent", 0), box("dent", 4)], "ben": [box("dent", 2)]})
    assert sorted(len(o.shape_index) for o in both) == [1, 2]


def test_a_candidate_counts_where_nobody_marked_anything():
    found = object_votes({"anna": [box("dent", 0)]}, [(1, 1, 11, 11), (50, 50, 60, 58)])
    assert [dict(o.said) for o in found] == [{"anna": "dent"}, {"anna": NOTHING}]
    assert found[1].area_px == 80


def test_areas_are_those_of_the_shapes_and_empty_masks_are_no_objects():
    triangle = PolygonShape("dent", (((0, 0), (10, 0), (0, 10)),))
    empty = mask_shape("dent", np.zeros((20, 20), dtype=bool))
    (one,) = object_votes({"anna": [triangle], "ben": [empty]})
    assert one.area_px == 50
    assert one.said["ben"] == NOTHING
    assert object_votes({"anna": []}) == []
    assert object_votes({}) == []
