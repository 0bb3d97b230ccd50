import json

import numpy as np
import pytest

from tests.serving.running import RunningServer, b64, picture

URL = "/v2/models/uniecs/infer"


def tensors(answer) -> dict[str, np.ndarray]:
    return {
        output["name"]: np.array(output["data"]).reshape(output["shape"])
        for output in answer.json()["outputs"]
    }


def test_texts_and_base64_pictures_give_vectors_gates_and_errors(server: RunningServer) -> None:
    code = b64(picture())

    answer = server.v2(text=["red mug", "", "red mug", ""], image=["", code, code, ""])

    outputs = tensors(answer)
    v1 = server.v1(
        {"text": "red mug"}, {"image": {"b64": code}}, {"text": "red mug", "image": {"b64": code}}
    ).json()
    assert answer.status_code == 200
    assert outputs["vector"].shape == (4, 32)
    expected = [prediction["vector"] for prediction in v1["predictions"]]
    np.testing.assert_allclose(outputs["vector"][:3], expected, atol=1e-5)
    np.testing.assert_allclose(outputs["vector"][3], 0)
    assert outputs["gates"].shape == (4, 2)
    assert outputs["gates"][:2].tolist() == [[0, 1], [1, 0]]
    assert outputs["error"][:3].tolist() == ["", "", ""]
    assert json.loads(outputs["error"][3])["code"] == "empty"
    parameters = answer.json()["parameters"]
    assert parameters["model_version"] == v1["model_version"]
    assert parameters["processor_digest"] == v1["processor_digest"]


@pytest.mark.parametrize("columns", [{"text": ["a", "b"]}, {"image": [b64(picture())]}])
def test_one_of_the_tensors_may_be_left_out(server: RunningServer, columns: dict) -> None:
    assert server.v2(**columns).status_code == 200


def test_the_id_of_the_client_comes_back_and_a_missing_one_is_made(server: RunningServer) -> None:
    body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]}]}

    named = server.client.post(URL, json=body | {"id": "42"}).json()
    unnamed = server.client.post(URL, json=body).json()

    assert named["id"] == "42"
    assert unnamed["id"]


def test_only_requested_outputs_come_back(server: RunningServer) -> None:
    body = {
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]}],
        "outputs": [{"name": "gates", "parameters": {"binary_data": True}}],
    }

    answer = server.client.post(URL, json=body).json()
    refused = server.client.post(URL, json=body | {"outputs": [{"name": "logits"}]})

    assert [output["name"] for output in answer["outputs"]] == ["gates"]
    assert refused.status_code == 400


def test_nothing_encoded_is_a_400(server: RunningServer) -> None:
    answer = server.v2(text=["", ""])

    assert answer.status_code == 400
    assert "None of the 2 items" in answer.json()["error"]


def test_65_items_are_a_413(server: RunningServer) -> None:
    assert server.v2(text=["x"] * 64).status_code == 200
    assert server.v2(text=["x"] * 65).status_code == 413


@pytest.mark.parametrize(
    "tensor",
    [
        {"name": "text", "datatype": "INT32", "shape": [1], "data": [1]},
        {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["x"]},
        {"name": "text", "datatype": "BYTES", "shape": [1, 1], "data": ["x"]},
        {"name": "text", "datatype": "BYTES", "shape": [], "data": ["x"]},
        {"name": "text", "datatype": "BYTES", "shape": [-1], "data": ["x"]},
        {"name": "text", "datatype": "BYTES", "shape": [0], "data": []},
        {"name": "text", "datatype": "BYTES", "shape": [1], "data": []},
        {"name": "text", "datatype": "BYTES", "shape": [1], "data": [["x"]]},
        {"name": "label", "datatype": "BYTES", "shape": [1], "data": ["x"]},
        {"name": "image", "datatype": "UINT8", "shape": [3], "data": [1, 2, 3]},
    ],
)
def test_a_wrong_tensor_is_a_400(server: RunningServer, tensor: dict) -> None:
    answer = server.client.post(URL, json={"inputs": [tensor]})

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_an_absurd_shape_is_refused_and_nothing_is_allocated(server: RunningServer) -> None:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [2**62], "data": ["x"]}

    assert server.client.post(URL, json={"inputs": [tensor]}).status_code == 413


def test_tensors_of_different_lengths_or_twice_the_same_are_a_400(server: RunningServer) -> None:
    one = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["x"]}
    two = {"name": "image", "datatype": "BYTES", "shape": [2], "data": ["", ""]}

    for inputs in ([one, two], [one, one], []):
        assert server.client.post(URL, json={"inputs": inputs}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"null", b'"text"', b'{"inputs": 1}', b'{"inputs": [{}]}', b"[" * 99999],
)
def test_a_malformed_body_is_refused_without_quoting_it(server: RunningServer, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = server.client.post(URL, content=body, headers=headers)

    assert answer.status_code in (400, 422)
    assert len(answer.content) < 1_000


def test_a_body_that_is_not_called_json_is_told_how_to_be(server: RunningServer) -> None:
    body = b'{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["mug"]}]}'
    as_curl_sends_it = {"content-type": "application/x-www-form-urlencoded"}

    answer = server.client.post(URL, content=body, headers=as_curl_sends_it)

    assert answer.status_code == 400
    assert "send content-type: application/json" in answer.json()["error"]


def test_binary_tensors_over_rest_are_refused_with_the_way_out(server: RunningServer) -> None:
    headers = {"inference-header-content-length": "10"}

    answer = server.client.post(URL, content=b"x" * 40, headers=headers)

    assert answer.status_code == 400
    assert "gRPC" in answer.json()["error"]


def test_metadata_describes_the_tensors(server: RunningServer) -> None:
    answer = server.client.get("/v2/models/uniecs").json()

    assert [(t["name"], t["datatype"], t["shape"]) for t in answer["inputs"]] == [
        ("text", "BYTES", [-1]),
        ("image", "BYTES", [-1]),
    ]
    assert answer["outputs"][0] == {"name": "vector", "datatype": "FP32", "shape": [-1, 32]}


def test_no_client_can_unload_the_model(server: RunningServer) -> None:
    for action in ("load", "unload"):
        assert server.client.post(f"/v2/repository/models/uniecs/{action}").status_code == 400
    assert server.v2(text=["still here"]).status_code == 200
