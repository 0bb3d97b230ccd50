"""What every command of every program has in common."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from monitoring.__main__ import app as monitoring
from pipelines.__main__ import app as pipelines
from serving.__main__ import app as serving
from uniecs.cli.app import app as uniecs
from uniecs.cli.runtime import run
from uniecs.errors import UniECSError, UsageError

PROGRAMS = {
    "uniecs": uniecs,
    "python -m pipelines": pipelines,
    "python -m monitoring": monitoring,
    "python -m serving": serving,
}


def commands() -> Iterator[tuple[str, typer.Typer, list[str]]]:
    """Every command of every program, groups taken apart."""
    for program, app in PROGRAMS.items():
        waiting = [(get_command(app), [])]
        while waiting:
            command, path = waiting.pop()
            below = getattr(command, "commands", {})
            waiting += [(one, [*path, name]) for name, one in below.items()]
            if not below:
                yield program, app, path


COMMANDS = list(commands())
NAMES = [" ".join([program, *path]) for program, _, path in COMMANDS]


@pytest.mark.parametrize(("program", "app", "path"), COMMANDS, ids=NAMES)
def test_a_command_has_help_with_an_example_and_knows_wrong_usage(
    program: str, app: typer.Typer, path: list[str]
) -> None:
    helped = CliRunner().invoke(app, [*path, "--help"])
    wrong = CliRunner().invoke(app, [*path, "--no-such-option"])

    assert helped.exit_code == 0
    assert "Example: " + " ".join([program, *path]) in " ".join(helped.output.split())
    assert (wrong.exit_code, wrong.stdout) == (2, "")


def example(*path: str) -> dict[str, object]:
    """What the example in the help of a command of ``uniecs`` says, parsed by that command."""
    command = get_command(uniecs)
    for name in path:
        command = command.commands[name]
    told = " ".join(str(command.help).split()).partition("Example: uniecs ")[2]
    return command.make_context(path[-1], shlex.split(told)[len(path) :]).params


def test_examples_validate_the_demos_catalog_and_go_on_with_what_was_accepted(
    fresh_home: Path,
) -> None:
    root = Path(__file__).parents[3]
    home = re.search(r"^DEMO_HOME \?= (\S+)$", (root / "Makefile").read_text(), re.MULTILINE)
    drawn: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.__main__._draw", lambda folder, _products: drawn.append(folder))
        patch.setattr("pipelines.__main__.run_command", lambda **_: None)
        CliRunner().invoke(pipelines, ["demo"])
    assert home is not None
    made = Path(home[1], drawn[0].relative_to(fresh_home))

    validated = example("catalog", "validate")

    assert validated["folder"] == made
    for command in ("train", "tune", "export"):
        assert example(command)["catalog"] == validated["accepted"]


def ending(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """Exit code and stderr of a program whose command raises ``error``."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["program"])
        with pytest.raises(SystemExit) as raised:
            run(app)
    return raised.value.code, capsys.readouterr().err


def test_an_error_is_one_message_as_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    message = "Filter, position 0, at '[/red]': expected a column, not [bold]."

    assert ending(UniECSError(message), capsys) == (1, f"error: {message}\n")
    assert ending(UsageError("--set x"), capsys) == (2, "error: --set x\n")


def test_a_path_that_cannot_be_written_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    refused = PermissionError(13, "Permission denied", "/locked/report.json")

    code, said = ending(refused, capsys)

    assert code == 1
    assert said.startswith("error: /locked/report.json: Permission denied; check path")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("set_before", "count"), [(None, "10000"), ("5", "5")])
def test_waiting_threads_soon_sleep_unless_somebody_wants_them_to_spin(
    monkeypatch: pytest.MonkeyPatch, set_before: str | None, count: str
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if set_before:
        monkeypatch.setenv("GOMP_SPINCOUNT", set_before)
    seen = []
    app = typer.Typer()
    app.command()(lambda: seen.append(os.environ["GOMP_SPINCOUNT"]))
    monkeypatch.setattr("sys.argv", ["program"])

    with pytest.raises(SystemExit):
        run(app)

    assert seen == [count]
