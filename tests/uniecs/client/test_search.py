"""The client asks as the search API expects, and raises what the server meant."""

import base64
import json
from pathlib import Path

import httpx
import pytest

from uniecs.client import Hit, SearchClient
from uniecs.client.error_body import CODES, read_error, write_error
from uniecs.errors import (
    DataError,
    FilterError,
    GenerationError,
    ImageError,
    ModelMismatch,
    QueryError,
    ServiceUnavailable,
    UniECSError,
    UsageError,
)

ANSWER = {
    "query_id": "q-1",
    "generation": "g-1",
    "model_version": "m-1",
    "features": "ok",
    "hits": [{"product_id": "p1", "score": 1, "title": "Mug", "brand": None, "price": None}],
    "timings_ms": {"total": 3.5},
    "added_later": True,
}


def client_of(answer: httpx.Response | Exception, asked: list[dict] | None = None) -> SearchClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if asked is not None:
            asked.append({"path": request.url.path, "body": json.loads(request.content)})
        return answer

    transport = httpx.MockTransport(handle)
    return SearchClient("http://user:secret@shop:8090", transport=transport)


def test_only_what_was_given_is_sent_and_the_answer_is_frozen(tmp_path: Path) -> None:
    asked: list[dict] = []
    client = client_of(httpx.Response(200, json=ANSWER), asked)
    (tmp_path / "p.png").write_bytes(b"picture")

    found = client.search(text="mug")
    client.search(image=tmp_path / "p.png", where="price < 5", top_k=3, mode="dense")

    assert asked[0] == {
        "path": "/v1/search",
        "body": {"text": "mug", "top_k": 10, "mode": "hybrid"},
    }
    assert asked[1]["body"]["image"] == {"b64": base64.b64encode(b"picture").decode()}
    assert found.hits == (Hit("p1", 1.0, "Mug", None, None),)
    assert found.timings_ms == {"total": 3.5}
    with pytest.raises(AttributeError):
        found.generation = "g-2"  # type: ignore[misc]


@pytest.mark.parametrize(
    "error",
    [
        QueryError("no text"),
        FilterError("Unknown column", position=14),
        UsageError("top_k"),
        ModelMismatch(expected="m-1", got="m-2"),
        GenerationError("nothing is live"),
        ServiceUnavailable("Milvus does not answer"),
    ],
)
def test_an_error_arrives_as_it_was_raised(error: UniECSError) -> None:
    client = client_of(httpx.Response(400, json=write_error(error)))

    with pytest.raises(type(error)) as raised:
        client.search(text="mug")

    assert type(raised.value) is type(error)
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


def test_every_code_stands_for_one_class_and_others_for_their_base() -> None:
    assert len(set(CODES.values())) == len(CODES)

    class Gone(GenerationError):
        pass

    assert write_error(Gone("dropped"))["error"]["code"] == "generation"
    assert write_error(DataError("odd"))["error"]["code"] == "internal"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (413, "too_large", UsageError),
        (422, "malformed", UsageError),
        (404, "not_served", UsageError),
        (408, "body_timeout", ServiceUnavailable),
        (429, "busy", ServiceUnavailable),
        (500, "internal", ServiceUnavailable),
    ],
)
def test_a_refusal_is_the_callers_or_the_services_fault(
    status: int, code: str, kind: type[UniECSError]
) -> None:
    error = read_error(status, {"error": {"code": code, "message": "what happened"}})

    assert type(error) is kind
    assert str(error) == "what happened"


@pytest.mark.parametrize(
    "answer", [None, [], "no", {"error": "text"}, {"error": {}}, {"error": []}]
)
def test_a_body_of_another_program_still_gives_a_message(answer: object) -> None:
    assert str(read_error(502, answer)) == "The search service answered with HTTP status 502."


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"hits": []}),
        httpx.Response(200, json=ANSWER | {"hits": [{}]}),
        httpx.Response(503, text="upstream is gone"),
        httpx.Response(302, headers={"location": "http://elsewhere"}),
    ],
)
def test_whatever_is_wrong_with_the_service_is_one_error_without_secrets(
    answer: httpx.Response | Exception,
) -> None:
    with pytest.raises(ServiceUnavailable) as error:
        client_of(answer).search(text="mug")

    assert "secret" not in str(error.value)


def test_mistakes_of_the_caller_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    client = client_of(AssertionError("nothing may be sent"))

    with pytest.raises(ImageError, match="cannot be read"):
        client.search(image=tmp_path / "none.jpg")
    with pytest.raises(UsageError, match="lone surrogate"):
        client.search(text="\ud800")
    for address in ("", "shop", "ftp://shop", "http://", "http://a:b:c"):
        with pytest.raises(UsageError, match="must look like"):
            SearchClient(address)
