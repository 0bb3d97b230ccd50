"""Whatever a client sends: an answer below 500, a short one when refused, and a living server."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.serving.running import RunningServer, b64, picture

V1 = "/v1/models/uniecs:predict"
V2 = "/v2/models/uniecs/infer"

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["red mug", "\ud800", "\x00", b64(picture()), b64(b"\xff\xd8\xff"), "é" * 2001]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
instances = st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "text": anything,
        "image": anything | st.fixed_dictionaries({"b64": anything}),
        "more": anything,
    },
)
names = st.sampled_from(["text", "image"]) | st.text(max_size=5)
tensors = st.fixed_dictionaries(
    {
        "name": names,
        "datatype": st.sampled_from(["BYTES", "bytes", "FP16", "FP32", "UINT8", ""])
        | st.text(max_size=4),
        "shape": st.lists(st.integers(-2, 3) | st.integers(), max_size=3),
        "data": st.lists(anything, max_size=3),
    },
    optional={"parameters": anything},
)


@pytest.fixture(autouse=True)
def still_alive(server: RunningServer) -> Iterator[None]:
    yield
    assert server.client.get("/v2/health/ready").status_code == 200
    assert server.v1({"text": "still here"}).status_code == 200


def post(server: RunningServer, url: str, body: object):
    content = json.dumps(body).encode()  # with NaN and lone surrogates, as clients do send them
    answer = server.client.post(url, content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 413, 422), answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]
    return answer


@given(st.fixed_dictionaries({"instances": st.lists(instances, max_size=3)}) | anything)
@settings(max_examples=120, deadline=None)
def test_any_v1_body_gets_an_answer(server: RunningServer, body: object) -> None:
    answer = post(server, V1, body)

    if answer.status_code == 200:
        predictions = answer.json()["predictions"]
        assert isinstance(body, dict)
        assert len(predictions) == len(body["instances"])
        assert all((p["vector"] is None) == (p["error"] is not None) for p in predictions)


@given(
    st.fixed_dictionaries(
        {"inputs": st.lists(tensors, max_size=3)},
        optional={"id": anything, "parameters": anything, "outputs": anything},
    )
    | anything
)
@settings(max_examples=120, deadline=None)
def test_any_v2_body_gets_an_answer(server: RunningServer, body: object) -> None:
    post(server, V2, body)


@given(
    st.binary(max_size=300),
    st.sampled_from(["application/json", "text/plain", "application/cloudevents+json", "x", ""]),
)
@settings(max_examples=80, deadline=None)
def test_any_bytes_of_any_content_type_get_an_answer(
    server: RunningServer, body: bytes, kind: str
) -> None:
    for url in (V1, V2):
        answer = server.client.post(url, content=body, headers={"content-type": kind})
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "event",
    [
        {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "time": "x", "data": {}},
        {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "time": "x", "data": None},
    ],
)
def test_an_empty_cloud_event_is_refused(server: RunningServer, event: dict) -> None:
    headers = {"content-type": "application/cloudevents+json"}

    answer = server.client.post(V1, content=json.dumps(event), headers=headers)

    assert answer.status_code == 400


def encoded(image: Image.Image, kind: str = "PNG", **more) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **more)
    return buffer.getvalue()


def bomb(side: int) -> bytes:
    """A valid PNG of one bit a pixel, white, whose pixels are some thousand times its bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\xff" * ((side + 7) // 8)) * side, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


PICTURES = {
    "one pixel": (lambda: encoded(Image.new("RGB", (1, 1))), None),
    "a line": (lambda: encoded(Image.new("L", (20_000, 1))), None),
    "grey": (lambda: encoded(Image.new("L", (9, 9))), None),
    "palette with transparency": (lambda: encoded(Image.new("P", (9, 9)), transparency=0), None),
    "16 bits": (lambda: encoded(Image.new("I;16", (9, 9))), None),
    "cmyk": (lambda: encoded(Image.new("CMYK", (9, 9)), "JPEG"), None),
    "bomb": (lambda: bomb(20_000), "too_many_pixels"),
    "truncated jpeg": (lambda: encoded(Image.new("RGB", (99, 99)), "JPEG")[:-200], "truncated"),
    "text": (lambda: b"no picture at all", "format"),
    "gif": (lambda: encoded(Image.new("L", (9, 9)), "GIF"), "format"),
    "header only": (lambda: b"\x89PNG\r\n\x1a\n", None),
    "one byte": (lambda: b"\x00", "format"),
    "too many bytes": (lambda: b"\x00" * 10_000_001, "too_many_bytes"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_hostile_picture_harms_no_neighbour(server: RunningServer, name: str) -> None:
    make, code = PICTURES[name]

    answer = server.v1({"image": {"b64": b64(picture())}}, {"image": {"b64": b64(make())}})

    good, hostile = answer.json()["predictions"]
    assert answer.status_code == 200
    assert good["error"] is None
    if code is not None:
        assert hostile["error"]["code"] == code


def test_many_clients_with_good_and_bad_items_each_get_their_own(server: RunningServer) -> None:
    def ask(number: int) -> bool:
        bad = {"id": f"bad-{number}", "image": {"b64": b64(b"nothing")}}
        items = [
            {"id": f"t-{number}", "text": f"mug {number}"},
            bad,
            {
                "id": f"b-{number}",
                "text": "mug " * (number % 9 + 1),
                "image": {"b64": b64(picture(number))},
            },
        ]
        predictions = server.v1(*items).json()["predictions"]
        alone = server.v1(items[0]).json()["predictions"][0]["vector"]
        same = max(abs(a - b) for a, b in zip(alone, predictions[0]["vector"], strict=True)) < 1e-5
        return same and [p["error"] is None for p in predictions] == [True, False, True]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(60)))


@pytest.mark.slow
def test_the_published_schema_is_kept_under_fuzzing(server: RunningServer) -> None:
    import schemathesis
    from schemathesis.checks import not_a_server_error

    schema = schemathesis.openapi.from_url(f"{server.server.http_url}/openapi.json")

    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=40, deadline=None)
        def check(case) -> None:
            case.call_and_validate(checks=[not_a_server_error])

        check()
