"""Workers are real processes: they answer trial by trial, and say why they cannot."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.speed import __main__ as command
from benchmarks.speed import processes
from benchmarks.speed.arms.uniecs_scaling import write_catalog
from benchmarks.speed.inputs import Inputs, draw_inputs
from benchmarks.speed.processes import ArmFailed, Process
from uniecs.catalog.validation import validate_catalog


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return draw_inputs(tmp_path_factory.mktemp("inputs"), 8)


def test_inputs_are_searches_and_products_in_turn_with_pictures(inputs: Inputs) -> None:
    search, product = inputs.texts[:2]

    assert len(search) < len(product)
    assert [picture.mode for picture in inputs.pictures(30)] == ["RGB"] * 30
    ids = inputs.vocabulary()
    assert len(ids) == len(set(ids.values())) > 512


def test_a_worker_says_why_it_cannot_and_answers_what_it_can(inputs: Inputs) -> None:
    process = Process("uniecs", "scaling")
    try:
        with pytest.raises(ArmFailed, match="KeyError"):
            process.prepare({})

        assert process.prepare({"rows": 50, "inputs": str(inputs.folder)}) == {}
        assert process.run("read") > 0
        with pytest.raises(ArmFailed, match="AttributeError"):
            process.run("dance")
        assert process.run("read") > 0
        facts = process.facts()
    finally:
        process.close()
    assert facts["peak_mb"] > 50
    assert facts["versions"]["torch"]


def test_a_generated_catalog_of_any_size_holds_valid_rows(
    demo_catalog: Path, tmp_path: Path
) -> None:
    (tmp_path / "catalog").symlink_to(demo_catalog)

    write_catalog(Inputs(tmp_path), tmp_path / "rows", 300)

    outcome = validate_catalog(tmp_path / "rows", tmp_path / "report")
    assert (outcome.rows, outcome.quarantined) == (300, 0)


def test_peers_without_their_environment_are_refused_with_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PEERS", tmp_path)

    with pytest.raises(ArmFailed, match=r"python -m benchmarks\.speed peers"):
        Process("open_clip", "encode")


def test_a_busy_machine_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "busy_share", lambda: 0.5)
    results = tmp_path / "speed.jsonl"

    outcome = CliRunner().invoke(command.app, ["run", "--results", str(results)])

    assert outcome.exit_code == 1
    assert "50% busy" in outcome.stderr
    assert not results.exists()
