"""Shards of hidden states: whole or not there, and added to."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from uniecs.training.state_files import LARGEST, StateFiles


def tokens(count: int, value: float) -> npt.NDArray[np.float32]:
    return np.full((count, 3), value, np.float32)


def test_tokens_come_back_padded_in_the_order_asked_for(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, 3)
    files.add(["a", "b"], [tokens(1, 0.5), tokens(2, -2.0)])
    files.add(["line\nbreak"], [tokens(4, 1.5)])

    states, mask = StateFiles(tmp_path, 3).take(["line\nbreak", "a", "b"])

    assert states.dtype == np.float16
    assert mask.tolist() == [[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]
    assert states[:, :, 0].tolist() == [[1.5] * 4, [0.5, 0, 0, 0], [-2.0, -2.0, 0, 0]]
    assert files.missing(["c", "b", "c", "d"]) == ["c", "d"]


def test_a_kill_leaves_nothing_that_would_be_read(tmp_path: Path) -> None:
    def killed() -> Iterator[npt.NDArray[np.float32]]:
        yield tokens(1, 1.0)
        raise KeyboardInterrupt

    files = StateFiles(tmp_path, 3)
    with pytest.raises(KeyboardInterrupt):
        files.add(["a", "b"], killed())

    assert StateFiles(tmp_path, 3).missing(["a", "b"]) == ["a", "b"]
    files.add(["a", "b"], [tokens(1, 1.0), tokens(1, 2.0)])
    assert [path.name for path in tmp_path.iterdir() if ".partial" in path.name] == []
    assert files.missing(["a", "b"]) == []


def test_two_runs_may_write_the_same_shard(tmp_path: Path) -> None:
    one, other = StateFiles(tmp_path, 3), StateFiles(tmp_path, 3)
    one.add(["a"], [tokens(2, 1.0)])
    other.add(["a"], [tokens(2, 1.0)])

    assert other.take(["a"])[0].shape == (1, 2, 3)
    assert len(list(tmp_path.iterdir())) == 1


def test_states_beyond_float16_stay_finite(tmp_path: Path) -> None:
    files = StateFiles(tmp_path, 3)
    files.add(["a"], [tokens(1, 1e6)])

    assert float(files.take(["a"])[0].max()) == LARGEST
