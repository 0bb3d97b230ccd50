"""Parameter groups, and the rate of each over optimizer steps."""

import math
import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from uniecs.encoder.model import UniECSModel
from uniecs.training.config import OptimizerConfig

PRETRAINED_DECAY = 0.75
"""What the lower layers of a pretrained tower know is the more general the lower they are."""


def build_optimizer(
    model: UniECSModel, loss: nn.Module, config: OptimizerConfig
) -> torch.optim.AdamW:
    """AdamW over towers, new weights and loss parameters; 1-D parameters do not decay.

    A tower's layer that stands k layers below its last learns at ``tower_lr * layer_decay^k``, or
    ``pretrained_lr * layer_decay^k`` where the tower starts from a source.
    """
    rates: dict[nn.Parameter, float] = {}
    for tower in (model.vision, model.text):
        peak = config.pretrained_lr if tower.pretrained else config.tower_lr
        decay = config.layer_decay or (PRETRAINED_DECAY if tower.pretrained else 1.0)
        for parameter, below in _by_depth(tower).items():
            rates[parameter] = peak * decay**below
    fresh = [p for p in model.parameters() if p not in rates]
    groups = _groups(fresh, config.lr, config.weight_decay)
    for lr in sorted(set(rates.values()), reverse=True):
        layer = [p for p, rate in rates.items() if rate == lr]
        groups += _groups(layer, lr, config.weight_decay)
    groups.append({"params": list(loss.parameters()), "lr": config.loss_lr, "weight_decay": 0.0})
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)


_LAYER = re.compile(r"\.(?:layers?|blocks?|stages)\.(\d+)\.")


def _by_depth(tower: nn.Module) -> dict[nn.Parameter, int]:
    """Layers that stand above each parameter's own, by the numbers in transformers' names."""
    found = {p: _LAYER.search(name) for name, p in tower.named_parameters()}
    layers = 1 + max((int(match[1]) for match in found.values() if match), default=-1)
    first = next((place for place, match in enumerate(found.values()) if match), 0)
    depths = {}
    for place, (parameter, match) in enumerate(found.items()):
        if match:
            depths[parameter] = layers - 1 - int(match[1])
        else:  # before the layers: embeddings; after them: the last norm
            depths[parameter] = layers if place < first else 0
    return depths


def _groups(parameters: Iterable[nn.Parameter], lr: float, decay: float) -> list[dict[str, Any]]:
    trained = [p for p in parameters if p.requires_grad]
    matrices = [p for p in trained if p.dim() > 1]
    vectors = [p for p in trained if p.dim() <= 1]
    return [
        {"params": part, "lr": lr, "weight_decay": share}
        for part, share in ((matrices, decay), (vectors, 0.0))
        if part
    ]


def rate(step: int, total: int, config: OptimizerConfig) -> float:
    """Share of the peak rate at ``step`` of ``total``: linear warm-up, then cosine to the floor.

    The last step, ``total - 1``, ends exactly at the floor.

    Example:
        >>> rate(99, 100, OptimizerConfig(floor=0.01))
        0.01
    """
    warm = round(config.warmup * total)
    if step < warm:
        return (step + 1) / (warm + 1)
    progress = (step - warm) / max(1, total - 1 - warm)
    return config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set every group's rate to a share of its own peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * share
