import pytest

from pitmark.core.errors import InvalidLabelError
from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.labels import BoxShape, ImageClass

BOOK = LabelBook(
    revision=3,
    classes=(
        ClassEntry(
            "scratch",
            "a line in the surface",
            examples=("a" * 64,),
            rules=(NumericRule("length", "mm", minimum=3.0),),
            must_catch=True,
        ),
        ClassEntry("good", good=True),
    ),
    mm_per_px=0.1,
    turns=False,
)


def test_a_label_book_survives_json():
    assert LabelBook.from_json(BOOK.to_json()) == BOOK


def test_new_classes_make_one_new_revision_and_known_ones_none():
    more = BOOK.with_classes(["scratch", "dent", "pit mark", "dent"])
    assert more.names == ("scratch", "good", "dent", "pit mark")
    assert more.revision == 4
    assert more.with_classes(["dent"]) is more


@pytest.mark.parametrize("name", ["good", "OK", "Normal", "Free"])
def test_a_class_that_is_called_good_is_good(name):
    assert LabelBook().with_classes([name]).classes[0].good


def test_defect_names_leave_good_classes_out():
    assert BOOK.defect_names == ("scratch",)
    assert not BOOK.is_defect([ImageClass("good")])
    assert BOOK.is_defect([ImageClass("scratch")])
    assert not BOOK.is_defect([])


def test_a_scratch_shorter_than_the_rule_says_is_told_with_its_length():
    told = BOOK.broken_rules(BoxShape("scratch", (0, 0, 20, 5)))
    assert told == ("length at least 3 mm, this one measures 2 mm",)
    assert BOOK.broken_rules(BoxShape("scratch", (0, 0, 40, 5))) == ()


def test_a_rule_in_mm_is_silent_without_a_pixel_size():
    book = LabelBook(classes=BOOK.classes)
    assert book.broken_rules(BoxShape("scratch", (0, 0, 20, 5))) == ()


def test_area_is_measured_in_square_units():
    rule = NumericRule("area", "mm", maximum=1.0)
    book = LabelBook(classes=(ClassEntry("dent", rules=(rule,)),), mm_per_px=0.1)
    assert book.broken_rules(BoxShape("dent", (0, 0, 10, 10))) == ()
    assert len(book.broken_rules(BoxShape("dent", (0, 0, 11, 10)))) == 1


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: NumericRule("weight", "px", minimum=1), "cannot measure 'weight'"),
        (lambda: NumericRule("length", "px"), "no limit"),
        (lambda: NumericRule("length", "px", 5, 1), "at least 5 and at most 1"),
        (lambda: LabelBook(classes=(ClassEntry("a"), ClassEntry("a"))), "used twice"),
        (lambda: LabelBook(classes=(ClassEntry(" "),)), "empty"),
        (lambda: LabelBook(mm_per_px=0), "above 0"),
        (lambda: LabelBook.from_json({"clases": []}), "unknown key 'clases'"),
        (lambda: LabelBook.from_json({"classes": [{}]}), "not a label book"),
        (lambda: BOOK.entry("dust"), "no class 'dust'"),
    ],
)
def test_what_contradicts_itself_is_refused(make, match):
    with pytest.raises(InvalidLabelError, match=match):
        make()
