"""What a search may change: ``section.key`` and the values to try; loads no torch."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from uniecs.errors import UsageError
from uniecs.training.config import TrainConfig

Setting = bool | int | float | str | None
"""A value that ``--set`` takes and that optuna keeps."""


class Range(BaseModel):
    """Numbers from ``low`` to ``high``; whole ones where both bounds are whole.

    Attributes:
        log: Draw evenly over orders of magnitude; for rates and weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _usable(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low:g} has no logarithm; give a positive one")
        return self

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def samples(self) -> tuple[Setting, ...]:
        """Both ends and, where fractions are tried, one: what a config must take."""
        fraction = self.low + (self.high - self.low) / sqrt(2)  # never a whole number
        return (self.low, self.high) if self.whole else (self.low, fraction, self.high)

    def beside(self, value: Setting) -> "Range":
        """The same with fractions, where ``value``, which it replaces, is one."""
        if not isinstance(value, float):
            return self
        return self.model_copy(update={"low": float(self.low), "high": float(self.high)})

    def holds(self, value: Setting) -> bool:
        """Whether a trial may have this value."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or isinstance(value, int))


class Choices(BaseModel):
    """Some values, none nearer to another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    choices: tuple[Setting, ...] = Field(min_length=1, strict=False)

    @property
    def samples(self) -> tuple[Setting, ...]:
        """What a config must take: all of them."""
        return self.choices

    def beside(self, _value: Setting) -> "Choices":
        """The same: choices are tried as they are written."""
        return self

    def holds(self, value: Setting) -> bool:
        """Whether a trial may have this value."""
        return value in self.choices


Space = dict[str, Range | Choices]
"""``section.key`` -> what to try."""

_FIELDS = {*Range.model_fields, *Choices.model_fields}


def default_space(config: TrainConfig) -> Space:
    """Settings that shift quality most per trial, around those of ``config``; see docs/tuning.md.

    Rates go from a quarter to four times their value. Whatever the run does not use is left out:
    the rate of a tower from scratch where none is, the parts of our loss where another is trained.
    """
    rates = config.optimizer
    space: Space = {"optimizer.lr": _around(rates.lr)}
    sources = [config.encoder.vision.source, config.encoder.text.source]
    if None in sources:
        space["optimizer.tower_lr"] = _around(rates.tower_lr)
    if any(sources):
        space["optimizer.pretrained_lr"] = _around(rates.pretrained_lr)
    space["optimizer.weight_decay"] = Range(low=0.005, high=0.5, log=True)
    if config.loss.objective == "uniecs":
        if "alignment" in config.loss.families:
            space["loss.view_alignment"] = Range(low=0.01, high=1.0, log=True)
        if "local" in config.loss.families:
            space["loss.shares.local"] = Range(low=0.01, high=1.0, log=True)
    return space | {
        "run.word_dropout": Range(low=0.0, high=0.3),
        "run.modality_dropout": Range(low=0.0, high=0.4),
        "pairs.whole": Range(low=0.05, high=0.5),
        "pairs.short": Range(low=0.05, high=0.4),
    }


def _around(rate: float) -> Range:
    return Range(low=rate / 4, high=rate * 4, log=True)


def read_space(path: Path) -> Space:
    """A space from a JSON or TOML file; TOML's sections may be nested.

    Raises:
        UsageError: When the file is missing, no JSON or TOML, or an entry is no range or choices.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--space {path}: {error}; give a readable .json or .toml file."
        ) from error
    if not isinstance(tree, dict) or not tree:
        raise UsageError(f'--space {path}: write {{"section.key": {{"low": 0.1, "high": 1}}}}.')
    return {key: _entry(path, key, value) for key, value in _flat(tree)}


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        inner = isinstance(value, dict) and value and not _FIELDS & value.keys()
        if inner and all(isinstance(below, dict) for below in value.values()):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _entry(path: Path, key: str, value: object) -> Range | Choices:
    chosen = isinstance(value, dict) and "choices" in value
    try:
        return TypeAdapter[Range | Choices](Choices if chosen else Range).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        raise UsageError(
            f"--space {path}: {key}{'.' if where else ''}{where}: {first['msg']}; write "
            '{"low": 0.1, "high": 1, "log": true} or {"choices": [1, 2]}.'
        ) from error
