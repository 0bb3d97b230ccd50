"""``uniecs export``: what it prints, and how it refuses."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from uniecs.cli.app import app
from uniecs.errors import GateRefused, ModelError
from uniecs.inference import export as exporting


def test_the_printed_document_is_the_account(exported: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = exported

    assert printed["format"] == "onnx"
    assert printed["passed"]
    assert (folder / "export.json").is_file()


def test_an_altered_model_is_refused_before_anything_is_written(
    tiny_model: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    with (folder / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")

    result = CliRunner().invoke(app, ["export", str(folder), str(tmp_path / "out")])

    assert isinstance(result.exception, ModelError)
    assert "was changed" in str(result.exception)
    assert not list(tmp_path.glob("out*"))


def test_an_unknown_format_is_wrong_usage(tiny_model: Path, tmp_path: Path) -> None:
    told = ["export", str(tiny_model), str(tmp_path / "out"), "--format", "tflite"]

    assert CliRunner().invoke(app, told).exit_code == 2


@pytest.mark.slow
def test_a_refused_export_shows_its_figures_and_is_exit_code_1(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exporting.FLOORS, "fp32", 1.01)

    result = CliRunner().invoke(app, ["export", str(tiny_model), str(tmp_path / "out")])

    assert isinstance(result.exception, GateRefused)
    assert result.exception.exit_code == 1
    assert "1.01" in result.stdout
    assert not (tmp_path / "out").exists()
