"""Side networks beside frozen towers: a few small blocks that read the towers' layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.configuration_utils import PreTrainedConfig

from uniecs.errors import ModelError

QUARTERS = (1, 2, 3)
"""Quarters of a tower's depth below its last layer, where a side network reads too."""


def read_layers(config: PreTrainedConfig) -> dict[int, int]:
    """Layers of a tower below its last that a side network reads, and their widths.

    Layers count from 1; those of a ViT with 12 are 3, 6 and 9.

    Raises:
        ModelError: When the config does not tell the widths of the layers.
    """
    stages = getattr(config, "hidden_sizes", None)
    depth = getattr(config, "num_hidden_layers", None)
    if not stages and (not depth or hasattr(config, "depths")):
        raise ModelError(
            f"Side adapters cannot read the layers of a {config.model_type!r} tower; use a ViT, "
            "CLIP, SigLIP, ConvNeXt, ResNet or BERT-like model, or encoder.adapters=false."
        )
    widths = [int(width) for width in stages or [config.hidden_size] * int(depth or 0)]
    layers = {round(len(widths) * quarter / 4) for quarter in QUARTERS} - {0, len(widths)}
    return {layer: widths[layer - 1] for layer in sorted(layers)}


class SideBlock(nn.Module):
    """``h <- h + Up(GELU(Down(LN(h)) + s Enter(LN(f))))``: one layer's state f joins in.

    After CROSSAN (2504.10307), whose f joins h before Down; here f may have another width. Up is
    zero at the start, so that the block then changes nothing.
    """

    def __init__(self, width: int, state_width: int, rank: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.norm_state = nn.LayerNorm(state_width)
        self.down = nn.Linear(width, rank)
        self.enter = nn.Linear(state_width, rank)
        self.share = nn.Parameter(torch.ones(()))
        self.up = nn.Linear(rank, width)

    def start(self) -> None:
        """Weights with which the block changes nothing yet, and the state counts in full."""
        nn.init.ones_(self.share)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, h: Tensor, state: Tensor) -> Tensor:
        """[N, P, width] and a layer's state [N, P, state_width] to [N, P, width]."""
        entered = self.share * self.enter(self.norm_state(state))
        changed: Tensor = h + self.up(F.gelu(self.down(self.norm(h)) + entered))
        return changed


class SideNetwork(nn.Module):
    """A tower's states to tokens: from its last state, through one block per layer that is read.

    Args:
        width: Of the tower's last state.
        lower: Widths of the lower layers that are read.
        rank: Width of each block's bottleneck.
    """

    def __init__(self, width: int, lower: list[int], rank: int) -> None:
        super().__init__()
        self.widths = [width, *lower]
        self.blocks = nn.ModuleList(SideBlock(width, state, rank) for state in (*lower, width))

    def forward(self, states: Tensor) -> Tensor:
        """[N, P, sum of widths], the last layer's first, to tokens [N, P, width]."""
        last, *lower = states.split(self.widths, dim=-1)
        tokens: Tensor = last
        for block, state in zip(self.blocks, (*lower, last), strict=True):
            tokens = block(tokens, state)
        return tokens
