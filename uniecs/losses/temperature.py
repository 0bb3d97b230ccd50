"""Learned temperatures of InfoNCE, one per family."""

import torch
from torch import Tensor, nn


class Temperatures(nn.Module):
    """One learned temperature per family, kept in [0.01, 0.1] (UNIECS.md 7.4)."""

    RANGE = (0.01, 0.1)

    def __init__(self, names: tuple[str, ...], start: float = 0.05) -> None:
        super().__init__()
        self.names = names
        self.log_tau = nn.Parameter(torch.full((len(names),), start).log())

    def forward(self) -> dict[str, Tensor]:
        """Temperature by family; ``keep_in_range`` holds the range, so no gradient is cut here."""
        return dict(zip(self.names, self.log_tau.exp().unbind(), strict=True))

    @torch.no_grad()
    def keep_in_range(self) -> None:
        """Pull the parameters back into range after an optimizer step."""
        low, high = (torch.tensor(bound).log().item() for bound in self.RANGE)
        self.log_tau.clamp_(low, high)
