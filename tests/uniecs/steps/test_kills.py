"""Killing a step at any moment and running it again gives what an undisturbed run gives."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uniecs.steps import folder_output_digest

CHILD = Path(__file__).with_name("child.py")
NEVER = -1
DIED = -signal.SIGKILL


def start(home: Path, boundary: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(home), str(boundary)], stdout=subprocess.PIPE, text=True
    )


def finish(home: Path, boundary: int) -> tuple[int, str]:
    process = start(home, boundary)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[bytes, int]:
    """Manifest of a run that nobody killed, and how many write boundaries it passed."""
    home = tmp_path_factory.mktemp("undisturbed")
    returncode, output = finish(home, NEVER)
    assert returncode == 0
    return (home / "artifact" / "manifest.json").read_bytes(), int(output)


def assert_recovers(home: Path, manifest: bytes) -> None:
    assert finish(home, NEVER)[0] == 0
    assert (home / "artifact" / "manifest.json").read_bytes() == manifest
    assert folder_output_digest(home / "artifact")
    [final] = (home / "steps" / "parts").iterdir()
    assert sorted(path.name for path in final.iterdir()) == ["manifest.json", "parts"]
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []


def boundaries(total: int, stride: int) -> range:
    return range(0, total, stride)


def test_a_step_killed_at_sampled_writes_recovers(undisturbed, tmp_path):
    manifest, total = undisturbed
    assert total > 40

    for boundary in boundaries(total, stride=max(1, total // 12)):
        home = tmp_path / str(boundary)
        assert finish(home, boundary)[0] == DIED
        assert_recovers(home, manifest)


@pytest.mark.slow
def test_a_step_killed_before_and_after_every_write_recovers(undisturbed, tmp_path):
    manifest, total = undisturbed

    for boundary in range(total):
        home = tmp_path / str(boundary)
        assert finish(home, boundary)[0] == DIED
        assert_recovers(home, manifest)


def test_a_step_killed_again_and_again_still_recovers(undisturbed, tmp_path):
    manifest, total = undisturbed
    moments = random.Random(7)

    for _ in range(5):
        finish(tmp_path / "home", moments.randrange(total // 2))

    assert_recovers(tmp_path / "home", manifest)


def test_a_step_killed_at_random_times_recovers(undisturbed, tmp_path):
    manifest, _ = undisturbed
    moments = random.Random(11)

    for number in range(6):
        home = tmp_path / str(number)
        process = start(home, NEVER)
        while not (home / "steps").exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.02)
        process.kill()
        process.communicate()
        assert_recovers(home, manifest)
