import json

import pytest

from uniecs.errors import DataError
from uniecs.evaluation.loss_weights import POINTS, read_loss_weights


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_weights_are_read_beside_whatever_else_a_run_records(tmp_path):
    rows = [{"step": n, "loss": 1.0, "weight_a": n / 10, "weight_b": 1.0} for n in (1, 2, 3)]
    history = write(tmp_path / "history.jsonl", [*rows, {"step": 3, "val": {"macro": 0.5}}])

    found = read_loss_weights(history)

    assert found.steps == [1, 2, 3]
    assert found.weights == {"a": [0.1, 0.2, 0.3], "b": [1.0, 1.0, 1.0]}


def test_a_long_run_is_averaged_to_few_points_that_keep_the_mean(tmp_path):
    rows = [{"step": n, "weight_a": float(n)} for n in range(1, 10 * POINTS + 1)]

    found = read_loss_weights(write(tmp_path / "history.jsonl", rows))

    assert len(found.steps) == len(found.weights["a"]) == POINTS
    assert found.steps[-1] == 10 * POINTS
    assert sum(found.weights["a"]) / POINTS == pytest.approx((1 + 10 * POINTS) / 2)


def test_a_run_without_weights_has_none(tmp_path):
    assert read_loss_weights(write(tmp_path / "history.jsonl", [{"step": 1, "loss": 2.0}])) is None


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path):
    history = write(tmp_path / "history.jsonl", [{"step": 1, "weight_a": 0.5}])
    history.write_text(history.read_text() + '{"step": 2, "wei')

    assert read_loss_weights(history).steps == [1]


@pytest.mark.parametrize("content", [None, "not json\n{}\n", "[1]\n"])
def test_a_file_that_is_no_history_is_named(tmp_path, content):
    path = tmp_path / "history.jsonl"
    if content is not None:
        path.write_text(content)

    with pytest.raises(DataError, match=r"history\.jsonl"):
        read_loss_weights(path)
