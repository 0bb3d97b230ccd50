"""Pictures made in memory and small catalogs written to disk."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Row = Mapping[str, Any]
MakeCatalog = Callable[..., Path]


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """Bytes of a JPEG; another number gives another picture."""

    def make(number: int = 0, size: tuple[int, int] = (48, 64)) -> bytes:
        colour = (number * 37 % 256, number * 91 % 256, number * 13 % 256)
        stream = io.BytesIO()
        Image.new("RGB", size, colour).save(stream, "JPEG")
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def bomb() -> bytes:
    """A whole PNG of 20,000 x 20,000 px and one colour, in a few kilobytes."""
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def make_catalog(tmp_path: Path) -> MakeCatalog:
    """Write a catalog folder of JSON lines; pictures by relative path; queries if given."""

    def make(
        rows: Sequence[Row | bytes],
        pictures: Mapping[str, bytes] | None = None,
        queries: Sequence[Row | bytes] = (),
        name: str = "shop",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "catalog.jsonl").write_bytes(_lines(rows))
        for relative, data in (pictures or {}).items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if queries:
            (folder / "queries.jsonl").write_bytes(_lines(queries))
        return folder

    return make


def _lines(rows: Sequence[Row | bytes]) -> bytes:
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
    )
