"""A search before it begins: the config it starts from and what it may change."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from uniecs.errors import UsageError
from uniecs.training.config import SHORT, TrainConfig, preset
from uniecs.training.tuning.space import Setting, Space, default_space


class SearchPlan(BaseModel):
    """What is searched; kept with the search, which goes on only under the same plan.

    Attributes:
        preset: What every trial starts from.
        settings: ``section.key=value`` over it, the same in every trial.
        space: What differs between trials.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str
    settings: tuple[str, ...]
    space: Space

    @classmethod
    def of(
        cls, name: str, settings: tuple[str, ...] = (), space: Space | None = None
    ) -> "SearchPlan":
        """A checked plan; the default space leaves alone what ``settings`` fix.

        Raises:
            UsageError: For unknown names, values that the config refuses, settings that are both
                fixed and searched, and a search that has nothing to change.
        """
        config = preset(name, settings)
        fixed = {_full(setting.partition("=")[0]) for setting in settings}
        if space is None:
            space = {k: v for k, v in default_space(config).items() if k not in fixed}
        for key in space:
            if _full(key) in fixed:
                raise UsageError(
                    f"{key} is fixed by --set and searched by the space; take it out of one."
                )
        if not space:
            raise UsageError("Nothing is left to search; fix less by --set, or give --space.")
        space = {key: tried.beside(_value(config, key)) for key, tried in space.items()}
        plan = cls(preset=name, settings=settings, space=space)
        plan.check(config)
        return plan

    def check(self, config: TrainConfig) -> None:
        """Refuse names and values that the config does not take, each tried alone."""
        for key, tried in self.space.items():
            if isinstance(_value(config, key), dict):
                raise UsageError(f"--space {key}: a section; name one of its keys.")
            for value in tried.samples:
                try:
                    self.config({key: value})
                except UsageError as error:
                    shown = json.dumps(value)
                    raise UsageError(f"--space {key}, value {shown}: {error}") from error

    def config(self, values: Mapping[str, Setting]) -> TrainConfig:
        """The resolved config of a trial."""
        return preset(self.preset, [*self.settings, *_overrides(values)])

    @property
    def seed(self) -> int:
        """What the trials are drawn from: the seed that every one of them trains with."""
        return self.config({}).run.seed

    def given(self) -> dict[str, Setting] | None:
        """The searched settings as they stand unsearched; None where the space excludes them."""
        config = self.config({})
        values = {key: _value(config, key) for key in self.space}
        inside = all(tried.holds(values[key]) for key, tried in self.space.items())
        return values if inside else None

    def command(self, catalog: Path, out: Path, values: Mapping[str, Setting]) -> str:
        """The command line that repeats a trial."""
        words = ["uniecs", "train", str(catalog), "--out", str(out), "--preset", self.preset]
        for setting in (*self.settings, *_overrides(values)):
            words += ["--set", setting]
        return shlex.join(words)


def _overrides(values: Mapping[str, Setting]) -> list[str]:
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]


def _full(key: str) -> str:
    return SHORT.get(key, key)


def _value(config: TrainConfig, key: str) -> Setting:
    """The value under a key; None where there is none, as under an option that is not given."""
    node: Any = config.model_dump()
    for part in _full(key).split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node  # type: ignore[no-any-return]
