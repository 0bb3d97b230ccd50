"""The commands `uniecs index ...` and `uniecs search`, as other programs call them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.shop import Shop
from uniecs.catalog.reading import Catalog
from uniecs.cli.app import app
from uniecs.cli.runtime import run
from uniecs.errors import GenerationError
from uniecs.index.generations import GenerationStore
from uniecs.index.lite_server import find_lite_server
from uniecs.settings import Settings

Ended = Callable[..., tuple[object, str]]


@pytest.fixture
def home(fresh_home: Path) -> Settings:
    return Settings(home=fresh_home)


def uniecs(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def as_json(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_catalog_goes_live_and_is_searched_by_commands(
    home: Settings, tiny_model: Path, accepted_catalog: Path
) -> None:
    first = as_json(uniecs("index", "build", tiny_model, accepted_catalog, "--json"))["generation"]
    assert as_json(uniecs("index", "verify", first, "--json"))["passed"]
    assert uniecs("index", "swap", first).exit_code == 0
    second = uniecs("index", "build", tiny_model, accepted_catalog).stdout.strip()
    assert uniecs("index", "swap", second).exit_code == 0
    assert f"{first} is live" in uniecs("index", "rollback").stdout

    listed = as_json(uniecs("index", "list", "--json"))
    assert [(g["generation"], g["state"]) for g in listed] == [
        (first, "live"),
        (second, "draining"),
    ]
    assert {"generation", "state", "rows", "model_version", "created"} <= set(listed[0])
    assert second in uniecs("index", "list").stdout

    where = "price < 1000 and presence == 'IT'"
    found = as_json(uniecs("search", "red mug", "--where", where, "--top-k", "3", "--json"))
    assert (found["generation"], len(found["hits"])) == (first, 3)
    assert found["hits"][0]["product_id"] in uniecs("search", "red mug", "--where", where).stdout

    assert isinstance(uniecs("index", "drop", first).exception, GenerationError)
    assert uniecs("index", "drop", second).stdout.strip() == f"dropped {second}"
    assert uniecs("index", "stop").stdout.strip() == "stopped"
    assert find_lite_server(home) is None


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ended:
    """Run the program as a shell does: ``(exit code, stderr)``; stdout stays empty."""

    def program(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr("sys.argv", ["uniecs", *arguments])
        with pytest.raises(SystemExit) as exited:
            run(app)
        said = capsys.readouterr()
        assert said.out == ""
        return exited.value.code, said.err

    return program


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "mug", "--top-k", "many"], "should be a valid integer"),
        (["search", "mug", "--nothing"], "No such option"),
        (["search", "mug", "--mode", "wild"], "give hybrid or dense"),
        (["search"], "neither text nor image; give one"),
        (["search", " ", "--where", "price < 5"], "neither text nor image; give one"),
        (["search", "x" * 2001], "the limit is 2000"),
        (["search", "\udcff mug"], "not valid Unicode: character 1 is '\\udcff'"),
        (["search", "mug", "--where", "price <"], "position 7, at the end: expected a value"),
        (["search", "mug", "--where", 'brand == "X'], "close the quotation mark"),
        (["search", "mug", "--where", "colour == 'red'"], "Unknown column 'colour' at position 0"),
        (["index", "verify"], "Missing argument"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(
    home: Settings, ended: Ended, arguments: list[str], message: str
) -> None:
    code, said = ended(*arguments)

    assert code == 2
    assert message in " ".join(said.split())
    assert not (home.root / "milvus-server.json").exists()


def test_bad_data_is_one_message_and_exit_code_1(shop: Shop, ended: Ended, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIECS_HOME", str(shop.settings.home))
        no_generation = ended("index", "verify", "g-none")
        no_picture = ended("search", "--image", str(tmp_path / "none.jpg"))

    assert (no_generation[0], no_picture[0]) == (1, 1)
    assert "g-none" in no_generation[1]
    assert "none.jpg': no such picture" in " ".join(no_picture[1].split())


def test_the_program_itself_exits_so(home: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uniecs.cli.app", "search", b"\xff mug", "--where", "colour > 1"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Unknown column 'colour'")


def test_a_fresh_installation_has_no_generations(home: Settings) -> None:
    assert as_json(uniecs("index", "list", "--json")) == []


def test_titles_are_shown_as_they_were_written(
    shop: Shop, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "mug [/red] [pack of 3] [bold]"
    (tmp_path / "catalog.jsonl").write_text(json.dumps({"product_id": "[p]", "title": title}))
    mine = shop.tenant("brackets")
    store = GenerationStore(mine)
    built = store.build(shop.encoder, Catalog(tmp_path), model_folder=tiny_model)
    store.swap(built.id)
    monkeypatch.setenv("UNIECS_HOME", str(mine.home))
    monkeypatch.setenv("UNIECS_TENANT", "brackets")

    shown = uniecs("search", "mug")

    assert shown.exit_code == 0, shown.output
    assert "[p]" in shown.stdout
    assert title in " ".join(shown.stdout.split())


@pytest.mark.slow
def test_searching_in_a_loop_never_fails_while_another_process_builds_and_swaps(
    home: Settings, tiny_model: Path, accepted_catalog: Path
) -> None:
    def command(*arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "uniecs.cli.app", *(str(a) for a in arguments)]

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), capture_output=True, text=True, check=False, timeout=280
        )

    built = call("index", "build", tiny_model, accepted_catalog, "--json")
    assert call("index", "swap", json.loads(built.stdout)["generation"]).returncode == 0
    build = command("index", "build", tiny_model, accepted_catalog, "--json")
    changes = f"""
import json, subprocess
for _ in range(3):
    done = subprocess.run({build!r}, capture_output=True, check=True)
    generation = json.loads(done.stdout)["generation"]
    subprocess.run({command("index", "swap")!r} + [generation], check=True)
"""
    writer = subprocess.Popen([sys.executable, "-c", changes])
    generations = set()
    while writer.poll() is None or len(generations) < 2:
        done = call("search", "red mug", "--json")
        assert done.returncode == 0, done.stderr
        generations.add(json.loads(done.stdout)["generation"])

    assert writer.returncode == 0
