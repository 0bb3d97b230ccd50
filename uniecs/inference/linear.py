"""Linear layers through oneDNN, on processors that MKL serves badly.

PyTorch computes float32 ``linear`` with MKL on x86, and MKL takes its widest instructions on
Intel's processors alone. oneDNN asks the processor itself: on an AMD EPYC of 2024 it was 1.3 to
3 times as fast at the shapes of a tower, with results that differ in the last bits only
(``python -m benchmarks.speed``). Half precision goes through oneDNN anyway.
"""

import platform
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NARROW = 16
"""Layers with fewer outputs cost less in MKL, which starts sooner."""


class OneDnnLinear(nn.Linear):
    """``nn.Linear`` that computes through oneDNN; float32, CPU, without gradients."""

    @classmethod
    def sharing(cls, layer: nn.Linear) -> "OneDnnLinear":
        """A layer that holds the very parameters of another."""
        bias = layer.bias is not None
        shared = cls(layer.in_features, layer.out_features, bias=bias, device="meta")
        shared.weight, shared.bias = layer.weight, layer.bias
        return shared.train(layer.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as the parent names it
        """[..., in] to [..., out]; where gradients are wanted, as the parent does."""
        if torch.is_grad_enabled() or input.dtype != torch.float32:
            return F.linear(input, self.weight, self.bias)
        result: Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001 - the only way in
            input, self.weight, self.bias, "none", [], ""
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
    """Replace the linear layers of a model in place; names and parameters stay as they are."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Linear and child.out_features >= NARROW:
                setattr(parent, name, OneDnnLinear.sharing(child))
