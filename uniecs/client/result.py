"""What the search API answers, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Hit:
    """One product that answers a search.

    Attributes:
        score: Higher is better; comparable within one answer only.
        price: None where the catalog has none.
    """

    product_id: str
    score: float
    title: str
    brand: str | None
    price: float | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """An answer, all of it from one generation of the index.

    Attributes:
        query_id: Names this search in events.
        features: Whether online features were joined.
        hits: Best first.
        timings_ms: Milliseconds of encode, dense, lexical, features and total on the server.
    """

    query_id: str
    generation: str
    model_version: str
    features: Literal["ok", "unavailable"]
    hits: tuple[Hit, ...]
    timings_ms: Mapping[str, float]


def read_result(answer: Mapping[str, Any]) -> SearchResult:
    """The JSON of `POST /v1/search` as a value; fields of later versions are left out.

    Raises:
        KeyError, TypeError, ValueError: When it is something else.
    """
    features = answer["features"]
    if features not in ("ok", "unavailable"):
        raise ValueError(f"features is {features!r}")
    return SearchResult(
        query_id=str(answer["query_id"]),
        generation=str(answer["generation"]),
        model_version=str(answer["model_version"]),
        features=features,
        hits=tuple(_hit(hit) for hit in answer["hits"]),
        timings_ms={str(stage): float(value) for stage, value in answer["timings_ms"].items()},
    )


def _hit(hit: Mapping[str, Any]) -> Hit:
    return Hit(
        product_id=str(hit["product_id"]),
        score=float(hit["score"]),
        title=str(hit["title"]),
        brand=None if hit["brand"] is None else str(hit["brand"]),
        price=None if hit["price"] is None else float(hit["price"]),
    )
