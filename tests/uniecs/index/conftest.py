"""A Milvus to test against, and an encoder of words whose vectors are seeded random."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from uniecs.catalog.items import Item
from uniecs.catalog.reading import Catalog
from uniecs.index.generations import GenerationStore
from uniecs.index.lite_server import ensure_lite_server, stop_lite_server
from uniecs.inference.items import Encoded, ItemError
from uniecs.settings import Settings

DIM = 16


class WordEncoder:
    """Adds up a seeded random vector per word; pictures are their file names."""

    processor_digest = "words-1"
    dim = DIM

    def __init__(self, model_version: str = "m-words") -> None:
        self.model_version = model_version
        self.encoded: list[str] = []

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Encoded:  # noqa: ARG002
        vectors = np.zeros((len(items), DIM), np.float32)
        errors: list[ItemError | None] = [None] * len(items)
        for row, item in enumerate(items):
            self.encoded.append(item.id)
            if item.image is not None and not Path(str(item.image)).exists():
                errors[row] = ItemError("missing", "no such picture")
                continue
            words = item.text.split() + ([Path(str(item.image)).stem] if item.image else [])
            vector = np.sum([self.word(word) for word in words] or [np.zeros(DIM)], axis=0)
            if not words:
                errors[row] = ItemError("empty", "nothing to encode")
                continue
            vectors[row] = vector / np.linalg.norm(vector)
        gates = np.full((len(items), 2), 0.5, np.float32)
        return Encoded([item.id for item in items], vectors, gates, errors)

    def word(self, word: str) -> np.ndarray:
        seed = hashlib.sha256(f"{self.model_version} {word}".encode()).digest()[:8]
        return np.random.default_rng(int.from_bytes(seed, "big")).normal(size=DIM)


def write_catalog(folder: Path, rows: list[dict[str, object]]) -> Catalog:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "catalog.jsonl").write_text(lines, encoding="utf-8")
    return Catalog(folder)


def shop(count: int = 60) -> list[dict[str, object]]:
    """Rows of a small shop; every fifth has no price, every seventh no brand."""
    colours = ("red", "blue", "green")
    kinds = ("mug", "lamp", "chair", "shirt")
    return [
        {
            "product_id": f"p{i:03d}",
            "title": f"{colours[i % 3]} {kinds[i % 4]} number {i}",
            "description": f"A {kinds[i % 4]} that is {colours[i % 3]}.",
            "category": f"Home > {kinds[i % 4]}",
            "brand": None if i % 7 == 0 else f"Brand {i % 4}",
            "price": None if i % 5 == 0 else 10.0 + i,
            "attributes": {
                "color": colours[i % 3],
                "year": str(2000 + i % 10),
                "sizes": ["S", "M"],
            },
        }
        for i in range(count)
    ]


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return write_catalog(tmp_path / "shop", shop())


@pytest.fixture(scope="session")
def lite_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("lite"))
    yield ensure_lite_server(settings).uri
    stop_lite_server(settings)


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.slow)])
def milvus_settings(request: pytest.FixtureRequest, fresh_home: Path, tmp_path: Path) -> Settings:
    """A fresh installation on a shared server; its tenant keeps it apart from other tests."""
    uri = request.getfixturevalue(f"{request.param}_uri")
    tenant = "t" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    return Settings(home=fresh_home, milvus_uri=uri, tenant=tenant)


@pytest.fixture
def store(milvus_settings: Settings) -> Iterator[GenerationStore]:
    opened = GenerationStore(milvus_settings)
    yield opened
    for generation in opened.list():
        if generation.state not in ("live", "retired"):
            opened.drop(generation.id)


@pytest.fixture
def make_catalog(tmp_path: Path) -> Callable[[str, list[dict[str, object]]], Catalog]:
    return lambda name, rows: write_catalog(tmp_path / name, rows)
