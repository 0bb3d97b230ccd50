import struct
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from kserve import InferInput, InferRequest, InferResponse
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

from tests.serving.running import RunningServer, b64, picture


@pytest.fixture(scope="module")
def stub(server: RunningServer) -> Iterator[GRPCInferenceServiceStub]:
    with grpc.insecure_channel(server.server.grpc_url) as channel:
        yield GRPCInferenceServiceStub(channel)


def request(**columns: list[bytes]) -> messages.ModelInferRequest:
    inputs = []
    for name, values in columns.items():
        tensor = InferInput(name, [len(values)], "BYTES")
        tensor.set_data_from_numpy(np.array(values, dtype=np.object_))
        inputs.append(tensor)
    return InferRequest("uniecs", inputs).to_grpc()


def raw(content: bytes, *, shape: list[int], datatype: str = "BYTES") -> messages.ModelInferRequest:
    tensor = messages.ModelInferRequest.InferInputTensor(
        name="text", datatype=datatype, shape=shape
    )
    return messages.ModelInferRequest(
        model_name="uniecs", inputs=[tensor], raw_input_contents=[content]
    )


def test_raw_bytes_give_the_vectors_of_v1(
    server: RunningServer, stub: GRPCInferenceServiceStub
) -> None:
    image = picture()

    response = stub.ModelInfer(request(text=[b"red mug", b""], image=[b"", image]))

    answer = InferResponse.from_grpc(response)
    vector, gates, error = (output.as_numpy() for output in answer.outputs)
    v1 = server.v1({"text": "red mug"}, {"image": {"b64": b64(image)}}).json()
    expected = [prediction["vector"] for prediction in v1["predictions"]]
    np.testing.assert_allclose(vector, expected, atol=1e-5)
    assert vector.dtype == np.float32
    assert gates.tolist() == [[0, 1], [1, 0]]
    assert error.tolist() == [b"", b""]
    assert response.parameters["model_version"].string_param == v1["model_version"]
    assert response.parameters["processor_digest"].string_param == v1["processor_digest"]


def test_a_text_that_is_not_utf8_fails_alone(stub: GRPCInferenceServiceStub) -> None:
    response = stub.ModelInfer(request(text=[b"\xff\xfe", "Größe".encode()]))

    errors = InferResponse.from_grpc(response).outputs[2].as_numpy()
    assert b'"code": "text"' in errors[0]
    assert errors[1] == b""


@pytest.mark.parametrize(
    "hostile",
    [
        raw(b"\xff\xff\xff\xff", shape=[1]),
        raw(struct.pack("<I", 9) + b"short", shape=[1]),
        raw(b"\x00" * 4_000, shape=[1]),
        raw(b"", shape=[1]),
        raw(b"\x01\x02\x03\x04", shape=[1], datatype="INT32"),
        raw(b"\x01\x02\x03\x04", shape=[1], datatype="NONSENSE"),
        raw(struct.pack("<I", 1) + b"x", shape=[-1]),
        raw(struct.pack("<I", 1) + b"x", shape=[2**62]),
        raw(struct.pack("<I", 1) + b"x", shape=[1, 1, 1]),
        messages.ModelInferRequest(model_name="uniecs"),
        request(text=[b"x"] * 65),
        request(text=[b""]),
    ],
)
def test_a_hostile_request_is_an_invalid_argument(
    stub: GRPCInferenceServiceStub, hostile: messages.ModelInferRequest
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(hostile)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert stub.ModelInfer(request(text=[b"still here"])).outputs


def test_a_message_over_the_limit_is_refused(stub: GRPCInferenceServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(request(image=[b"x" * 17_000_000]))

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_an_unknown_model_is_not_found(stub: GRPCInferenceServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(messages.ModelInferRequest(model_name="nope"))

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_and_metadata_answer(stub: GRPCInferenceServiceStub) -> None:
    assert stub.ServerLive(messages.ServerLiveRequest()).live
    assert stub.ServerReady(messages.ServerReadyRequest()).ready
    assert stub.ModelReady(messages.ModelReadyRequest(name="uniecs")).ready
    metadata = stub.ModelMetadata(messages.ModelMetadataRequest(name="uniecs"))
    assert [tensor.name for tensor in metadata.outputs] == ["vector", "gates", "error"]


def test_no_client_can_unload_the_model(stub: GRPCInferenceServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.RepositoryModelUnload(messages.RepositoryModelUnloadRequest(model_name="uniecs"))

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
