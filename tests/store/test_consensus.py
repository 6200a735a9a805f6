from hypothesis import given
from hypothesis import strategies as st

from pitmark.store.consensus import Said, consensus_of, latest_by_labeler

answers = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans())
histories = st.lists(answers, min_size=1, max_size=12).map(
    lambda rows: [Said(i, who, what, review, 0) for i, (who, what, review) in enumerate(rows)]
)
unreviewed = histories.map(lambda h: [s for s in h if not s.review]).filter(bool)


def _said(text, *, reviews=()):
    """ "a:x b:y" is what a and b said, in this order."""
    parts = [p.split(":") for p in text.split()]
    return [Said(i, w, a, i in reviews, 0) for i, (w, a) in enumerate(parts)]


@given(histories, st.sampled_from(["classification", "detection", "segmentation", "anomaly"]))
def test_the_latest_review_decides_in_every_task(said, task):
    reviews = [s for s in said if s.review]
    if reviews:
        assert consensus_of(said, task) == reviews[-1]
    else:
        assert consensus_of(said, task) in latest_by_labeler(said).values()


@given(unreviewed)
def test_without_a_review_no_class_has_more_votes_than_the_consensus(said):
    votes = [s.labels_hash for s in latest_by_labeler(said).values()]
    held = consensus_of(said, "classification").labels_hash
    assert votes.count(held) == max(votes.count(v) for v in votes)


@given(unreviewed)
def test_outside_classification_the_first_labelers_last_word_holds(said):
    held = consensus_of(said, "detection")
    assert held.labeler == said[0].labeler
    assert held == [s for s in said if s.labeler == said[0].labeler][-1]


def test_each_labeler_has_one_vote_the_last():
    assert consensus_of(_said("a:x a:x a:x b:y c:y"), "classification").labels_hash == "y"
    assert consensus_of(_said("a:x b:y b:x"), "classification").labels_hash == "x"


def test_a_tie_goes_to_the_one_of_the_tied_who_labeled_first():
    assert consensus_of(_said("a:x b:y"), "classification").labeler == "a"
    held = consensus_of(_said("a:x b:y c:y d:z e:z"), "classification")
    assert (held.labeler, held.labels_hash) == ("b", "y")


def test_what_is_said_after_a_review_does_not_unsettle_it():
    assert consensus_of(_said("a:x r:y a:z", reviews=[1]), "detection").labeler == "r"
