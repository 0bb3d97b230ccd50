"""One trial: a training run that is given up when it falls behind."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from uniecs.errors import ModelError
from uniecs.training.checkpoint import write_json
from uniecs.training.compute import COMPUTE
from uniecs.training.config import TrainConfig
from uniecs.training.history import Note
from uniecs.training.run import train
from uniecs.training.tuning.study import Trial

UNTRAINABLE = (ModelError, ValueError, torch.OutOfMemoryError)
"""What settings that do not fit together, or do not fit into memory, end in."""


class FellBehind(Exception):
    """The run is not worth going on with."""


class Judge:
    """Passes a run's notes on, and ends the run at the first validation that falls behind.

    The last validation ends nothing: the run is over anyway.

    Args:
        history: What the run reported before it was killed, if it was.
        falls_behind: Told of epoch -> macro R@10 on val so far.
        note: Told what the run tells.
    """

    def __init__(
        self, history: Path, falls_behind: Callable[[Mapping[int, float]], bool], note: Note
    ) -> None:
        self.validations = read_validations(history)
        self._falls_behind = falls_behind
        self._note = note
        self._steps = 0

    def __call__(self, kind: str, values: dict[str, Any]) -> None:
        """Take one note of the run."""
        self._note(kind, values)
        if kind == "step":
            self._steps = values["total"]
        elif kind == "validation":
            self.validations[values["epoch"]] = values["val"]["macro"]
            last = values["step"] == self._steps
            if not last and self._falls_behind(self.validations):
                raise FellBehind


def run_trial(
    catalog: Path,
    folder: Path,
    number: int,
    settings: dict[str, Any],
    config: TrainConfig,
    *,
    pictures: Path,
    falls_behind: Callable[[Mapping[int, float]], bool],
    note: Note,
) -> Trial:
    """Train one trial in ``folder``, from where it was broken off if it was.

    Raises:
        UNTRAINABLE: When its settings cannot be trained.
    """
    if not (folder / "config.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)  # a kill came before the run began
    judge = Judge(folder / "history.jsonl", falls_behind, note)
    try:
        report = train(catalog, folder, config, resume=True, pictures=pictures, note=judge)
    except FellBehind:
        epoch, macro = list(judge.validations.items())[-1]
        words = f"below the median of finished trials at epoch {epoch}, with macro R@10 {macro:.3f}"
        write_json(folder / "pruned.json", {"epoch": epoch, "macro": macro, "note": words})
        return Trial(
            number=number,
            state="pruned",
            settings=settings,
            validations=judge.validations,
            note=words,
        )
    return Trial(
        number=number,
        state="finished",
        settings=settings,
        validations=judge.validations,
        model_version=report.model_version,
    )


def drop_weights(folder: Path) -> None:
    """Leave a pruned trial its config and history: nobody goes on with it."""
    for name in ("cache", "checkpoint", "negatives"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("best.safetensors", COMPUTE):
        (folder / name).unlink(missing_ok=True)


def read_validations(history: Path) -> dict[int, float]:
    """Epoch -> macro R@10 on val, as a run recorded them; a line cut short by a kill is ignored."""
    found: dict[int, float] = {}
    lines = history.read_text().splitlines() if history.is_file() else []
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            break
        if "val" in row:
            found[row["epoch"]] = row["val"]["macro"]
    return found
