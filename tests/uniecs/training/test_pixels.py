"""Pictures are decoded once for all runs that share them, whoever comes first."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.heldout import PictureDigests
from uniecs.training.pixels import PixelStore


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, str]:
    generator = np.random.default_rng(0)
    for number in range(12):
        noise = generator.integers(0, 255, (40, 30, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    digests = PictureDigests(tmp_path)
    return {path.name: digests.of(path.name) for path in sorted(tmp_path.glob("*.png"))}


def test_of_runs_that_begin_at_once_the_first_to_finish_is_shared(
    pictures: dict[str, str], parts: Parts, tmp_path: Path
) -> None:
    faster = PixelStore(tmp_path / "faster", tmp_path, pictures, parts.processor)
    shared = tmp_path / "shared" / faster.folder.name
    under_way = shared.with_name(f"{shared.name}.0.partial")
    under_way.mkdir(parents=True)

    def overtaken(_done: int) -> None:
        if not shared.exists():
            shutil.copytree(faster.folder, shared)

    slower = PixelStore(
        tmp_path / "shared", tmp_path, pictures, parts.processor, progress=overtaken
    )

    assert slower.take(["3.png"]).equal(faster.take(["3.png"]))
    assert sorted(shared.parent.iterdir()) == [shared, under_way]


def test_a_later_run_decodes_nothing_and_what_is_broken_is_absent(
    pictures: dict[str, str], parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = PixelStore(tmp_path / "shared", tmp_path, pictures, parts.processor)
    monkeypatch.setattr("uniecs.training.pixels.decode_image", None)

    again = PixelStore(tmp_path / "shared", tmp_path, pictures, parts.processor)

    assert "broken.png" not in again
    assert again.take(["3.png"]).equal(first.take(["3.png"]))
