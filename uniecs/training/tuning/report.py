"""What a search came to."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.study import Trial

SHOWN = 5
"""Trials that are shown as the best."""


class SearchReport(BaseModel):
    """The trials of a search; ``report.json``.

    Attributes:
        catalog: Folder that was trained on.
        plan: What was searched.
        trials: All that are over.
        best: Numbers of the best finished trials, the best first.
        importance: Setting -> share of what decides between good trials and the rest; empty
            while too few are over.
        command: Repeats the best trial; empty while none has finished.
    """

    model_config = ConfigDict(frozen=True)

    catalog: str
    plan: SearchPlan
    trials: list[Trial]
    best: list[int]
    importance: dict[str, float]
    command: str

    def counted(self) -> dict[str, int]:
        """State -> trials."""
        states = [trial.state for trial in self.trials]
        return {state: states.count(state) for state in dict.fromkeys(states)}


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Finished trials, the best first; of equal ones the earlier."""
    finished = [trial for trial in trials if trial.state == "finished"]
    return sorted(finished, key=lambda trial: (-(trial.macro or 0.0), trial.number))
