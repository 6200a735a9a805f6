import numpy as np
import torch  # noqa: TID253

from pitmark.train.anomaly import AnomalyHead, fill_memory, set_whitening


def remembering(cells, widths=(4, 8, 8, 16)):
    head = AnomalyHead(widths, memory_size=200, trained=False)
    set_whitening(head, cells)
    fill_memory(head, cells, seed=0)
    return head


def test_the_same_step_counts_more_where_good_images_hardly_differ():
    rng = np.random.default_rng(0)
    cells = (rng.normal(size=(400, 32)) * np.linspace(0.1, 3, 32)).astype(np.float32)
    head = remembering(cells)
    steps = np.zeros((1, 32, 1, 2), np.float32)
    steps[0, 0, 0, 0] = steps[0, 31, 0, 1] = 4.0
    quiet, loud = head.distance(torch.from_numpy(steps))[0, 0, 0].tolist()
    assert quiet > 2 * loud


def test_what_is_remembered_is_near():
    rng = np.random.default_rng(1)
    cells = rng.normal(size=(150, 32)).astype(np.float32)
    head = remembering(cells)
    known = torch.from_numpy(cells[:6].T.reshape(1, 32, 2, 3).copy())
    assert float(head.distance(known).max()) < 0.05
    assert float(head.distance(known + 2).min()) > 1


def test_all_coarse_stages_are_looked_at_unless_the_backbone_is_wide():
    assert len(AnomalyHead((32, 64, 128, 256)).mean) == 448
    assert len(AnomalyHead((256, 512, 1024, 2048)).mean) == 1536
    features = [torch.rand(1, w, 32 // 2**n, 32 // 2**n) for n, w in enumerate((4, 8, 8, 16))]
    described = AnomalyHead((4, 8, 8, 16)).describe(features)
    assert described.shape == (1, 32, 16, 16)
