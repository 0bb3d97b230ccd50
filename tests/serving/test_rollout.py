import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from serving import rollout
from serving.pointer import read_pointer
from serving.predictor.model import UniecsModel
from serving.predictor.refusals import Overloaded, RequestRefused, TooLate
from serving.rollout import check_temporarily, deploy_release, wait_until_live
from serving.status import running_server
from tests.serving.running import write_pointer
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import ModelError, ServiceUnavailable
from uniecs.settings import Settings

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "serving", "--http-port", "0", "--grpc-port", "0"]


def version(folder: Path) -> str:
    return verify_model_folder(folder).version


@contextmanager
def process(settings: Settings, log: Path) -> Iterator[tuple[subprocess.Popen[str], dict]]:
    """The command as a user starts it; yields what it prints when ready."""
    environment = os.environ | {"UNIECS_HOME": str(settings.root)}
    with log.open("w") as words:
        started = subprocess.Popen(
            COMMAND,
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
        )
        try:
            assert started.stdout is not None
            line = started.stdout.readline()
            assert line, log.read_text()
            yield started, json.loads(line)
        finally:
            started.kill()
            started.wait()
            started.stdout.close()


def test_a_release_goes_live_on_a_running_server_and_a_bad_one_is_undone(
    settings: Settings, tiny_model: Path, other_model: Path, broken_model: Path, tmp_path: Path
) -> None:
    write_pointer(settings, tiny_model, 1)
    log = tmp_path / "log"
    with process(settings, log) as (server, printed):
        assert printed["model_version"] == version(tiny_model)
        assert printed["http_url"].startswith("http://127.0.0.1:")
        assert printed["grpc_url"].startswith("127.0.0.1:")

        report = deploy_release(
            settings,
            model_folder=other_model,
            model_version=version(other_model),
            point=lambda: write_pointer(settings, other_model, 2),
            undo=lambda: pytest.fail("a good release was undone"),
            timeout=60,
        )

        assert (report.server, report.revision) == ("local", 2)
        assert report.http_url == printed["http_url"]
        assert report.check.dim == 32
        with pytest.raises(ModelError, match="was changed"):
            deploy_release(
                settings,
                model_folder=broken_model,
                model_version="m-broken",
                point=lambda: write_pointer(settings, broken_model, 3, model_version="m-broken"),
                undo=lambda: write_pointer(settings, other_model, 4),
                timeout=60,
            )
        report = wait_until_live(settings, version(other_model), 60)
        assert report.revision == 4

        words = "a text that only the customer knows"
        body = {"instances": [{"text": words}, {"text": words * 99}, {"image": {"b64": words}}]}
        for url in ("/v1/models/uniecs:predict", "/v2/models/uniecs/infer", f"/v1/{words}"):
            httpx.post(printed["http_url"] + url, json=body, trust_env=False)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        assert server.stdout is not None
        assert server.stdout.read() == ""  # stdout held one line of JSON and nothing else
    assert words not in log.read_text()
    assert "Traceback" not in log.read_text()
    assert running_server(settings) is None
    assert not (settings.root / "serving.json").exists()


@pytest.mark.slow
def test_without_a_server_a_temporary_one_proves_the_model_before_the_pointer_moves(
    settings: Settings, tiny_model: Path
) -> None:
    moved = []

    report = deploy_release(
        settings,
        model_folder=tiny_model,
        model_version=version(tiny_model),
        point=lambda: moved.append("to the new"),
        undo=lambda: moved.append("back"),
    )

    assert moved == ["to the new"]
    assert (report.server, report.revision) == ("temporary", None)
    assert report.check.model_version == version(tiny_model)
    with pytest.raises(httpx.ConnectError):
        httpx.get(report.http_url, trust_env=False)


def test_without_a_server_a_model_that_cannot_serve_moves_nothing(
    settings: Settings, broken_model: Path
) -> None:
    with pytest.raises(ModelError, match="was changed"):
        deploy_release(
            settings,
            model_folder=broken_model,
            model_version="m-x",
            point=lambda: pytest.fail("the pointer moved"),
            undo=lambda: pytest.fail("nothing to undo"),
        )


def test_a_folder_of_another_version_is_not_started(tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="not m-x"):
        check_temporarily(tiny_model, "m-x")


def test_waiting_without_a_server_ends_in_a_clear_error(
    settings: Settings, tiny_model: Path
) -> None:
    write_pointer(settings, tiny_model, 1)

    with pytest.raises(ServiceUnavailable, match="serves nothing"):
        wait_until_live(settings, version(tiny_model), 0.2)


def test_waiting_for_a_release_that_was_overtaken_ends_at_once(
    settings: Settings, tiny_model: Path, follow
) -> None:
    write_pointer(settings, tiny_model, 1)
    follow()

    with pytest.raises(ServiceUnavailable, match="another release was deployed meanwhile"):
        wait_until_live(settings, "m-older", 30)


def answer_after(refusals: list[RequestRefused], monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses requests one after another, and then answers."""
    encode = UniecsModel._encode

    async def busy(self, *work):
        if refusals:
            raise refusals.pop(0)
        return await encode(self, *work)

    monkeypatch.setattr(UniecsModel, "_encode", busy)


def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    settings: Settings, tiny_model: Path, follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pointer(settings, tiny_model, 1)
    follow()
    refusals = [Overloaded("64 items wait"), TooLate("10 s"), Overloaded("64 items wait")]
    answer_after(refusals, monkeypatch)

    report = wait_until_live(settings, version(tiny_model), 30)

    assert report.check.model_version == version(tiny_model)
    assert refusals == []


def test_a_server_that_stays_busy_is_given_up_and_the_pointer_moved_back(
    settings: Settings, tiny_model: Path, follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pointer(settings, tiny_model, 1)
    follow()
    answer_after([Overloaded("64 items wait")] * 10_000, monkeypatch)
    monkeypatch.setattr(rollout, "BUSY_SECONDS", 0.3)
    moved = []

    with pytest.raises(ServiceUnavailable, match="answered 503"):
        deploy_release(
            settings,
            model_folder=tiny_model,
            model_version=version(tiny_model),
            point=lambda: moved.append("to the new"),
            undo=lambda: moved.append("back"),
        )

    assert moved == ["to the new", "back"]


def test_without_pointer_and_model_the_command_says_what_to_do(settings: Settings) -> None:
    environment = os.environ | {"UNIECS_HOME": str(settings.root)}

    done = subprocess.run(
        COMMAND, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "No release is live" in done.stderr
    assert "--model FOLDER" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_folder_that_is_no_model_and_a_wrong_option_are_told_apart(tmp_path: Path) -> None:
    codes = [
        subprocess.run([*COMMAND, *more], cwd=REPOSITORY, capture_output=True, check=False)
        for more in (["--model", str(tmp_path)], ["--port", "1"], ["--http-port", "70000"])
    ]

    assert [done.returncode for done in codes] == [1, 2, 2]
    assert b"is no model folder" in codes[0].stderr


def test_help_loads_nothing_heavy() -> None:
    call = (
        "import sys, typer.testing; from serving.__main__ import app; "
        "assert typer.testing.CliRunner().invoke(app, ['--help']).exit_code == 0; "
        "print([name for name in ('torch', 'kserve', 'transformers') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", call], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("content", ['{"revision": 1}', "[]", "not json"])
def test_a_pointer_that_cannot_be_read_is_named(settings: Settings, content: str) -> None:
    settings.root.mkdir(parents=True)
    (settings.root / "release.json").write_text(content)

    with pytest.raises(ServiceUnavailable, match=r"release\.json cannot be read"):
        read_pointer(settings)
