"""What a training run does; frozen, merged from a preset and ``--set section.key=value``."""

import json
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from uniecs.catalog.pairs import PairConfig
from uniecs.encoder.choices import PRESETS, EncoderConfig
from uniecs.errors import UsageError
from uniecs.losses.config import LossConfig
from uniecs.settings import Precision


class OptimizerConfig(BaseModel):
    """AdamW with warm-up and cosine over optimizer steps; no decay on 1-D parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lr: float = Field(default=1e-3, gt=0, description="Peak rate of new weights.")
    tower_lr: float = Field(default=1e-3, gt=0, description="Peak rate of a tower from scratch.")
    pretrained_lr: float = Field(
        default=5e-5, gt=0, description="Peak rate of a tower from a source, at its last layer."
    )
    layer_decay: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Rate of a tower's layer over the one above; .75 from a source, else 1.",
    )
    loss_lr: float = Field(default=1e-2, gt=0, description="Rate of temperatures and weights.")
    weight_decay: float = Field(default=0.05, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1, description="Share of the steps.")
    floor: float = Field(default=0.01, ge=0, le=1, description="Last rate over peak rate.")
    clip: float = Field(default=1.0, gt=0, description="Largest gradient norm.")


class RunConfig(BaseModel):
    """Length, batch, precision and seed of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int | None = Field(
        default=None, ge=1, description="By default more for smaller catalogs; see epochs_for."
    )
    batch_size: int = Field(default=128, ge=2)
    seed: int = Field(default=0, ge=0)
    precision: Precision = "auto"
    compile: Literal["auto", "on", "off"] = Field(
        default="auto", description="torch.compile of the towers: where it pays for itself in time."
    )
    device: str | None = Field(default=None, description="cpu or cuda; by default what there is.")
    validate_every: int = Field(default=4, ge=1, description="Epochs between validations.")
    checkpoint_seconds: float = Field(default=60.0, gt=0)
    chunk: int = Field(
        default=0, ge=0, description="Entries encoded at a time (GradCache); 0 for all at once."
    )
    ema: float = Field(
        default=0.0, ge=0, lt=1, description="Decay of the averaged weights that are kept; 0: none."
    )
    word_dropout: float = Field(default=0.1, ge=0, lt=1, description="Share of tokens hidden.")
    modality_dropout: float = Field(
        default=0.15, ge=0, le=0.5, description="Share of IT views that lose picture, or text."
    )
    mismatched: float = Field(
        default=0.05, ge=0, le=1, description="Share of pairs beside which a wrong listing stands."
    )
    together: int = Field(
        default=4, ge=1, description="Pairs of one group that are kept in one batch; 1: at random."
    )
    hard_negatives: int = Field(
        default=0, ge=0, description="Epochs between minings of look-alikes; 0 mines none."
    )

    def epochs_for(self, listings: int) -> int:
        """Epochs of a run over so many training listings.

        A tenth of the listings gets nearly six times the epochs, so about half of the steps: a rule
        of thumb that keeps a run within a quarter of an hour or so on two slow cores, not the point
        where validation stops improving.

        Example:
            >>> RunConfig().epochs_for(7_300), RunConfig().epochs_for(900)
            (4, 21)
        """
        return self.epochs or min(40, max(1, round(3900 * listings**-0.77)))


class TrainConfig(BaseModel):
    """The resolved config that is saved with the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderConfig
    pairs: PairConfig = PairConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _something_is_compiled(self) -> Self:
        if self.run.compile == "on" and self.encoder.adapters:
            raise UsageError(
                "run.compile=on with encoder.adapters: frozen towers have no part in a step, so "
                "there is nothing to compile; leave run.compile at auto."
            )
        return self


def preset(name: str, overrides: Iterable[str] = ()) -> TrainConfig:
    """The config of a preset with ``section.key=value`` settings over it.

    Values are JSON where they parse as JSON, else text.

    Example:
        >>> preset("small", ["run.epochs=3"]).run.epochs
        3

    Raises:
        UsageError: For an unknown preset, key or unusable value.
    """
    if name not in PRESETS:
        raise UsageError(f"No preset {name!r}; choose one of {', '.join(PRESETS)}.")
    tree = TrainConfig(encoder=PRESETS[name]()).model_dump()
    if name == "base":
        tree["optimizer"] |= {"lr": 1e-4, "tower_lr": 1e-4, "pretrained_lr": 1e-5}
    for override in overrides:
        _set(tree, override)
    try:
        return TrainConfig.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"--set {where}: {first['msg']} (value {first['input']!r}).") from error


SHORT = {"vision.tower": "encoder.vision.source", "text.tower": "encoder.text.source"}
"""Short forms of keys."""


def _set(tree: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    keys = SHORT.get(path, path).split(".")
    if not equals or not all(keys):
        raise UsageError(f"--set {override!r}: write section.key=value, such as run.epochs=3.")
    node = tree
    for depth, key in enumerate(keys[:-1]):
        below = node.get(key)
        if not isinstance(below, dict):
            known = ", ".join(sorted(k for k, v in node.items() if isinstance(v, dict)))
            raise UsageError(f"--set {path}: no section {'.'.join(keys[: depth + 1])}; {known}.")
        node = below
    if keys[-1] not in node and keys[-2:-1] != ["options"]:
        raise UsageError(f"--set {path}: no key {keys[-1]!r}; known: {', '.join(sorted(node))}.")
    try:
        node[keys[-1]] = json.loads(text)
    except json.JSONDecodeError:
        node[keys[-1]] = text
