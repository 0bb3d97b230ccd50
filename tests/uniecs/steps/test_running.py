import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import BaseModel

from uniecs.errors import StepError
from uniecs.settings import Settings
from uniecs.steps import StepOutput, folder_output_digest, run_step, running


class Config(BaseModel):
    words: int = 2


class Writer:
    """A work that counts how often it ran."""

    def __init__(self, text="hello"):
        self.runs = 0
        self.text = text

    def __call__(self, folder: Path):
        self.runs += 1
        (folder / "deep" / "er").mkdir(parents=True, exist_ok=True)
        (folder / "deep" / "er" / "text.txt").write_text(self.text)
        return {"words": len(self.text.split()), "folder": Path("deep")}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def run(settings, work, **changes) -> StepOutput:
    arguments = {"inputs": {"catalog": "c1"}, "config": Config(), "code": ["uniecs.errors"]}
    return run_step("write", work=work, settings=settings, **{**arguments, **changes})


def test_the_second_run_reuses_the_output_of_the_first(settings):
    work = Writer()

    first, second = run(settings, work), run(settings, work)

    assert (work.runs, first.reused, second.reused) == (1, False, True)
    assert (second.folder, second.report, second.digest) == (
        first.folder,
        first.report,
        first.digest,
    )
    assert second.report == {"words": 1, "folder": "deep"}


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"catalog": "c2"}},
        {"config": Config(words=3)},
        {"code": ["uniecs.settings"]},
        {"code": ["uniecs.errors", "uniecs.settings"]},
    ],
    ids=["input", "config", "code", "more code"],
)
def test_another_input_config_or_code_is_another_step(settings, change):
    work = Writer()

    assert run(settings, work).key != run(settings, work, **change).key
    assert work.runs == 2


def test_a_config_as_mapping_and_as_model_give_one_key(settings):
    assert run(settings, Writer()).key == run(settings, Writer(), config={"words": 2}).key


def test_an_edited_source_file_changes_the_key(settings, tmp_path, monkeypatch):
    package = tmp_path / "sources" / "madeup"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('a digest must not import this')\n")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "part.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path / "sources")
    keys = [run(settings, Writer(), code=["madeup.inner"]).key]

    (package / "inner" / "page.html").write_text("<p>")
    keys.append(run(settings, Writer(), code=["madeup.inner"]).key)
    (package / "inner" / "part.py").write_text("x = 2\n")
    keys.append(run(settings, Writer(), code=["madeup.inner"]).key)
    (package / "outer.py").write_text("y = 1\n")

    assert len(set(keys)) == 3
    assert run(settings, Writer(), code=["madeup.inner"]).key == keys[-1]
    assert "madeup" not in sys.modules


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "deep/er/text.txt").write_text("HELLO"), "other content"),
        (lambda folder: (folder / "deep/er/text.txt").unlink(), "is missing"),
        (lambda folder: (folder / "extra.txt").write_text("x"), "was added"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
    ],
    ids=["changed", "missing", "added", "no manifest", "torn manifest"],
)
def test_an_altered_output_is_kept_aside_and_made_again(settings, caplog, damage, named):
    work = Writer()
    first = run(settings, work)
    damage(first.folder)

    with caplog.at_level(logging.WARNING):
        second = run(settings, work)

    assert (work.runs, second.reused, second.digest) == (2, False, first.digest)
    assert named in caplog.text
    assert len([*first.folder.parent.glob(".altered-*")]) == 1


def test_an_output_whose_effect_elsewhere_is_gone_is_made_again(settings):
    work = Writer()
    run(settings, work)

    assert run(settings, work, still_valid=lambda output: output.report["words"] == 1).reused
    assert not run(settings, work, still_valid=lambda _: False).reused
    assert work.runs == 2
    assert [path.name for path in (settings.steps_dir / "write").iterdir()] == [
        run(settings, work).key
    ]


class Killed(BaseException):
    """Stands for SIGKILL."""


def run_killed_before_the_move(settings, work, monkeypatch):
    def killed(*_paths):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(running, "move_durably", killed)
        with pytest.raises(Killed):
            run(settings, work)
    [partial] = (settings.steps_dir / "write").glob("*.partial")
    assert (partial / "manifest.json").is_file()


