import tracemalloc

import numpy as np

from pitmark.quality.faults import class_search
from pitmark.quality.faults.class_evidence import weigh_classes
from pitmark.quality.faults.class_faults import classification_faults
from pitmark.quality.faults.class_search import search_classes


def scores(count, classes, faults, seed=0):
    """Log probabilities of a good model, labels with faults, and where the faults are."""
    rng = np.random.default_rng(seed)
    true = rng.integers(classes, size=count)
    logits = rng.normal(size=(count, classes))
    logits[np.arange(count), true] += 5
    labels = true.copy()
    wrong = rng.choice(count, faults, replace=False)
    labels[wrong] = (true[wrong] + rng.integers(1, classes, faults)) % classes
    return logits, labels, set(wrong.tolist())


def test_a_small_set_is_judged_as_by_weighing_it_at_once():
    logits, labels, _ = scores(300, 4, 12)
    found = search_classes([lambda rows: logits[rows]], labels, 4, stray_rate=0.05)
    whole = weigh_classes([logits], labels, stray_rate=0.05)
    # Pairs of classes are believed later here; nearly all the rest is the same.
    assert np.corrcoef(found.wrong, whole.wrong)[0, 1] > 0.99
    sure = whole.wrong > 0.5
    assert sure.any()
    assert (found.instead == whole.instead)[sure].all()


def test_blocks_of_any_size_say_the_same(monkeypatch):
    logits, labels, _ = scores(500, 4, 20)
    one = search_classes([lambda rows: logits[rows]], labels, 4, stray_rate=0.05)
    monkeypatch.setattr(class_search, "_BLOCK_CELLS", 100)
    many = search_classes([lambda rows: logits[rows]], labels, 4, stray_rate=0.05)
    np.testing.assert_allclose(one.wrong, many.wrong)


def test_a_sample_for_the_fit_finds_what_the_whole_finds():
    logits, labels, wrong = scores(30_000, 50, 600)
    found = search_classes([lambda rows: logits[rows]], labels, 50, stray_rate=0.05)
    first = set(np.argsort(-found.wrong)[:600].tolist())
    assert len(first & wrong) > 520


def test_memory_does_not_grow_with_images_times_classes(tmp_path):
    peaks = []
    for count in (20_000, 60_000):
        logits, labels, _ = scores(count, 40, 100)
        file = tmp_path / f"{count}.npy"
        probs = np.exp(logits)
        np.save(file, (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32))
        del logits, probs
        keys = [str(n) for n in range(count)]
        classes = [f"c{k}" for k in range(40)]
        names = [classes[k] for k in labels]
        mapped = np.load(file, mmap_mode="r")
        tracemalloc.start()
        classification_faults(keys, names, mapped, classes)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The table grows by 40,000 x 40 x 8 bytes; what is held beside it by far less.
    assert peaks[1] - peaks[0] < 40_000 * 40 * 8 * 0.9
