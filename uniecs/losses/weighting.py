"""Adaptive weighting of loss families by homoscedastic uncertainty (UNIECS.md 2.5)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

U_RANGE = (-3.0, 3.0)
EMA_DECAY = 0.99


class UncertaintyWeighting(nn.Module):
    """``L = sum_k exp(-u_k) L_k / m_k + u_k``: u_k learned, m_k the running mean of L_k.

    Dividing by the running mean makes the units of the families match, so that a weight says how
    much a family matters and not how large its numbers are.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        self.u = nn.Parameter(torch.zeros(len(names)))
        self.register_buffer("mean", torch.zeros(len(names)))
        self.register_buffer("seen", torch.zeros(()))
        self.mean: Tensor
        self.seen: Tensor

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Weigh the families' losses (scalars) into one."""
        values = torch.stack([losses[name] for name in self.names])
        if self.training:
            self._follow(values.detach())
        unbiased = self.mean / (1 - EMA_DECAY**self.seen).clamp(min=1e-6)
        scaled = values / unbiased.clamp(min=1e-6)
        u = self.u.clamp(*U_RANGE)
        return (torch.exp(-u) * scaled + u).sum()

    def weights(self) -> dict[str, float]:
        """Current weight ``exp(-u_k)`` of each family."""
        values = torch.exp(-self.u.detach().clamp(*U_RANGE)).tolist()
        return dict(zip(self.names, values, strict=True))

    def _follow(self, values: Tensor) -> None:
        self.mean.mul_(EMA_DECAY).add_(values, alpha=1 - EMA_DECAY)
        self.seen.add_(1)


class Temperatures(nn.Module):
    """One learned temperature per family, kept in [0.01, 0.1]."""

    RANGE = (0.01, 0.1)

    def __init__(self, names: tuple[str, ...], start: float = 0.05) -> None:
        super().__init__()
        self.names = names
        self.log_tau = nn.Parameter(torch.full((len(names),), start).log())

    def forward(self) -> dict[str, Tensor]:
        """Temperature by family."""
        low, high = self.RANGE
        # a clamp would stop the gradient at its bounds for good; here the bounds are only touched
        return dict(zip(self.names, self.log_tau.exp().clamp(low, high).unbind(), strict=True))

    @torch.no_grad()
    def keep_in_range(self) -> None:
        """Pull the parameters back into range after an optimizer step."""
        low, high = (torch.tensor(bound).log().item() for bound in self.RANGE)
        self.log_tau.clamp_(low, high)
