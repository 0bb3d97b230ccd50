import json
import shutil
from dataclasses import dataclass

import pytest

from tests.uniecs.registry.making import make_model, make_report
from uniecs.cli.app import app
from uniecs.cli.runtime import run as run_app
from uniecs.releases import ReleaseStore, promote


@pytest.fixture
def run(registry, monkeypatch, capsys):
    """Run the command as a user does: ``(exit code, stdout, stderr)``."""

    def command(*words):
        monkeypatch.setattr("sys.argv", ["uniecs", *words])
        with pytest.raises(SystemExit) as ended:
            run_app(app)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return command


@pytest.fixture
def made(tmp_path):
    """``made("first", 0.5)`` gives a model folder, its report folder and its version."""

    def make(name, recall=0.5):
        version = make_model(tmp_path / name / "model", name)
        make_report(tmp_path / name / "report", version, recall=recall)
        return str(tmp_path / name / "model"), str(tmp_path / name / "report"), version

    return make


def registered(run, made, name, recall=0.5):
    model, report, version = made(name, recall)
    code, out, _ = run("register", model, "--report", report)
    assert (code, out.strip()) == (0, version)
    return version


def test_models_lists_versions_as_json(run, made):
    version = registered(run, made, "first")

    code, out, _ = run("models", "--json")

    [found] = json.loads(out)
    assert code == 0
    assert (found["version"], found["stage"]) == (version, "none")
    assert found["metrics"]["R@10"] == 0.5
    assert found["catalog_digest"] == "c" * 64


def test_models_of_a_fresh_installation_are_none(run):
    assert run("models", "--json")[:2] == (0, "[]\n")
    code, out, err = run("models")
    assert (code, out) == (0, "")
    assert "no model versions yet" in err


def test_models_shows_a_table(run, made):
    version = registered(run, made, "first")

    _, out, _ = run("models")

    assert version in out
    assert "0.500" in out


def test_promote_shows_the_gates_reasons_and_every_stage(run, made):
    version = registered(run, made, "first")

    code, out, err = run("promote", version[:6], "production")

    assert code == 0
    assert out == f"{version}: candidate -> staging -> canary -> production\n"
    assert "times that of a random ranking" in " ".join(err.split())
    assert run("promote", "1", "production")[1] == f"{version} is in stage production already\n"


def test_promote_of_a_worse_version_is_refused_with_exit_code_1(run, made):
    run("promote", registered(run, made, "first", 0.6), "production")
    worse = registered(run, made, "second", 0.3)

    code, out, err = run("promote", worse, "production")

    assert (code, out) == (1, "")
    assert "wholly below" in err
    assert "Traceback" not in err
    assert {m["version"]: m["stage"] for m in json.loads(run("models", "--json")[1])}[worse] == (
        "none"
    )


def test_promote_as_json_names_the_replaced_version_and_the_gate(run, made):
    first = registered(run, made, "first", 0.5)
    run("promote", first, "production")

    code, out, _ = run("promote", registered(run, made, "second", 0.6), "production", "--json")

    done = json.loads(out)
    assert (code, done["stage"], done["replaced"]) == (0, "production", first)
    assert done["gate"]["passed"] is True


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("promote", "m-unknown", "staging"), 1, "no model version 'm-unknown'"),
        (("promote", "1", "producton"), 2, "no stage 'producton'"),
        (("promote", "1"), 2, "Missing argument"),
        (("register", "nowhere", "--report", "nowhere"), 1, "nowhere"),
        (("rollback",), 1, "nothing to roll back"),
        (("deploy", "g-unknown"), 1, "g-unknown"),
        (("releases", "r-unknown"), 1, "'r-unknown' is no release"),
    ],
)
def test_a_wrong_call_ends_in_one_message(run, words, code, message):
    ended, out, err = run(*words)

    assert (ended, out) == (code, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err


@dataclass(frozen=True)
class Generation:
    id: str
    model_version: str
    catalog_digest: str = "c" * 64


def test_rollback_prints_what_changed(run, made, settings, registry, register):
    alias = []
    store = ReleaseStore(settings, swap_generation=alias.append)
    released = []
    for name, recall in (("first", 0.5), ("second", 0.6)):
        version = register(registry, name, recall=recall).version
        promote(registry, version, "production")
        composed = store.compose(version, Generation("g-shared", version), None)
        released.append(store.deploy(composed.release_id))
    third = register(registry, "third", recall=0.7).version
    promote(registry, third, "production")

    code, out, _ = run("rollback")

    assert code == 0
    assert f"stage of {third}: production -> archived" in out
    assert f"stage of {released[1].model_version}: archived -> production" in out
    listed = json.loads(run("releases", "--json")[1])
    assert [release["state"] for release in listed] == ["superseded", "live"]
    found = json.loads(run("releases", released[0].release_id, "--json")[1])
    assert found["release"]["release_id"] == released[0].release_id


@pytest.mark.slow
def test_a_model_is_released_and_rolled_back_with_a_real_index(
    run, accepted_catalog, tiny_model, tmp_path
):
    """From a model folder to a live release on Milvus Lite, and back, by commands alone."""
    from uniecs.encoder.folder import verify_model_folder

    version = verify_model_folder(tiny_model).version
    make_report(tmp_path / "report", version, recall=0.5)
    run("register", str(tiny_model), "--report", str(tmp_path / "report"))
    run("promote", version, "production")
    generations = []
    try:
        for copy in ("one", "two"):
            shutil.copytree(accepted_catalog, tmp_path / copy)
            built = run("index", "build", str(tiny_model), str(tmp_path / copy), "--json")
            generations.append(json.loads(built[1])["generation"])
            code, out, err = run("deploy", generations[-1], "--json")
            assert code == 0, err
            assert json.loads(out)["state"] == "live"

        code, out, err = run("rollback")

        assert code == 0, err
        assert f"generation: {generations[1]} -> {generations[0]}" in out
        states = {
            g["generation"]: g["state"] for g in json.loads(run("index", "list", "--json")[1])
        }
        assert states[generations[0]] == "live"
    finally:
        run("index", "stop")
