"""Pictures are decoded once for all runs that share them, whoever comes first."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.heldout import PictureDigests
from uniecs.encoder.processor import UniECSProcessor
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


def read(
    folder: Path, root: Path, pictures: dict[str, str], processor: UniECSProcessor, _n: int
) -> float:
    store = PixelStore(folder, root, pictures, processor)
    return float(store.take([path for path in pictures if path in store]).float().mean())


def test_runs_that_begin_at_once_share_one_file(
    pictures: dict[str, str], parts: Parts, tmp_path: Path
) -> None:
    folder = tmp_path / "shared"
    given = [(folder, tmp_path, pictures, parts.processor, n) for n in range(4)]

    with multiprocessing.get_context("fork").Pool(4) as pool:
        means = pool.starmap(read, given)

    assert len(set(means)) == 1
    assert len(list(folder.iterdir())) == 1


def test_a_later_run_decodes_nothing_and_what_is_broken_is_absent(
    pictures: dict[str, str], parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = PixelStore(tmp_path / "shared", tmp_path, pictures, parts.processor)
    monkeypatch.setattr("uniecs.training.pixels.decode_image", None)

    again = PixelStore(tmp_path / "shared", tmp_path, pictures, parts.processor)

    assert "broken.png" not in again
    assert again.take(["3.png"]).equal(first.take(["3.png"]))
