"""The programs of docs/export.md run as they are printed."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

PAGE = (Path(__file__).parents[3] / "docs" / "export.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_page_runs(
    program: str,
    tiny_model: Path,
    exported: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(tiny_model, tmp_path / "model")
    shutil.copytree(exported[0], tmp_path / "exported")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "mug.jpg")
    monkeypatch.chdir(tmp_path)

    exec(compile(program, "docs/export.md", "exec"), {})  # noqa: S102 - the page's own program

    assert capsys.readouterr().out.strip()
