"""Adaptive weighting of loss families (UNIECS.md 2.5): three rules behind one interface.

Units first: every rule sees a family's loss divided by its running mean, so that a weight says how
much a family matters and not how large its numbers are. That would also make a regulariser as loud
as the task, so a family may have a fixed share s_k, 1 by default, that multiplies its whole term.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from uniecs.losses.config import LossConfig

U_RANGE = (-3.0, 3.0)
EMA_DECAY = 0.99
AVERAGE_TEMPERATURE = 2.0


class RunningMeans(nn.Module):
    """Exponential means of the losses, without the bias of their start at 0."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("seen", torch.zeros(()))
        self.mean: Tensor
        self.seen: Tensor

    def forward(self, values: Tensor) -> Tensor:
        """[K] losses over their means; training moves the means first."""
        if self.training:
            self.mean.mul_(EMA_DECAY).add_(values.detach(), alpha=1 - EMA_DECAY)
            self.seen.add_(1)
        unbiased = self.mean / (1 - EMA_DECAY**self.seen).clamp(min=1e-6)
        return values / unbiased.clamp(min=1e-6)


class FixedWeighting(nn.Module):
    """``L = sum_k s_k L_k / m_k``: every family counts by its share, throughout."""

    def __init__(self, names: tuple[str, ...], shares: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.names = names
        self.scaled = RunningMeans(len(names))
        values = [(shares or {}).get(name, 1.0) for name in names]
        self.register_buffer("shares", torch.tensor(values), persistent=False)
        self.shares: Tensor

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Weigh the families' losses (scalars) into one."""
        scaled = self.scaled(torch.stack([losses[name] for name in self.names]))
        total: Tensor = (self.shares * scaled).sum()
        return total

    def weights(self) -> dict[str, float]:
        """The share of each family."""
        return dict(zip(self.names, self.shares.tolist(), strict=True))

    def after_step(self) -> None:
        """Nothing changes."""

    def end_epoch(self) -> None:
        """Nothing changes."""


class UncertaintyWeighting(FixedWeighting):
    """``L = sum_k s_k (exp(-u_k) L_k / m_k + u_k)``: u_k learned, m_k the running mean of L_k."""

    def __init__(self, names: tuple[str, ...], shares: Mapping[str, float] | None = None) -> None:
        super().__init__(names, shares)
        self.u = nn.Parameter(torch.zeros(len(names)))

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Weigh the families' losses (scalars) into one."""
        scaled = self.scaled(torch.stack([losses[name] for name in self.names]))
        total: Tensor = (self.shares * (torch.exp(-self.u) * scaled + self.u)).sum()
        return total

    @torch.no_grad()
    def after_step(self) -> None:
        """Pull u back into range; a clamp in ``forward`` would leave it without a gradient."""
        self.u.clamp_(*U_RANGE)

    def weights(self) -> dict[str, float]:
        """Current weight ``s_k exp(-u_k)`` of each family."""
        values = self.shares * torch.exp(-self.u.detach())
        return dict(zip(self.names, values.tolist(), strict=True))


class AverageWeighting(FixedWeighting):
    """Dynamic weight average: ``w_k = s_k K softmax_k( (L_k(t-1) / L_k(t-2)) / 2 )``, epoch means.

    A family whose loss falls slowly gets more weight; the first two epochs weigh all the same.
    """

    def __init__(self, names: tuple[str, ...], shares: Mapping[str, float] | None = None) -> None:
        super().__init__(names, shares)
        self.register_buffer("current", torch.ones(len(names)))
        self.register_buffer("previous", torch.zeros(len(names)))
        self.register_buffer("total", torch.zeros(len(names)))
        self.register_buffer("steps", torch.zeros(()))
        self.current: Tensor
        self.previous: Tensor
        self.total: Tensor
        self.steps: Tensor

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Weigh the families' losses (scalars) into one."""
        values = torch.stack([losses[name] for name in self.names])
        if self.training:
            self.total.add_(values.detach())
            self.steps.add_(1)
        total: Tensor = (self.shares * self.current * self.scaled(values)).sum()
        return total

    def weights(self) -> dict[str, float]:
        """Weight of each family in this epoch."""
        return dict(zip(self.names, (self.shares * self.current).tolist(), strict=True))

    @torch.no_grad()
    def end_epoch(self) -> None:
        """Weigh the next epoch by how far this one's means fell."""
        mean = self.total / self.steps.clamp(min=1)
        if self.previous.any():
            ratio = mean / self.previous.clamp(min=1e-6)
            weights = len(self.names) * (ratio / AVERAGE_TEMPERATURE).softmax(dim=0)
            self.current.copy_(weights)
        self.previous.copy_(mean)
        self.total.zero_()
        self.steps.zero_()


RULES = {
    "fixed": FixedWeighting,
    "uncertainty": UncertaintyWeighting,
    "average": AverageWeighting,
}


def build_weighting(config: LossConfig) -> FixedWeighting:
    """The rule of a config over its families."""
    return RULES[config.weighting](config.families, {str(k): v for k, v in config.shares.items()})
