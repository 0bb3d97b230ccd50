import numpy as np
import pytest

from tests.serving.running import RunningServer, b64, picture
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item


def test_text_image_and_both_in_one_request_are_answered_in_order(
    server: RunningServer, tiny_model
) -> None:
    image = picture()
    encoder = Encoder.load(tiny_model)

    answer = server.v1(
        {"id": "t", "text": "red mug"},
        {"id": "i", "image": {"b64": b64(image)}},
        {"id": "b", "text": "red mug", "image": {"b64": b64(image)}},
    )

    items = [Item("t", "red mug"), Item("i", image=image), Item("b", "red mug", image)]
    expected = encoder.encode(items)
    body = answer.json()
    assert answer.status_code == 200
    assert [prediction["id"] for prediction in body["predictions"]] == ["t", "i", "b"]
    vectors = [prediction["vector"] for prediction in body["predictions"]]
    np.testing.assert_allclose(vectors, expected.vectors, atol=1e-5)
    gates = [[p["gates"]["image"], p["gates"]["text"]] for p in body["predictions"]]
    np.testing.assert_allclose(gates, expected.gates, atol=1e-5)
    assert [prediction["error"] for prediction in body["predictions"]] == [None] * 3
    assert body["model_version"] == encoder.model_version
    assert body["processor_digest"] == encoder.processor_digest


def test_an_absent_modality_weighs_exactly_nothing(server: RunningServer) -> None:
    text, image = server.v1({"text": "red"}, {"image": {"b64": b64(picture())}}).json()[
        "predictions"
    ]

    assert text["gates"] == {"image": 0.0, "text": 1.0}
    assert image["gates"] == {"image": 1.0, "text": 0.0}


def test_one_bad_picture_among_many_good_ones_fails_alone(server: RunningServer) -> None:
    good = [{"id": n, "image": {"b64": b64(picture(n))}} for n in range(63)]
    bad = {"id": "bad", "image": {"b64": b64(b"GIF89a no picture")}}

    answer = server.v1(*good[:30], bad, *good[30:])

    predictions = answer.json()["predictions"]
    assert answer.status_code == 200
    assert [p["id"] for p in predictions if p["error"]] == ["bad"]
    assert predictions[30]["error"]["code"] == "format"
    assert predictions[30]["vector"] is None
    assert sum(p["vector"] is not None for p in predictions) == 63


@pytest.mark.parametrize(
    ("instance", "code"),
    [
        ({}, "empty"),
        ({"text": "   "}, "empty"),
        ({"image": {"b64": ""}}, "empty"),
        ({"text": 7}, "text"),
        ({"text": "x" * 2_001}, "text_too_long"),
        ({"id": True, "text": "x"}, "id"),
        ({"id": "x" * 257, "text": "x"}, "id"),
        ({"image": "file:///etc/passwd"}, "image"),
        ({"image": {"url": "http://127.0.0.1/x.jpg"}}, "image"),
        ({"image": {"b64": "not base64!"}}, "base64"),
        ({"image": {"b64": 7}}, "base64"),
        ({"image": {"b64": b64(picture()[:60])}}, "truncated"),
        ("text", "invalid"),
        (None, "invalid"),
    ],
)
def test_an_unusable_item_has_its_code_beside_a_good_one(
    server: RunningServer, instance: object, code: str
) -> None:
    answer = server.v1({"text": "good"}, instance)

    good, bad = answer.json()["predictions"]
    assert answer.status_code == 200
    assert good["error"] is None
    assert bad["error"]["code"] == code
    assert (bad["vector"], bad["gates"]) == (None, None)


def test_a_request_in_which_nothing_succeeded_is_a_400_that_says_why(
    server: RunningServer,
) -> None:
    answer = server.v1({"id": "a"}, {"id": "b", "image": {"b64": b64(b"no picture")}})

    body = answer.json()
    assert answer.status_code == 400
    assert "None of the 2 items" in body["error"]
    assert "empty" in body["error"]
    assert "format" in body["error"]
    assert [p["error"]["code"] for p in body["predictions"]] == ["empty", "format"]


def test_items_without_an_id_are_named_by_their_position(server: RunningServer) -> None:
    predictions = server.v1({"text": "a"}, {"id": "x", "text": "b"}, {"text": "c"}).json()[
        "predictions"
    ]

    assert [p["id"] for p in predictions] == ["0", "x", "2"]


def test_base64_may_have_line_breaks(server: RunningServer) -> None:
    code = b64(picture())
    wrapped = "\n".join(code[start : start + 76] for start in range(0, len(code), 76))

    (prediction,) = server.v1({"image": {"b64": wrapped}}).json()["predictions"]

    assert prediction["error"] is None


def test_a_content_type_with_a_charset_is_json_too(server: RunningServer) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}

    assert server.v1({"text": "red mug"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"instances": {}}',
        b'{"instances": []}',
        b"[" * 9999,
    ],
)
def test_a_malformed_body_is_a_400(server: RunningServer, body: bytes) -> None:
    answer = server.client.post("/v1/models/uniecs:predict", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_64_items_are_answered_and_65_are_a_413_that_names_the_limit(
    server: RunningServer,
) -> None:
    items = [{"text": f"mug {n}"} for n in range(65)]

    allowed, refused = server.v1(*items[:64]), server.v1(*items)

    assert allowed.status_code == 200
    assert len(allowed.json()["predictions"]) == 64
    assert refused.status_code == 413
    assert "max_items = 64" in refused.json()["error"]


def test_2000_characters_are_encoded(server: RunningServer) -> None:
    assert server.v1({"text": "x " * 1_000}).status_code == 200


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_over_the_limit_is_a_413_that_names_it(
    server: RunningServer, is_announced: bool
) -> None:
    block = b"x" * 1_000_000
    content = block * 17 if is_announced else (block for _ in range(17))

    answer = server.client.post("/v1/models/uniecs:predict", content=content)

    assert answer.status_code == 413
    assert "max_body_bytes = 16000000" in answer.json()["error"]


def test_an_unknown_model_is_a_404(server: RunningServer) -> None:
    answer = server.client.post("/v1/models/nope:predict", json={"instances": [{"text": "x"}]})

    assert answer.status_code == 404