def test_a_step_killed_before_its_last_move_is_reused(settings, monkeypatch):
    work = Writer()
    run_killed_before_the_move(settings, work, monkeypatch)

    output = run(settings, work, still_valid=lambda output: output.report["words"] == 1)

    assert (work.runs, output.reused) == (1, True)
    assert (output.folder / "deep/er/text.txt").read_text() == "hello"


def test_a_step_killed_before_its_last_move_is_made_again_when_its_effect_is_gone(
    settings, monkeypatch
):
    work = Writer()
    run_killed_before_the_move(settings, work, monkeypatch)

    output = run(settings, work, still_valid=lambda _: False)

    assert (work.runs, output.reused) == (2, False)
    assert [path.name for path in (settings.steps_dir / "write").iterdir()] == [output.key]


def test_a_failed_work_resumes_in_the_same_folder(settings):
    def fails_once(folder):
        if (folder / ".note").exists():
            (folder / "result.txt").write_text("done")
            return {}
        (folder / ".note").write_text("half")
        raise ValueError("first time")

    with pytest.raises(ValueError, match="first time"):
        run(settings, fails_once)
    output = run(settings, fails_once)

    assert sorted(path.name for path in output.folder.iterdir()) == ["manifest.json", "result.txt"]


def test_a_second_runner_waits_and_reuses(settings):
    started, release = threading.Event(), threading.Event()
    results = []

    def slow(folder):
        started.set()
        release.wait(10)
        return Writer()(folder)

    first = threading.Thread(target=lambda: results.append(run(settings, slow)))
    second = threading.Thread(target=lambda: results.append(run(settings, slow)))
    first.start()
    started.wait(10)
    second.start()
    release.set()
    first.join(10)
    second.join(10)

    assert sorted(output.reused for output in results) == [False, True]


def test_a_published_output_survives_the_loss_of_the_store(settings, tmp_path):
    output = run(settings, Writer())
    target = tmp_path / "artifacts" / "written"
    target.mkdir(parents=True)
    (target / "leftover.txt").write_text("of a killed publication")

    output.publish(target)
    output.publish(target)

    assert folder_output_digest(target) == output.digest
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.*")) == [
        "deep/er/text.txt",
        "manifest.json",
    ]
    assert [path.name for path in target.parent.iterdir()] == ["written"]
    (output.folder / "deep/er/text.txt").unlink()
    assert (target / "deep/er/text.txt").read_text() == "hello"


def test_publishing_across_devices_copies(settings, tmp_path, monkeypatch):
    output = run(settings, Writer())

    def refuse(*_args, **_kwargs):
        raise OSError("cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    output.publish(tmp_path / "copy")

    assert (tmp_path / "copy/deep/er/text.txt").read_text() == "hello"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": {"rate": float("nan")}}, "plain JSON"),
        ({"config": {"work": object()}}, "no JSON form"),
        ({"code": ["uniecs.nowhere"]}, "was not found"),
        ({"code": ["uniecs.errors.deeper"]}, "was not found"),
        ({"inputs": {"catalog": ""}}, "has no digest"),
    ],
)
def test_a_step_that_cannot_have_a_key_says_why(settings, arguments, message):
    with pytest.raises(StepError, match=message):
        run(settings, Writer(), **arguments)


def test_a_step_name_that_is_no_folder_name_is_refused(settings):
    with pytest.raises(StepError, match=r"'\.\./up'"):
        run_step("../up", inputs={}, config={}, code=[], work=Writer(), settings=settings)


def test_a_work_may_not_write_the_manifest_itself(settings):
    def work(folder):
        (folder / "manifest.json").write_text("{}")
        return {}

    with pytest.raises(StepError, match=r"manifest\.json at the top"):
        run(settings, work)


def test_a_folder_that_no_step_made_has_no_output_digest(tmp_path):
    with pytest.raises(StepError, match="not the output of a finished step"):
        folder_output_digest(tmp_path)


def test_nothing_in_the_manifest_depends_on_when_or_where_the_step_ran(tmp_path):
    texts = [
        (run(Settings(home=tmp_path / home), Writer()).folder / "manifest.json").read_text()
        for home in ("here", "there")
    ]

    assert texts[0] == texts[1]
    assert json.loads(texts[0])["inputs"] == {"catalog": "c1"}


def test_importing_steps_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import uniecs.steps; "
        "heavy = {'pydantic', 'pandas', 'numpy', 'torch', 'sqlalchemy', 'mlflow'}; "
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
