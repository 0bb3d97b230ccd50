"""What a training step minimises: ours, or the losses that it is compared with."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from uniecs.catalog.presence import Presence
from uniecs.losses.alignment import alignment_loss
from uniecs.losses.config import LossConfig
from uniecs.losses.directions import Direction, directions_loss
from uniecs.losses.intra import intra_loss
from uniecs.losses.local import local_loss
from uniecs.losses.released import paired_sides, released_loss
from uniecs.losses.temperature import Temperatures
from uniecs.losses.views import Targets, Views, nothing
from uniecs.losses.weighting import build_weighting

TEXT_AND_PICTURE: tuple[Direction, ...] = (
    (Presence.IMAGE, Presence.TEXT),
    (Presence.TEXT, Presence.IMAGE),
)


class Objective(nn.Module):
    """CMAL, CLAL and IMCL, each with its temperature, under one adaptive weighting."""

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.config = config
        tempered = tuple(name for name in config.families if name != "local")
        self.temperatures = Temperatures(tempered)
        self.weighting = build_weighting(config)

    def forward(
        self, queries: Views, candidates: Views, targets: Targets
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch, and what to log of it."""
        taus = self.temperatures()
        losses = self._families(queries, candidates, targets, taus)
        total = self.weighting(losses)
        return total, {
            **{f"loss_{name}": value.item() for name, value in losses.items()},
            **{f"weight_{name}": value for name, value in self.weighting.weights().items()},
            **{f"tau_{name}": value.item() for name, value in taus.items()},
        }

    def after_step(self) -> None:
        """Told after each optimizer step."""
        self.temperatures.keep_in_range()
        self.weighting.after_step()

    def end_epoch(self) -> None:
        """Told after each epoch."""
        self.weighting.end_epoch()

    def _families(
        self, queries: Views, candidates: Views, targets: Targets, taus: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        config = self.config
        losses: dict[str, Tensor] = {}
        for name in config.families:
            if name == "alignment":
                losses[name] = alignment_loss(
                    queries,
                    candidates,
                    targets,
                    taus[name],
                    views=config.view_alignment,
                    mixed=config.mixed,
                )
            elif name == "intra":
                losses[name] = intra_loss(
                    queries,
                    candidates,
                    targets,
                    taus[name],
                    margin=config.margin,
                    mixed=config.mixed,
                )
            else:
                losses[name] = local_loss(
                    queries, candidates, targets, neighbours=config.neighbours
                )
        return losses


class ClipObjective(nn.Module):
    """Symmetric InfoNCE between texts and pictures (CLIP), with one learned temperature.

    Positives are those of ours, so that an arm trained with it differs in what is compared, and
    not in what counts as right.
    """

    def __init__(self) -> None:
        super().__init__()
        self.temperatures = Temperatures(("clip",))

    def forward(
        self, queries: Views, candidates: Views, targets: Targets
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch, and what to log of it."""
        tau = self.temperatures()["clip"]
        loss = directions_loss(TEXT_AND_PICTURE, queries, candidates, targets, tau)
        return loss, {"loss_clip": loss.item(), "tau_clip": tau.item()}

    def after_step(self) -> None:
        """Told after each optimizer step."""
        self.temperatures.keep_in_range()

    def end_epoch(self) -> None:
        """Nothing changes."""


class ReleasedObjective(nn.Module):
    """The release's nine terms with its fixed weights; ``logit_scale`` starts at ln 10."""

    SCALE_RANGE = (0.0, 3.0)

    def __init__(self) -> None:
        super().__init__()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def forward(
        self, queries: Views, candidates: Views, _targets: Targets
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch, over the pairs that have all three views on both sides."""
        sides = paired_sides(queries, candidates)
        scale = self.logit_scale.exp()
        loss = (
            released_loss(*sides, scale)
            if sides
            else self.logit_scale * 0.0 + nothing(queries, candidates)
        )
        return loss, {"loss_released": loss.item(), "scale": scale.item()}

    @torch.no_grad()
    def after_step(self) -> None:
        """Keep ``logit_scale`` in range."""
        self.logit_scale.clamp_(*self.SCALE_RANGE)

    def end_epoch(self) -> None:
        """Nothing changes."""


def build_objective(config: LossConfig) -> Objective | ClipObjective | ReleasedObjective:
    """The objective that a config names."""
    if config.objective == "clip":
        return ClipObjective()
    if config.objective == "released":
        return ReleasedObjective()
    return Objective(config)
