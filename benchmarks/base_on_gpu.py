"""Train ``base`` for some minutes on a GPU: quality, pairs/s, share of peak FLOPs, memory.

    python -m benchmarks.base_on_gpu CATALOG --minutes 15 --peak-tflops 989

A short run says first how long an epoch takes; ``--epochs`` spares it where that is known.

Without a GPU it says so and measures nothing. Give ``--set vision.tower=...`` and ``--set
text.tower=...`` where pretrained towers are at hand; from scratch, minutes do not train ``base``.
The same command goes on with a measurement that was broken off.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from benchmarks.quality.catalogs import without_queries
from benchmarks.speed.training import count_flops
from uniecs.catalog.reading import Catalog
from uniecs.encoder.loading import load_model_folder
from uniecs.errors import UsageError
from uniecs.evaluation.evaluate import evaluate
from uniecs.evaluation.remembering import RememberingEncoder
from uniecs.inference.encoder import Encoder
from uniecs.training.config import preset
from uniecs.training.run import TrainReport, train

WARM_UP = 10
"""Steps that are not timed, each time that a run starts or goes on."""

TRIED = 2
"""Epochs of the run that says how long an epoch takes."""


class Clock:
    """Times the steps of a run from its notes, into a file: a run that goes on adds to it.

    Args:
        path: A line per timed step: seconds, pairs, and the most memory so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0
        self._last = 0.0

    def __call__(self, kind: str, values: dict[str, Any]) -> None:
        """Take one note."""
        if kind != "step":
            return
        now = time.monotonic()
        if self._seen >= WARM_UP:
            memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
            row = {"seconds": now - self._last, "pairs": values["pairs"], "memory": memory}
            with self._path.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
        self._seen += 1
        self._last = now

    @property
    def pairs_per_second(self) -> float:
        """Over the timed steps, the validations between them included."""
        rows = self._rows()
        return sum(row["pairs"] for row in rows) / max(1e-9, sum(row["seconds"] for row in rows))

    @property
    def step_seconds(self) -> float:
        """Of a timed step, on the mean; 0 where none was timed."""
        rows = self._rows()
        return sum(row["seconds"] for row in rows) / max(1, len(rows))

    @property
    def peak_memory(self) -> int:
        """Bytes."""
        return int(max((row["memory"] for row in self._rows()), default=0))

    def _rows(self) -> list[dict[str, float]]:
        lines = self._path.read_text().splitlines() if self._path.is_file() else []
        return [json.loads(line) for line in lines]


def flops_per_pair(model_folder: Path) -> float:
    """FLOPs of one training pair: two whole listings, forward and backward (three forwards)."""
    model, processor, _ = load_model_folder(model_folder)  # on the CPU: counted, not timed
    ids = torch.ones(1, model.config.max_text_tokens, dtype=torch.long)
    pixels = torch.zeros(1, 3, *processor.image_size)

    def forward() -> None:
        with torch.no_grad():
            model(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels)

    return 2.0 * 3.0 * count_flops(forward)


def epochs_within(minutes: float, clock: Clock, steps: int) -> int:
    """Epochs of ``steps`` steps each that fit into the minutes, at the speed of the clock.

    Raises:
        UsageError: When the clock timed no step.
    """
    if not clock.step_seconds:
        raise UsageError(
            f"{TRIED} epochs of {steps} steps are too short to be timed after {WARM_UP} steps; "
            "give a smaller --batch-size or a larger catalog."
        )
    return max(1, int(60 * minutes / (clock.step_seconds * steps)))


def main(
    catalog: Annotated[Path, typer.Argument(help="A catalog whose rows are valid.")],
    *,
    minutes: Annotated[float, typer.Option(min=0.5)] = 15.0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Instead of as many as fit into the minutes.")
    ] = None,
    peak_tflops: Annotated[float, typer.Option(help="Dense bf16 peak of the GPU.")] = 989.0,
    batch_size: Annotated[int, typer.Option(min=2)] = 512,
    settings: Annotated[list[str] | None, typer.Option("--set")] = None,
    out: Annotated[Path, typer.Option(help="Run folder.")] = Path("benchmarks/results/base"),
) -> None:
    """Probe the speed in a short run, then train as many epochs as fit into the minutes."""
    if not torch.cuda.is_available():
        sys.stderr.write("There is no GPU here; nothing was measured.\n")
        raise typer.Exit(1)
    common = [f"run.batch_size={batch_size}", "run.precision=bfloat16", *(settings or [])]
    out.mkdir(parents=True, exist_ok=True)
    if epochs is None:
        probe = _train(catalog, out, "probe", [*common, f"run.epochs={TRIED}"])
        epochs = epochs_within(minutes, Clock(out / "probe.jsonl"), probe.steps // TRIED)
        torch.cuda.reset_peak_memory_stats()
    _train(catalog, out, "run", [*common, f"run.epochs={epochs}"])
    result = {"epochs": epochs, **_speed(out, peak_tflops)}
    _keep(out, result)  # a look at the whole catalog takes minutes, and may be broken off
    _keep(out, result | _quality(catalog, out))
    sys.stdout.write((out / "result.json").read_text())


def _keep(out: Path, result: dict[str, Any]) -> None:
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n")


def _train(catalog: Path, out: Path, name: str, settings: list[str]) -> TrainReport:
    return train(
        catalog,
        out / name,
        preset("base", settings),
        resume=True,
        pictures=out / "pictures",
        note=Clock(out / f"{name}.jsonl"),
    )


def _speed(out: Path, peak_tflops: float) -> dict[str, Any]:
    clock = Clock(out / "run.jsonl")
    used = clock.pairs_per_second * flops_per_pair(out / "run" / "model")
    return {
        "gpu": torch.cuda.get_device_name(),
        "pairs_per_second": round(clock.pairs_per_second, 1),
        "share_of_peak_flops": round(used / (peak_tflops * 1e12), 4),
        "peak_memory_gib": round(clock.peak_memory / 2**30, 2),
        **json.loads((out / "run" / "speed.json").read_text()),
    }


def _quality(catalog: Path, out: Path) -> dict[str, float]:
    """R@10 of the nine tasks on test, the whole catalog as pool, as docs/evidence.md has them."""
    encoder = RememberingEncoder(Encoder.load(out / "run" / "model"))
    asked = Catalog(without_queries(catalog, out))
    report = evaluate(encoder, asked, pool="catalog", report=out / "report")
    tasks = {name: round(task.recall_10, 4) for name, task in report.tasks.items()}
    return {"macro": round(report.macro.recall_10, 4), **tasks}


if __name__ == "__main__":
    typer.run(main)
