"""The same numbers another way: oneDNN's linear layers against PyTorch's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from transformers.activations import ACT2FN

from uniecs.encoder.attention import HAS_BFLOAT16
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item
from uniecs.inference.linear import OneDnnLinear, OneDnnPatches, onednn_is_faster, use_onednn

needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN"
)


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (7, 48), (2, 5, 48), (2, 3, 4, 48), (0, 5, 48)])
def test_a_layer_computes_what_it_computed_before(shape: tuple[int, ...], bias: bool) -> None:
    plain = nn.Linear(48, 32, bias=bias)
    layer = OneDnnLinear.sharing(plain)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(layer(x), plain(x), atol=1e-5)


@needs_onednn
def test_a_transposed_view_is_read_as_it_lies() -> None:
    layer = OneDnnLinear.sharing(nn.Linear(6, 32))
    x = torch.randn(6, 5).T

    with torch.inference_mode():
        assert torch.allclose(layer(x), layer(x.contiguous()), atol=1e-6)


@needs_onednn
def test_gradients_take_the_usual_way() -> None:
    plain = nn.Linear(8, 16)
    layer = OneDnnLinear.sharing(plain)
    x = torch.randn(3, 8)

    layer(x).sum().backward()

    assert plain.weight.grad is not None
    assert torch.equal(layer(x), plain(x))


@needs_onednn
@pytest.mark.skipif(not HAS_BFLOAT16, reason="this processor has no bfloat16")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (2, 5, 48), (0, 5, 48)])
def test_a_layer_in_bfloat16_is_torchs_own(shape: tuple[int, ...], bias: bool) -> None:
    plain = nn.Linear(48, 32, bias=bias).bfloat16()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).bfloat16()

    with torch.inference_mode():
        assert torch.allclose(OneDnnLinear.sharing(plain)(x), plain(x), atol=0.01)


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(8, 12), (4, 4), (9, 12), (11, 5)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_patches_are_what_the_convolution_makes_of_them(
    size: tuple[int, int], bias: bool, layout: torch.memory_format
) -> None:
    plain = nn.Conv2d(3, 32, 4, 4, bias=bias)
    layer = OneDnnPatches.sharing(plain)
    x = torch.randn((2, 3, *size), generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        found = layer(x.contiguous(memory_format=layout))

        assert found.shape == plain(x).shape
        assert torch.allclose(found, plain(x), atol=1e-5)
    layer(x).sum().backward()
    assert plain.weight.grad is not None


class Widened(nn.Module):
    """A feed-forward half as the towers have it."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.fc1 = nn.Linear(32, 64)
        self.activation_fn = activation
        self.fc2 = nn.Linear(64, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.fc2(self.activation_fn(self.fc1(x)))
        return made


@needs_onednn
@pytest.mark.parametrize(
    ("activation", "taken_in"),
    [
        (nn.GELU(), True),
        (nn.GELU(approximate="tanh"), True),
        (ACT2FN["gelu"], True),
        (ACT2FN["gelu_pytorch_tanh"], True),
        (ACT2FN["gelu_python"], False),
        (ACT2FN["quick_gelu"], False),
        (ACT2FN["relu"], False),
    ],
)
def test_the_activation_after_a_layer_becomes_part_of_it(
    activation: nn.Module, taken_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uniecs.inference.linear.onednn_is_faster", lambda: True)
    model = Widened(activation)
    x = torch.randn(5, 32, generator=torch.Generator().manual_seed(0))
    expected = model(x)

    use_onednn(model)

    assert isinstance(model.activation_fn, nn.Identity) is taken_in
    assert torch.allclose(model(x), expected, atol=1e-6)  # with gradients, as it was
    with torch.inference_mode():
        assert torch.allclose(model(x), expected, atol=1e-4)


@needs_onednn
def test_a_convolution_that_sees_pixels_twice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uniecs.inference.linear.onednn_is_faster", lambda: True)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.Conv2d(8, 8, 2, 2), nn.Conv2d(8, 8, 2, 2, 1))

    use_onednn(model)

    assert [type(layer) for layer in model] == [nn.Conv2d, OneDnnPatches, nn.Conv2d]


def test_a_model_in_another_precision_keeps_its_layers() -> None:
    model = nn.Sequential(nn.Linear(32, 32)).double()

    use_onednn(model)

    assert type(model[0]) is nn.Linear


@needs_onednn
def test_an_encoder_gives_the_same_vectors_from_the_same_weights(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [Item("1", text="red mug"), Item("2", text="a blue lamp " * 4)]
    monkeypatch.setattr("uniecs.inference.linear.onednn_is_faster", lambda: True)
    encoder = Encoder.load(tiny_model, precision="float32")
    with torch.inference_mode():
        names = {name: p.data_ptr() for name, p in encoder.model.named_parameters()}
        plain = _with_plain_layers(encoder).encode(items)

        use_onednn(encoder.model)

        swapped = encoder.encode(items)
    assert any(isinstance(module, OneDnnLinear) for module in encoder.model.modules())
    assert {name: p.data_ptr() for name, p in encoder.model.named_parameters()} == names
    assert np.allclose(swapped.vectors, plain.vectors, atol=1e-6)
    assert np.allclose(swapped.gates, plain.gates, atol=1e-6)


def _with_plain_layers(encoder: Encoder) -> Encoder:
    for parent in list(encoder.model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, OneDnnLinear):
                plain = nn.Linear(child.in_features, child.out_features, device="meta")
                plain.weight, plain.bias = child.weight, child.bias
                setattr(parent, name, plain)
    return encoder


@pytest.mark.parametrize(
    ("vendor", "flags", "faster"),
    [
        ("GenuineIntel", "fpu avx2", False),
        ("GenuineIntel", "fpu avx2 avx512f", True),
        ("AuthenticAMD", "fpu avx2", True),
        ("", "", False),
    ],
)
def test_what_gains_are_wide_instructions_and_processors_of_others_than_intel(
    vendor: str, flags: str, faster: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    said = f"vendor_id\t: {vendor}\nflags\t\t: {flags}\n" if vendor else ""
    cpuinfo.write_text(f"processor\t: 0\n{said}")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)

    assert onednn_is_faster(cpuinfo) is faster


def test_another_architecture_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    assert not onednn_is_faster()
