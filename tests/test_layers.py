"""The walls of the house stand: who imports whom, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
HEAVY = (
    "torch", "transformers", "pandas", "pyarrow", "mlflow", "pymilvus", "feast",
    "great_expectations", "evidently", "kfp", "kserve", "sklearn", "scipy", "ranx",
)  # fmt: skip
CLIENTS = ("great_expectations", "feast", "pymilvus", "mlflow")


def test_rooms_import_downwards_only_and_no_platform() -> None:
    linter = Path(sys.executable).parent / "lint-imports"

    result = subprocess.run(
        [linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "statement", ["import uniecs", "import uniecs.settings, uniecs.errors", "import uniecs.steps"]
)
def test_a_light_import_loads_nothing_heavy(statement: str) -> None:
    assert heavy_modules_after(statement) == []


def test_the_help_page_loads_nothing_heavy() -> None:
    call = "import typer.testing; from uniecs.cli.app import app; "
    call += "assert typer.testing.CliRunner().invoke(app, ['--help']).exit_code == 0"

    assert heavy_modules_after(call) == []


def test_a_component_module_loads_only_kfp() -> None:
    names = sorted(path.stem for path in (REPOSITORY / "components").glob("[a-z]*.py"))
    call = "; ".join(["import components", *(f"import components.{name}" for name in names)])

    assert set(heavy_modules_after(call)) <= {"kfp"}


@pytest.mark.parametrize("client", CLIENTS)
def test_one_file_of_the_library_knows_the_client(client: str) -> None:
    importers = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "uniecs").rglob("*.py")
        if client in imported(path)
    }

    assert len(importers) <= 1, importers


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def heavy_modules_after(statement: str) -> list[str]:
    check = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", check], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return ast.literal_eval(result.stdout.splitlines()[-1])
