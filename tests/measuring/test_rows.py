"""Rows as Markdown and JSON."""

import json

import pytest

from cyclegan_keras.measuring.parallel import Gap
from cyclegan_keras.measuring.rows import Row, from_json, table

ROWS = [
    Row("nothing", 4, f0_gap=Gap(0.0, 0.0, 0.0), wer=0.25),
    Row("epoch 1", 4, f0_gap=Gap(0.5), mimicry=0.125, by_clip=({"clip": "a", "f0": 1.5},)),
]


def test_a_table_has_the_columns_that_some_row_has():
    assert table(ROWS).splitlines() == [
        "| name | clips | F0 closed | WER | mimicry |",
        "|---|---|---|---|---|",
        "| nothing | 4 | 0.00 [0.00, 0.00] | 0.25 | - |",
        "| epoch 1 | 4 | 0.50 | - | 0.12 |",
    ]


def test_a_row_survives_json():
    assert [from_json(json.loads(json.dumps(vars(row)))) for row in ROWS] == ROWS


def test_a_row_of_other_measures_is_told_apart():
    with pytest.raises(TypeError):
        from_json({"name": "epoch 1", "clips": 4, "transfer": 1.0})
