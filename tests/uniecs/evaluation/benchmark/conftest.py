"""Little shops whose listings are drawn to order, and a benchmark of the demo catalog."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from uniecs.evaluation.benchmark import BenchmarkConfig, BenchmarkSummary, build_benchmark

Row = dict[str, object]


def draw_picture(seed: int, size: tuple[int, int] = (96, 120)) -> Image.Image:
    """Ten boxes of random colours on white: no two seeds look alike."""
    rng = np.random.default_rng(seed)
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    for _ in range(10):
        x, y = rng.integers(0, size[0] - 30), rng.integers(0, size[1] - 30)
        pixels[y : y + 30, x : x + 30] = rng.integers(0, 256, 3)
    return Image.fromarray(pixels)


@dataclass
class Shop:
    """A catalog under construction: ``add`` rows, then ``build`` a benchmark of it."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.rows: list[Row] = []

    def add(self, product_id: str, title: str, *, picture: object = None, **cells: object) -> None:
        """Add a listing; ``picture`` is a picture, or None for one of its own."""
        path = self.folder / f"{product_id}.png"
        own = draw_picture(len(self.rows)) if picture is None else picture
        assert isinstance(own, Image.Image)
        own.save(path)
        attributes = json.dumps(cells.pop("attributes", {}))
        row = {"product_id": product_id, "title": title, "image_paths": [path.name]}
        usual = {"category": "Home > Mugs", "split": "train"}
        self.rows.append({**usual, **row, "attributes": attributes, **cells})

    def write(self) -> Path:
        """Write the catalog."""
        pd.DataFrame(self.rows).to_parquet(self.folder / "catalog.parquet")
        return self.folder

    def build(self, **options: object) -> BenchmarkSummary:
        """Write the catalog and build a benchmark beside it."""
        clicks = options.pop("clicks", None)
        config = BenchmarkConfig.model_validate(options)
        return build_benchmark(self.write(), self.out, clicks=clicks, config=config)  # type: ignore[arg-type]

    @property
    def out(self) -> Path:
        """The benchmark."""
        return self.folder.with_name("benchmark")

    @property
    def pairs(self) -> pd.DataFrame:
        """Rows of ``pairs.parquet``."""
        return pd.read_parquet(self.out / "pairs.parquet")

    @property
    def paired(self) -> set[frozenset[str]]:
        """The ids of each pair."""
        sides = self.pairs[["trigger_product_id", "recall_product_id"]]
        return {frozenset(ids) for ids in sides.itertuples(index=False)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An empty shop."""
    return Shop(tmp_path / "shop")


@dataclass(frozen=True)
class Built:
    """A benchmark and what its build reported."""

    source: Path
    folder: Path
    summary: BenchmarkSummary

    def table(self, name: str) -> pd.DataFrame:
        """Rows of one of its Parquet files."""
        return pd.read_parquet(self.folder / f"{name}.parquet")


@pytest.fixture(scope="session")
def demo_benchmark(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A benchmark of the generated demo catalog, its defects included: read-only."""
    out = tmp_path_factory.mktemp("benchmark") / "demo"
    return Built(demo_catalog, out, build_benchmark(demo_catalog, out))


@pytest.fixture
def encoded() -> Callable[[Image.Image, float, int], Image.Image]:
    """A picture in another size and encoding."""
    import io

    def encode(image: Image.Image, scale: float, quality: int) -> Image.Image:
        buffer = io.BytesIO()
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size).save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return encode
