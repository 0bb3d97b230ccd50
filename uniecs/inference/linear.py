"""Linear layers through oneDNN, with weights laid out for it once instead of at every call.

PyTorch computes float32 ``linear`` with MKL on x86, and MKL takes its widest instructions on
Intel's processors alone. oneDNN asks the processor itself: on an AMD EPYC of 2024 it was 1.3 to
3 times as fast at the shapes of a tower, with results that differ in the last bits only
(``python -m benchmarks.speed``). bfloat16 goes through oneDNN anyway. Weights laid out beforehand
count most where there are few rows, as for one query; they are held beside the ordinary ones.
"""

import platform
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uniecs.encoder.attention import HAS_BFLOAT16

NARROW = 16
"""Layers with fewer outputs cost less in MKL, which starts sooner."""

ROWS = 1024
"""Rows that the layout is made for; it serves any number."""


class OneDnnLinear(nn.Linear):
    """``nn.Linear`` that computes through oneDNN, on a CPU and without gradients.

    Attributes:
        laid_out: The weight as oneDNN wants it; it does not follow the weight when that changes.
    """

    laid_out: Tensor

    @classmethod
    def sharing(cls, layer: nn.Linear) -> "OneDnnLinear":
        """A layer that holds the very parameters of another."""
        bias = layer.bias is not None
        shared = cls(layer.in_features, layer.out_features, bias=bias, device="meta")
        shared.weight, shared.bias = layer.weight, layer.bias
        shared.laid_out = torch.ops.mkldnn._reorder_linear_weight(  # noqa: SLF001 - the only way in
            layer.weight.detach(), ROWS
        )
        return shared.train(layer.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as the parent names it
        """[..., in] to [..., out]; where gradients are wanted, as the parent does."""
        if torch.is_grad_enabled() or input.dtype != self.laid_out.dtype:
            return F.linear(input, self.weight, self.bias)
        result: Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001 - the only way in
            input, self.laid_out, self.bias, "none", [], ""
        )
        return result


def mkl_is_slow(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this is an x86 processor that is not Intel's, and oneDNN is there.

    A fact and no measurement, so that a process that is run again computes the same bits.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkl.is_available():
        return False
    if not torch.backends.mkldnn.is_available() or not cpuinfo.is_file():
        return False
    vendors = {
        line.partition(":")[2].strip()
        for line in cpuinfo.read_text().splitlines()
        if line.startswith("vendor_id")
    }
    return bool(vendors) and "GenuineIntel" not in vendors


def use_onednn(model: nn.Module) -> None:
    """Replace the linear layers of a model in place, where that helps in their precision.

    Names and parameters stay as they are.
    """
    helps = {torch.float32: mkl_is_slow(), torch.bfloat16: HAS_BFLOAT16}
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is not nn.Linear or child.out_features < NARROW:
                continue
            if helps.get(child.weight.dtype, False):
                setattr(parent, name, OneDnnLinear.sharing(child))
