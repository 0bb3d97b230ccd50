"""What the search API answers, as its OpenAPI page describes it."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FoundHit(_Answer):
    """One product that answers a search."""

    product_id: str
    score: float = Field(description="Higher is better; comparable within one answer only.")
    title: str
    brand: str | None
    price: float | None = Field(description="null where the catalog has none.")


class Found(_Answer):
    """Hits, best first, all of them from one generation of the index."""

    query_id: str = Field(description="Names this search in events.")
    generation: str
    model_version: str
    features: Literal["ok", "unavailable"] = Field(
        description="Whether online features were joined."
    )
    hits: list[FoundHit]
    timings_ms: dict[str, float] = Field(
        description="Milliseconds of encode, dense, lexical, features and total."
    )


class Problem(_Answer):
    """Why there is no answer."""

    code: str = Field(description="Short and stable, for programs.")
    message: str = Field(description="What happened, and what to do.")
    position: int | None = Field(default=None, description="Of code filter: where it went wrong.")
    expected: str | None = Field(default=None, description="Of code model_mismatch: the index's.")
    got: str | None = Field(default=None, description="Of code model_mismatch: the encoder's.")


class Failed(_Answer):
    """The body of every error."""

    error: Problem


class Live(_Answer):
    """The process answers."""

    live: Literal[True]


class Ready(_Answer):
    """A real search worked a moment ago."""

    ready: Literal[True]
    generation: str
    model_version: str


class NotReady(_Answer):
    """Searching does not work, and why."""

    ready: Literal[False]
    error: Problem


def _answers(found: type[BaseModel], failures: Mapping[int, str]) -> dict[int | str, Any]:
    answers: dict[int | str, Any] = {200: {"model": found, "description": found.__doc__}}
    return answers | {
        status: {"model": Failed, "description": failures[status]} for status in failures
    }


SEARCH_ANSWERS = _answers(
    Found,
    {
        400: "query, filter: neither text nor image, an unusable picture, or a filter that cannot "
        "be understood.",
        408: "body_timeout: no whole body in time.",
        409: "model_mismatch: encoder and index are of two models.",
        413: "too_large, too_many_bytes: the body or the picture is over its limit.",
        422: "malformed, text_too_long, base64: another shape, or a value over its limit.",
        429: "busy: all places are taken; Retry-After says when to come back.",
        500: "internal: a failure that nobody foresaw.",
        503: "generation, model, service_unavailable: nothing is live, or Milvus does not answer.",
        504: "deadline: the search took longer than it may.",
    },
)
HEALTH_ANSWERS = _answers(Live, {})
READINESS_ANSWERS: dict[int | str, Any] = {
    **_answers(Ready, {}),
    503: {"model": NotReady, "description": NotReady.__doc__},
}
