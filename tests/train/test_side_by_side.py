import threading

import pytest
import torch  # noqa: TID253

from pitmark.train.precision import limited_threads
from pitmark.train.side_by_side import side_by_side


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads):
    with limited_threads(threads):
        assert list(side_by_side(lambda n: n * n, iter(range(7)))) == [n * n for n in range(7)]
        assert list(side_by_side(str, [])) == []
        assert torch.get_num_threads() == threads


def test_two_are_worked_on_at_once_with_half_of_the_threads_each():
    both = threading.Barrier(2, timeout=30)

    def work(_):
        both.wait()
        return torch.get_num_threads()

    with limited_threads(4):
        assert list(side_by_side(work, range(4))) == [2, 2, 2, 2]


def test_an_error_reaches_the_caller_and_the_threads_are_given_back():
    def work(number):
        return 1 // number

    with limited_threads(2):
        with pytest.raises(ZeroDivisionError):
            list(side_by_side(work, [1, 0, 1]))
        assert torch.get_num_threads() == 2
