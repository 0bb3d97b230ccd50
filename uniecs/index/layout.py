"""How a collection is laid out on a server: its capabilities, fields and indexes, as plain data."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from uniecs.errors import GenerationError
from uniecs.index.lexical import BM25_B, BM25_K1
from uniecs.index.look import LOOK_DIM
from uniecs.index.schema import MAX_BYTES, METRIC, columns_for

INDEX_TYPES: tuple[str, ...] = ("IVF_FLAT", "HNSW")
"""Vector indexes that we build. Checked here, because Milvus Lite accepts unknown names and
fails when the collection is loaded again."""

PROBES = 64
"""Cells of an IVF index that an unfiltered search looks into."""

_ALL_CELLS = 65_536
_ANALYZER = {"tokenizer": "standard"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server can do, from its version.

    Attributes:
        bm25: It computes BM25 from text itself.
        pictures: A row can hold more vectors than one: those of the picture alone, and its look.
        upsert: It can overwrite a row. Milvus 2.3 puts an upserted row into the wrong partition
            of a partition key, where searches by tenant do not see it: delete and insert there.
        index_type: The vector index that suits it.
    """

    version: str
    bm25: bool
    pictures: bool
    upsert: bool
    index_type: str

    @classmethod
    def of(cls, version: str) -> "Capabilities":
        """Capabilities of a version string.

        Example:
            >>> Capabilities.of("v2.3.5-lite").bm25
            False
        """
        if version.startswith("milvus_lite"):
            return cls(version, bm25=True, pictures=True, upsert=True, index_type="IVF_FLAT")
        numbers = [int(digits) for digits in re.findall(r"\d+", version)[:2]]
        return cls(
            version,
            bm25=numbers >= [2, 5],
            pictures=numbers >= [2, 4],
            upsert=numbers >= [2, 4],
            index_type="HNSW",
        )


def fields(can: Capabilities, dim: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, Milvus type and options of every field."""
    for column, kind in columns_for(pictures=can.pictures).items():
        options: dict[str, Any] = {
            "is_primary": column == "product_id",
            "is_partition_key": column == "tenant",
        }
        if kind == "VARCHAR":
            options["max_length"] = MAX_BYTES[column]
        if kind == "FLOAT_VECTOR":
            options["dim"] = LOOK_DIM if column == "look" else dim
        if column == "terms" and can.bm25:
            options |= {"enable_analyzer": True, "analyzer_params": _ANALYZER}
        yield column, kind, options
    if can.bm25:
        yield "bm25", "SPARSE_FLOAT_VECTOR", {}


def index_plans(can: Capabilities, rows: int) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Field, index type, metric and build parameters of every index.

    Raises:
        GenerationError: For an index type that we do not know.
    """
    if can.index_type not in INDEX_TYPES:
        raise GenerationError(
            f"Index type {can.index_type!r} is none of {', '.join(INDEX_TYPES)}; name one of them."
        )
    ivf = can.index_type == "IVF_FLAT"
    build = {"nlist": cells(rows)} if ivf else {"M": 16, "efConstruction": 200}
    yield "vector", can.index_type, METRIC, build
    if can.pictures:
        yield "picture", can.index_type, METRIC, build
        yield "look", can.index_type, METRIC, build
    if can.bm25:
        yield "bm25", "SPARSE_INVERTED_INDEX", "BM25", {"bm25_k1": BM25_K1, "bm25_b": BM25_B}


def search_params(can: Capabilities, *, top_k: int, exhaustive: bool) -> dict[str, int]:
    """Parameters of a vector search; exhaustive looks into every cell of an IVF index."""
    if can.index_type == "IVF_FLAT":
        return {"nprobe": _ALL_CELLS if exhaustive else PROBES}
    return {"ef": max(128, 4 * top_k)}


def cells(rows: int) -> int:
    """Cells of an IVF index: about the square root of the number of rows, 1 to 1024.

    Example:
        >>> cells(10_000)
        100
    """
    return max(1, min(1024, math.isqrt(rows)))
