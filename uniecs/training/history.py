"""``history.jsonl``: what a run reports of itself, one line per step and per validation."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Note = Callable[[str, dict[str, Any]], None]
"""Receives (``pictures`` | ``states`` | ``step`` | ``validation``, values) during a run."""

LOGGED = ("loss", "weight_", "tau_", "lr")
"""How the names of the figures that a tracking server is told begin."""


def logged_figures(row: Mapping[str, Any]) -> dict[str, float]:
    """Losses, weights, temperatures and rate of one step."""
    return {name: value for name, value in row.items() if name.startswith(LOGGED)}


def best_validation(history: Path, epoch: int) -> dict[str, float]:
    """R@10 on val by task at an epoch, as the run recorded it."""
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    scores = [row["val"] for row in rows if row.get("epoch") == epoch]
    return dict(scores[-1]) if scores else {}


class History:
    """Appends what the trainer reports; after a resume, steps that are run again replace theirs."""

    def __init__(self, path: Path, note: Note) -> None:
        self._path = path
        self._note = note
        self._opened = False

    def __call__(self, row: dict[str, Any]) -> None:
        """Append one row."""
        if not self._opened:
            self._cut_before(row)
            self._opened = True
        with self._path.open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        self._note("validation" if "val" in row else "step", row)

    def _cut_before(self, row: dict[str, Any]) -> None:
        """Keep what came before a row that is reported again, or for the first time."""
        if self._path.exists():
            place = _place(row)
            kept = [line for line in _lines(self._path) if _place(json.loads(line)) < place]
            partial = self._path.with_suffix(".partial")
            partial.write_text("".join(f"{line}\n" for line in kept))
            partial.rename(self._path)


def _place(row: Mapping[str, Any]) -> tuple[int, bool]:
    """Where a row stands in a history: the validation of a step comes after the step."""
    return row["step"], "val" in row


def _lines(path: Path) -> Iterable[str]:
    """Whole lines; a kill may have cut the last one short."""
    for line in path.read_text().splitlines():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            return
        yield line
