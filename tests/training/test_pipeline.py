"""Batches come unpaired in an order that seed and epoch decide."""

import numpy as np
import pytest

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.training.pipeline import steps_per_epoch, unpaired_epoch


def numbered(first, last):
    return np.arange(first, last, dtype=np.float32).reshape(-1, 1, 1, 1)


def drawn(a, b, **options):
    batches = unpaired_epoch(a, b, **{"seed": 0, "epoch": 0, **options})
    return [(x.numpy().item(), y.numpy().item()) for x, y in batches]


def test_an_epoch_meets_every_clip_of_domain_a_once():
    pairs = drawn(numbered(0, 7), numbered(10, 30))
    assert sorted(a for a, _ in pairs) == list(range(7))
    assert len({b for _, b in pairs}) == 7


def test_a_smaller_domain_b_starts_over_in_a_new_order():
    shown = [b for _, b in drawn(numbered(0, 12), numbered(10, 14))]
    rounds = [shown[start : start + 4] for start in (0, 4, 8)]
    assert all(sorted(one) == [10, 11, 12, 13] for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1


def test_domains_are_shuffled_apart_from_each_other():
    pairs = drawn(numbered(0, 50), numbered(0, 50))
    assert sum(a == b for a, b in pairs) < 10


def test_the_order_is_decided_by_seed_and_epoch_alone():
    a, b = numbered(0, 20), numbered(0, 20)
    assert drawn(a, b, seed=1, epoch=2) == drawn(a, b, seed=1, epoch=2)
    assert len({tuple(drawn(a, b, seed=s, epoch=e)) for s in (1, 2) for e in (0, 1)}) == 4


def test_an_epoch_resumed_in_its_middle_goes_on_with_the_same_batches():
    a, b = numbered(0, 20), numbered(0, 6)
    assert drawn(a, b, epoch=3, first_step=13) == drawn(a, b, epoch=3)[13:]


def test_batches_have_a_known_size_and_an_incomplete_one_is_left_out():
    batches = unpaired_epoch(numbered(0, 7), numbered(0, 9), seed=0, epoch=0, batch_size=3)
    assert [a.shape[0] for a, _ in batches] == [3, 3]
    assert batches.element_spec[0].shape[0] == 3


def test_a_batch_larger_than_domain_a_is_refused():
    with pytest.raises(InputError, match="--batch-size 8"):
        steps_per_epoch(7, 8)
