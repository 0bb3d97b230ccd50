"""The timing of passes: what is timed, and what the table says of it."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks import tower_pass


def test_a_timing_is_seconds_of_a_real_pass() -> None:
    result = CliRunner().invoke(tower_pass.app, ["one", "float32"])

    assert result.exit_code == 0, result.output
    cost = json.loads(result.stdout)
    assert 0 < cost["each"] < 60
    assert cost["once"] == 0


def test_the_table_has_the_median_and_the_extremes_of_every_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timed: list[tower_pass.Way] = []

    def seconds(way: tower_pass.Way) -> dict[str, float]:
        timed.append(way)
        return {"each": 1.0 + timed.count(way), "once": 90.0}

    monkeypatch.setattr(tower_pass, "_timed", seconds)

    result = CliRunner().invoke(tower_pass.app, ["--rounds", "3", "--compiled"])

    assert timed[:3] == list(tower_pass.WAYS[:3])  # in turn, not one after the other
    for way in tower_pass.WAYS:
        assert f"| {way.title} | 3.00 (2.00 - 4.00) | - |" in result.stdout
    for way in tower_pass.COMPILED:
        assert f"| {way.title} | 2.00 | 90 |" in result.stdout
