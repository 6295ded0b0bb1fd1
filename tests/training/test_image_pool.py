"""The pool of 50 past fakes."""

import numpy as np
import tensorflow as tf

from cyclegan_keras.training.image_pool import ImagePool

SHAPE = (1, 1, 1)


def numbered(*values):
    return tf.reshape(tf.constant(values, tf.float32), (-1, *SHAPE))


def exchange_all(pool, first, last):
    return [pool.exchange(numbered(value)).numpy().item() for value in range(first, last)]


def test_while_it_fills_every_fake_is_used_as_it_is_and_kept():
    pool = ImagePool(SHAPE, size=5)
    assert exchange_all(pool, 0, 5) == [0, 1, 2, 3, 4]
    assert sorted(pool.images.numpy().ravel()) == [0, 1, 2, 3, 4]


def test_once_full_it_gives_the_fresh_fake_or_swaps_it_for_an_older_one_about_half_the_time_each():
    pool = ImagePool(SHAPE, size=50)
    exchange_all(pool, 0, 50)
    fresh = 0
    for value in range(50, 450):
        before = set(pool.images.numpy().ravel())
        given = pool.exchange(numbered(value)).numpy().item()
        after = set(pool.images.numpy().ravel())
        if given == value:
            fresh += 1
            assert after == before
        else:
            assert given in before and after == before - {given} | {float(value)}
    assert 160 < fresh < 240


def test_every_place_of_a_full_pool_is_drawn_from():
    pool = ImagePool(SHAPE, size=4)
    exchange_all(pool, 0, 80)
    assert min(pool.images.numpy().ravel()) > 3


def test_a_batch_is_exchanged_image_by_image():
    one, other = ImagePool(SHAPE, size=3, seed=1), ImagePool(SHAPE, size=3, seed=1)
    together = one.exchange(numbered(*range(20))).numpy().ravel()
    assert list(together) == exchange_all(other, 0, 20)


def test_a_restored_pool_goes_on_as_the_saved_one_would_have(tmp_path):
    pool, restored = ImagePool(SHAPE, size=3, seed=7), ImagePool(SHAPE, size=3, seed=7)
    exchange_all(pool, 0, 10)
    path = tf.train.Checkpoint(pool=pool).write(str(tmp_path / "pool"))
    tf.train.Checkpoint(pool=restored).restore(path)
    assert exchange_all(pool, 10, 40) == exchange_all(restored, 10, 40)


def test_it_works_the_same_inside_a_tf_function():
    eager, graph = ImagePool(SHAPE, size=3), ImagePool(SHAPE, size=3)
    exchange = tf.function(graph.exchange, autograph=False)
    assert exchange_all(eager, 0, 20) == [exchange(numbered(value)).numpy().item() for value in range(20)]
    np.testing.assert_array_equal(eager.images, graph.images)
