"""What optuna does for a search: remembers trials, proposes the next, says which fall behind."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from uniecs.errors import UsageError
from uniecs.training.tuning.space import Range, Setting, Space

STARTUP = 8
"""Trials that are drawn at random before the sampler learns from them."""

PATIENCE = 4
"""Trials that must have run to their end before one may be pruned."""

TELLING = 8
"""Trials that must be over before the importance of settings is estimated."""


class Trial(BaseModel):
    """One trial that is over.

    Attributes:
        number: Counted from 0; its run is in ``trials/<number>/``.
        state: ``failed`` when its settings cannot be trained.
        settings: What it was trained with.
        validations: Epoch -> macro R@10 on val.
        macro: The best of them; None where there is none.
        model_version: Of the model that it left.
        note: Why it was pruned, or failed.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    number: int
    state: Literal["finished", "pruned", "failed"]
    settings: dict[str, Setting]
    validations: dict[int, float] = {}
    model_version: str = ""
    note: str = ""

    @property
    def macro(self) -> float | None:
        """Macro R@10 on val of its best epoch."""
        return max(self.validations.values(), default=None)


class Study:
    """The trials of a search in an optuna study on SQLite; each is added in one transaction.

    The study holds nothing that is under way: a killed trial is proposed again with the same
    settings, because a proposal follows from the seed and the trials that are over alone.

    Args:
        path: The database file.
        space: What is searched.
        seed: Every proposal is drawn from it and the trial's number.
    """

    def __init__(self, path: Path, space: Space, *, seed: int) -> None:
        self._optuna = _optuna()
        self._seed = seed
        self._distributions = {key: self._distribution(tried) for key, tried in space.items()}
        self._pruner = self._optuna.pruners.MedianPruner(n_startup_trials=PATIENCE, n_min_trials=3)
        self._study = self._optuna.create_study(
            study_name="uniecs",
            storage=f"sqlite:///{path.absolute()}",
            direction="maximize",
            load_if_exists=True,
        )

    @property
    def trials(self) -> list[Trial]:
        """All that are over, in their order."""
        return [
            Trial(
                number=trial.number,
                settings=trial.params,
                validations=dict(sorted(trial.intermediate_values.items())),
                **trial.user_attrs,
            )
            for trial in self._study.get_trials(deepcopy=False)
        ]

    def add(self, trial: Trial) -> None:
        """Remember a trial that is over."""
        states = self._optuna.trial.TrialState
        state = {"finished": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state[trial.state],
                value=trial.macro if trial.state == "finished" else None,
                params=trial.settings,
                distributions=self._distributions,
                intermediate_values=dict(trial.validations),
                user_attrs=trial.model_dump(include={"state", "model_version", "note"}),
            )
        )

    def propose(self) -> dict[str, Setting]:
        """Settings of the next trial (TPE), drawn over a copy of the study in memory."""
        trials = self._study.get_trials(deepcopy=False)
        drawn = Random(f"{self._seed}:{len(trials)}:trial").getrandbits(32)
        sampler = self._optuna.samplers.TPESampler(seed=drawn, n_startup_trials=STARTUP)
        copy = self._optuna.create_study(direction="maximize", sampler=sampler)
        copy.add_trials(trials)
        return dict(copy.ask(self._distributions).params)

    def falls_behind(self, validations: Mapping[int, float]) -> bool:
        """Whether the best so far is below the median of finished trials at the same epoch."""
        running = self._optuna.trial.create_trial(
            state=self._optuna.trial.TrialState.RUNNING, intermediate_values=dict(validations)
        )
        return bool(self._pruner.prune(self._study, running))

    def importance(self) -> dict[str, float]:
        """Setting -> share of what decides between the best quarter and the rest (PED-ANOVA).

        The largest first; empty while too few trials are over to say anything. A pruned trial
        counts with the best that it reached: it is one of the rest.
        """
        judged = [trial for trial in self.trials if trial.macro is not None]
        if len(judged) < TELLING:
            return {}
        copy = self._optuna.create_study(direction="maximize")
        copy.add_trials(
            self._optuna.trial.create_trial(
                value=trial.macro, params=trial.settings, distributions=self._distributions
            )
            for trial in judged
        )
        importance = self._optuna.importance
        evaluator = importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
        return dict(importance.get_param_importances(copy, evaluator=evaluator))

    def _distribution(self, tried: Any) -> Any:
        kinds = self._optuna.distributions
        if not isinstance(tried, Range):
            return kinds.CategoricalDistribution(tried.choices)
        kind = kinds.IntDistribution if tried.whole else kinds.FloatDistribution
        return kind(tried.low, tried.high, log=tried.log)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise UsageError(
            f"A search needs optuna ({error}); install it with pip install 'uniecs[tune]'."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
