"""Linear layers through oneDNN, with weights laid out for it once instead of at every call.

PyTorch computes float32 ``linear`` with MKL on x86, and MKL takes its widest instructions on
Intel's processors alone. oneDNN asks the processor itself: on an AMD EPYC of 2024 it was 1.3 to
3 times as fast at the shapes of a tower, with results that differ in the last bits only
(``python -m benchmarks.speed``); on an Intel Xeon with AVX-512 whole encodings took 5 to 15 % less.
bfloat16 goes through oneDNN anyway. Weights laid out beforehand count most where there are few
rows, as for one query; they are held beside the ordinary ones.

Two things beside a layer become part of it: the GELU that follows, and the cutting of a picture
into patches, which a convolution that skips no pixel and sees none twice is made of.
"""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.activations import GELUActivation, GELUTanh

from uniecs.encoder.attention import HAS_BFLOAT16

NARROW = 16
"""Layers with fewer outputs cost less in MKL, which starts sooner."""

ROWS = 1024
"""Rows that the layout is made for; it serves any number."""


WIDENED = (
    ("fc1", "activation_fn"),
    ("dense", "intermediate_act_fn"),
    ("widen", "activate"),
)
"""Names, in towers and in our fusion, of a layer and of the activation of what leaves it."""

Activation = Literal["none", "tanh"]
"""Which GELU: the one of the error function, or its approximation by a hyperbolic tangent."""


class OneDnnLinear(nn.Linear):
    """``nn.Linear`` that computes through oneDNN, on a CPU and without gradients.

    Attributes:
        laid_out: The weight as oneDNN wants it; it does not follow the weight when that changes.
        gelu: Which GELU is part of the layer, if any.
    """

    laid_out: Tensor
    gelu: Activation | None = None

    @classmethod
    def sharing(cls, layer: nn.Linear) -> "OneDnnLinear":
        """A layer that holds the very parameters of another."""
        bias = layer.bias is not None
        shared = cls(layer.in_features, layer.out_features, bias=bias, device="meta")
        shared.weight, shared.bias = layer.weight, layer.bias
        shared.laid_out = _laid_out(layer.weight)
        return shared.train(layer.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as the parent names it
        """[..., in] to [..., out]; where gradients are wanted, as the parent does."""
        if torch.is_grad_enabled() or input.dtype != self.laid_out.dtype:
            plain = F.linear(input, self.weight, self.bias)
            return plain if self.gelu is None else F.gelu(plain, approximate=self.gelu)
        return _linear(input, self.laid_out, self.bias, self.gelu)


class OneDnnPatches(nn.Conv2d):
    """``nn.Conv2d`` that cuts a picture into patches, each of which goes through a linear layer.

    Attributes:
        laid_out: The weight as oneDNN wants it; it does not follow the weight when that changes.
    """

    laid_out: Tensor

    @classmethod
    def sharing(cls, layer: nn.Conv2d) -> "OneDnnPatches":
        """A layer that holds the very parameters of another, which must be one of patches."""
        shared = cls(
            layer.in_channels,
            layer.out_channels,
            (layer.kernel_size[0], layer.kernel_size[1]),
            (layer.stride[0], layer.stride[1]),
            bias=layer.bias is not None,
            device="meta",
        )
        shared.weight, shared.bias = layer.weight, layer.bias
        shared.laid_out = _laid_out(layer.weight.flatten(1))
        return shared.train(layer.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as the parent names it
        """[N, C, H, W] to [N, out, rows, columns]; as the parent does where it would cut edges."""
        high, wide = self.kernel_size
        uneven = input.shape[-2] % high or input.shape[-1] % wide
        if torch.is_grad_enabled() or uneven or input.dtype != self.laid_out.dtype:
            return super().forward(input)
        rows = input.unflatten(3, (-1, wide)).unflatten(2, (-1, high))  # [N, C, r, high, c, wide]
        patches = rows.permute(0, 2, 4, 1, 3, 5).flatten(3)
        return _linear(patches, self.laid_out, self.bias).permute(0, 3, 1, 2)


def _laid_out(weight: Tensor) -> Tensor:
    reordered: Tensor = torch.ops.mkldnn._reorder_linear_weight(  # noqa: SLF001 - the only way in
        weight.detach(), ROWS
    )
    return reordered


def _linear(
    x: Tensor, laid_out: Tensor, bias: Tensor | None, gelu: Activation | None = None
) -> Tensor:
    after, which = ("none", "") if gelu is None else ("gelu", gelu)
    result: Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001 - the only way in
        x, laid_out, bias, after, [], which
    )
    return result


def onednn_is_faster(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether float32 layers gain: on an x86 processor with AVX-512, or that is not Intel's.

    A fact and no measurement, so that a process that is run again computes the same bits.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkl.is_available():
        return False
    if not torch.backends.mkldnn.is_available() or not cpuinfo.is_file():
        return False
    said = {
        name.strip(): value
        for name, _, value in (line.partition(":") for line in cpuinfo.read_text().splitlines())
    }
    return "avx512f" in said.get("flags", "").split() or (
        said.get("vendor_id", "").strip() not in ("", "GenuineIntel")
    )


def use_onednn(model: nn.Module) -> None:
    """Replace the layers of a model in place, where that helps in their precision.

    Names and parameters stay as they are.
    """
    helps = {torch.float32: onednn_is_faster(), torch.bfloat16: HAS_BFLOAT16}
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if (faster := _faster(child, helps)) is not None:
                setattr(parent, name, faster)
        _take_in_gelu(parent)


def _faster(layer: nn.Module, helps: Mapping[torch.dtype, bool]) -> nn.Module | None:
    """The same layer through oneDNN, where that helps in its precision."""
    if type(layer) is nn.Linear and layer.out_features >= NARROW and helps.get(layer.weight.dtype):
        return OneDnnLinear.sharing(layer)
    if type(layer) is nn.Conv2d and _cuts_patches(layer) and helps.get(layer.weight.dtype):
        return OneDnnPatches.sharing(layer)
    return None


def _cuts_patches(layer: nn.Conv2d) -> bool:
    """Whether each pixel goes into one output, and into one only."""
    return (
        layer.kernel_size == layer.stride
        and layer.padding in ((0, 0), "valid")
        and layer.dilation == (1, 1)
        and layer.groups == 1
    )


def _take_in_gelu(parent: nn.Module) -> None:
    """Make the activation part of the layer before it, where the two are known to be neighbours."""
    for layer_name, activation_name in WIDENED:
        layer = getattr(parent, layer_name, None)
        which = _gelu_of(getattr(parent, activation_name, None))
        if isinstance(layer, OneDnnLinear) and which is not None:
            layer.gelu = which
            setattr(parent, activation_name, nn.Identity())


def _gelu_of(activation: object) -> Activation | None:
    """Which GELU a module computes, if it is one of those that oneDNN knows."""
    if isinstance(activation, nn.GELU):
        return "none" if activation.approximate == "none" else "tanh"
    if isinstance(activation, GELUActivation) and activation.act is F.gelu:
        return "none"
    if isinstance(activation, GELUTanh):
        return "tanh"
    return None
