import itertools

import pytest

from pitmark.core.bundle import GOLDEN_NAME, MODEL_FP32, MODEL_INT8
from pitmark.core.errors import BundleError, InvalidInputError, ParityError
from pitmark.edge.bundle_file import Bundle
from pitmark.edge.choice import (
    Trial,
    allowed_difference,
    choose,
    load_network,
    pick,
    usable_cores,
)
from tests.edge.networks import files_for, manifest_for, onnx_for, part_image, spec_for

SPEC = spec_for("segmentation")


def bundle_for(*, int8_bias=None, **changes):
    files = files_for("segmentation", SPEC, int8_bias=int8_bias)
    return Bundle(manifest_for(SPEC, **changes), files)


def steps_of(seconds):
    """A clock that goes on by the same step at each look, so that all trials tie."""
    ticks = itertools.count(step=seconds)
    return lambda: next(ticks)


def test_more_threads_or_fewer_bits_must_pay():
    one, two = Trial("fp32", 1, 10.0), Trial("fp32", 2, 9.5)
    assert pick([one, two]) is one
    assert pick([one, Trial("fp32", 2, 6.0)]).threads == 2
    assert pick([one, Trial("int8", 1, 4.0), Trial("int8", 2, 3.9)]) == Trial("int8", 1, 4.0)


def test_every_way_is_tried_and_told():
    network, choice = choose(
        bundle_for(int8_bias=0.0),
        precisions=["fp32", "int8"],
        threads=[1, 2],
        clock=steps_of(0.001),
    )
    tried = [(t.precision, t.threads) for t in choice.trials]
    assert tried == [("fp32", 1), ("int8", 1), ("fp32", 2), ("int8", 2)]
    assert (choice.precision, choice.threads) in tried
    assert all(t.run_ms > 0 for t in choice.trials)
    assert choice.golden is not None
    assert choice.golden.ok
    assert network.predict(part_image(0)).score > 0.5


def test_a_fast_model_that_is_wrong_is_refused_with_the_reason():
    _, choice = choose(
        bundle_for(int8_bias=1.5),
        precisions=["int8", "fp32"],
        threads=[1],
        clock=steps_of(0.001),
    )
    assert choice.precision == "fp32"
    assert "largest difference" in choice.refused["int8"]
    assert "int8 refused: 2 golden images" in choice.sentence()
    assert choice.to_json()["refused"] == dict(choice.refused)


def test_a_bundle_that_no_model_reproduces_is_refused():
    files = {**files_for("segmentation", SPEC), MODEL_FP32: onnx_for("segmentation", bias=1.5)}
    with pytest.raises(ParityError, match="no model of the bundle gives on this device"):
        choose(Bundle(manifest_for(SPEC), files), precisions=["fp32"], threads=[1])


def test_without_golden_inputs_only_fp32_is_trusted():
    files = files_for("segmentation", SPEC, int8_bias=0.0)
    del files[GOLDEN_NAME]
    _, choice = choose(
        Bundle(manifest_for(SPEC), files), precisions=["fp32", "int8"], threads=[1]
    )
    assert choice.precision == "fp32"
    assert choice.golden is None
    assert choice.refused == {"int8": "no golden inputs to judge it by"}


def test_a_slow_device_stops_measuring_when_the_budget_is_spent():
    _, choice = choose(
        bundle_for(int8_bias=0.0),
        precisions=["fp32", "int8"],
        threads=[1, 2, 4],
        clock=steps_of(0.25),
    )
    assert [(t.precision, t.threads) for t in choice.trials] == [("fp32", 1), ("int8", 1)]
    assert choice.trials[0].run_ms == pytest.approx(250)


def test_what_is_fast_on_one_thread_is_the_first_to_be_tried_on_more():
    # Two looks at the start and three at fp32, then int8 takes a third of the time.
    ticks = itertools.accumulate(itertools.chain([0.08] * 5, itertools.repeat(0.03)))
    _, choice = choose(
        bundle_for(int8_bias=0.0),
        precisions=["fp32", "int8"],
        threads=[1, 2],
        clock=lambda: next(ticks),
    )
    tried = [(t.precision, t.threads) for t in choice.trials]
    assert tried == [("fp32", 1), ("int8", 1), ("int8", 2)]
    assert choice.precision == "int8"


def test_a_manifest_without_a_tolerance_is_refused():
    bundle = bundle_for(tolerance={"int8": 0.1})
    with pytest.raises(BundleError, match="states no tolerance for fp32"):
        allowed_difference(bundle, "fp32")


def test_a_model_that_the_bundle_lacks_is_named_with_those_it_has():
    with pytest.raises(InvalidInputError, match="has no int8 model") as caught:
        load_network(bundle_for(), "int8", 1)
    assert caught.value.hint == "It holds fp32."
    assert MODEL_INT8 not in bundle_for().files


def test_at_least_one_thread_is_needed():
    with pytest.raises(InvalidInputError, match="at least 1, found 0"):
        load_network(bundle_for(), "fp32", 0)
    assert usable_cores() >= 1
