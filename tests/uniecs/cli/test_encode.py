"""``uniecs encode``: a file in, a file out, exit codes as promised."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from uniecs.cli.app import app
from uniecs.errors import DataError


def run(tiny_model: Path, lines: list[str | bytes], folder: Path) -> tuple[int, Path]:
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    (folder / "items.jsonl").write_bytes(b"\n".join(raw))
    out = folder / "out" / "vectors.parquet"
    result = CliRunner().invoke(
        app,
        ["encode", str(tiny_model), "--input", str(folder / "items.jsonl"), "--output", str(out)],
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, out


def test_each_line_becomes_one_row_in_order(tiny_model: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "red.png")
    lines = [
        json.dumps({"id": "a", "text": "red mug"}),
        json.dumps({"id": "b", "image": "red.png"}),
        json.dumps({"id": "c"}),
        "{not json",
        json.dumps({"id": "d", "text": "mug", "image": "absent.png"}),
        json.dumps({"id": 7, "text": "grüner Stuhl", "image": "red.png"}),
    ]

    code, out = run(tiny_model, lines, tmp_path)

    table = pq.read_table(out)
    assert code == 0
    assert table.column_names == ["id", "vector", "gate_image", "gate_text", "error"]
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == ["a", "b", "c", "", "d", "7"]
    assert [row["error"] is None for row in rows] == [True, True, False, False, False, True]
    assert np.linalg.norm(rows[0]["vector"]) == pytest.approx(1, abs=1e-5)
    assert (rows[0]["gate_image"], rows[0]["gate_text"]) == (0.0, 1.0)
    assert rows[2]["vector"] is None
    assert "line 4" in rows[3]["error"]


def test_text_that_is_no_unicode_costs_its_own_row_alone(tiny_model: Path, tmp_path: Path) -> None:
    deep = "[" * 5000
    (tmp_path / "b\udce9.png").write_bytes(b"")
    lines = [
        json.dumps({"id": "a", "text": "red mug"}),
        json.dumps({"id": "b", "text": "red \ud800 mug"}),
        json.dumps({"id": "c\ud800", "text": "red mug"}),
        json.dumps({"id": "d", "image": "b\udce9.png"}),
        json.dumps({"id": "e", "image": "\ud800.png"}),
        b'{"id": "caf\xe9"}',
        f'{{"id": "f", "more": {deep}',
        f'{{"id": {"1" * 5000}}}',
        json.dumps({"id": "g", "text": "red mug"}),
    ]

    code, out = run(tiny_model, lines, tmp_path)

    rows = pq.read_table(out).to_pylist()
    assert code == 0
    assert [row["id"] for row in rows] == ["a", "b", "c\\ud800", "d", "e", "", "", "", "g"]
    assert [row["vector"] is None for row in rows] == [False, *[True] * 7, False]
    assert rows[0]["vector"] == pytest.approx(rows[8]["vector"], abs=1e-6)
    assert rows[1]["error"] == (
        "text: the text is not valid Unicode: character 5 is '\\ud800'; give it as UTF-8"
    )
    assert rows[2]["error"].startswith("line 3: id is not valid Unicode: character 2 is '\\ud800'")
    assert rows[3]["error"].startswith("truncated: ")
    assert "b\\udce9.png" in rows[3]["error"]
    assert rows[4]["error"].startswith("missing: ")
    for number, row in enumerate(rows[5:8], start=6):
        assert row["error"].startswith(f"line {number}: not JSON")


def test_no_row_with_a_vector_is_exit_code_1(tiny_model: Path, tmp_path: Path) -> None:
    code, out = run(tiny_model, [json.dumps({"id": "a"})], tmp_path)

    assert code == 1
    assert pq.read_table(out).num_rows == 1


def test_an_empty_file_is_one_message_and_leaves_nothing(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no items"):
        run(tiny_model, [""], tmp_path)

    assert not list((tmp_path / "out").iterdir())
