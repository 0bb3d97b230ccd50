"""The commands `uniecs index ...` and `uniecs search`, as other programs call them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.shop import Shop
from uniecs.catalog.reading import Catalog
from uniecs.cli.app import app
from uniecs.errors import GenerationError, QueryError
from uniecs.index.generations import GenerationStore
from uniecs.index.lite_server import find_lite_server, stop_lite_server
from uniecs.settings import Settings


@pytest.fixture
def home(fresh_home: Path) -> Iterator[Settings]:
    settings = Settings(home=fresh_home)
    yield settings
    stop_lite_server(settings)


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


def test_wrong_usage_is_told_apart_from_bad_data(home: Settings) -> None:
    assert uniecs("search", "mug", "--top-k", "many").exit_code == 2
    assert uniecs("search", "mug", "--nothing").exit_code == 2
    assert uniecs("index", "verify").exit_code == 2
    assert isinstance(uniecs("search").exception, QueryError)
    assert isinstance(uniecs("index", "verify", "g-none").exception, GenerationError)
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
