"""What a search asks and answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from uniecs.errors import QueryError, UsageError
from uniecs.inference.items import text_fault

MAX_TEXT = 2000
MAX_TOP_K = 1000

Mode = Literal["hybrid", "dense"]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search: a text, a picture or both.

    Attributes:
        text: Words, or empty.
        image: Path or encoded bytes of a picture, or None.
        where: A filter such as ``price < 50 and brand == "X"``, or empty.
        top_k: Number of hits, 1 to 1000.
        mode: ``hybrid`` adds BM25 for the words of the query; ``dense`` is the encoder alone.

    Raises:
        QueryError: For neither text nor image, or a text that is not valid Unicode or over 2000
            characters.
        UsageError: For another ``top_k`` or mode.
    """

    text: str = ""
    image: Path | bytes | None = None
    where: str = ""
    top_k: int = 10
    mode: Mode = "hybrid"

    def __post_init__(self) -> None:
        if not self.text.strip() and self.image is None:
            raise QueryError("The query has neither text nor image; give one of them or both.")
        if len(self.text) > MAX_TEXT:
            raise QueryError(
                f"The text has {len(self.text)} characters, the limit is {MAX_TEXT}; shorten it."
            )
        if fault := text_fault(self.text):
            raise QueryError(f"The text is {fault}.")
        if not 1 <= self.top_k <= MAX_TOP_K:
            raise UsageError(f"top_k is {self.top_k}; give a number from 1 to {MAX_TOP_K}.")
        if self.mode not in ("hybrid", "dense"):
            raise UsageError(f"mode is {self.mode!r}; give hybrid or dense.")


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One product that answers a search.

    Attributes:
        score: Higher is better; comparable within one answer only.
        features: Online features of the product; empty when they are unavailable.
    """

    product_id: str
    score: float
    title: str
    brand: str | None
    price: float | None
    features: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The contract of `uniecs search --json`."""
        names = ("product_id", "score", "title", "brand", "price")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """An answer, all of it from one generation.

    Attributes:
        query_id: Names this search in events.
        features: Whether features were joined.
        timings_ms: encode, dense, lexical, features, total.
    """

    query_id: str
    generation: str
    model_version: str
    features: Literal["ok", "unavailable"]
    hits: tuple[SearchHit, ...]
    timings_ms: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The contract of `uniecs search --json`."""
        return {
            "query_id": self.query_id,
            "generation": self.generation,
            "model_version": self.model_version,
            "features": self.features,
            "hits": [hit.as_json() for hit in self.hits],
            "timings_ms": self.timings_ms,
        }
