"""Parameter groups, and the rate of each over optimizer steps."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from uniecs.encoder.model import UniECSModel
from uniecs.training.config import OptimizerConfig


def build_optimizer(
    model: UniECSModel, loss: nn.Module, config: OptimizerConfig
) -> torch.optim.AdamW:
    """AdamW over towers, new weights and loss parameters; 1-D parameters do not decay."""
    towers = [*model.vision.parameters(), *model.text.parameters()]
    in_towers = {id(p) for p in towers}
    fresh = [p for p in model.parameters() if id(p) not in in_towers]
    groups = [
        *_groups(towers, config.tower_lr, config.weight_decay),
        *_groups(fresh, config.lr, config.weight_decay),
        {"params": list(loss.parameters()), "lr": config.loss_lr, "weight_decay": 0.0},
    ]
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)


def _groups(parameters: Iterable[nn.Parameter], lr: float, decay: float) -> list[dict[str, object]]:
    trained = [p for p in parameters if p.requires_grad]
    matrices = [p for p in trained if p.dim() > 1]
    vectors = [p for p in trained if p.dim() <= 1]
    return [
        {"params": matrices, "lr": lr, "weight_decay": decay},
        {"params": vectors, "lr": lr, "weight_decay": 0.0},
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
