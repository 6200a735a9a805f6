import subprocess
import sys

import pytest
import torch  # noqa: TID253

from pitmark.train.adamw import AdamW

LAYOUTS = (torch.contiguous_format, torch.channels_last)


def weights(layout):
    rng = torch.Generator().manual_seed(0)
    shapes = ((8, 6, 3, 3), (6, 5, 1, 1), (7,))
    made = [torch.randn(*s, generator=rng) for s in shapes]
    laid = [w.contiguous(memory_format=layout) if w.ndim == 4 else w for w in made]
    return [torch.nn.Parameter(w) for w in laid]


def learn(optimizer, params, *, steps, layout):
    rng = torch.Generator().manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        for param in params:
            grad = torch.randn(*param.shape, generator=rng)
            param.grad = grad.contiguous(memory_format=layout) if grad.ndim == 4 else grad
        optimizer.step()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("grads", LAYOUTS)
def test_weights_become_what_torch_makes_of_them_however_they_lie(layout, grads):
    mine, theirs = weights(layout), weights(torch.contiguous_format)
    one = AdamW([{"params": mine, "lr": 0.1, "weight_decay": 0.05}])
    other = torch.optim.AdamW(theirs, lr=0.1, weight_decay=0.05, fused=True)
    learn(one, mine, steps=3, layout=grads)
    learn(other, theirs, steps=3, layout=torch.contiguous_format)
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
    assert mine[0].is_contiguous(memory_format=layout)


def test_a_weight_without_gradient_stays_as_it_is():
    params = weights(torch.channels_last)
    before = params[0].detach().clone()
    optimizer = AdamW(params, lr=0.1)
    params[2].grad = torch.ones(7)
    optimizer.step()
    assert torch.equal(params[0], before)


def test_the_compiler_of_torch_is_not_loaded():
    code = (
        "import sys, torch; from pitmark.train.adamw import AdamW;"
        "w = torch.nn.Parameter(torch.ones(2)); o = AdamW([w], lr=0.1);"
        "o.zero_grad(); w.sum().backward(); o.step(); o.load_state_dict(o.state_dict());"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
