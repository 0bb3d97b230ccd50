"""Train ``base`` for some minutes on a GPU: quality, pairs/s, share of peak FLOPs, memory.

    python benchmarks/base_on_gpu.py CATALOG --minutes 15 --peak-tflops 989

Without a GPU it says so and measures nothing. Give ``--set vision.tower=...`` and ``--set
text.tower=...`` where pretrained towers are at hand; from scratch, minutes do not train ``base``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch.utils.flop_counter import FlopCounterMode

WARM_UP = 10
"""Steps that are not timed."""


class Clock:
    """Times the steps of a run from its notes."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, int]] = []

    def __call__(self, kind: str, values: dict[str, Any]) -> None:
        """Take one note."""
        if kind == "step":
            self.steps.append((time.monotonic(), values["pairs"]))

    @property
    def seconds(self) -> float:
        """Of the timed steps."""
        timed = self.steps[WARM_UP:]
        return timed[-1][0] - timed[0][0] if len(timed) > 1 else 0.0

    @property
    def pairs_per_second(self) -> float:
        """Over the timed steps, validations included."""
        pairs = sum(count for _, count in self.steps[WARM_UP + 1 :])
        return pairs / self.seconds if self.seconds else 0.0


def flops_per_pair(model_folder: Path) -> float:
    """FLOPs of one training pair: two whole listings, forward and backward (three forwards)."""
    from uniecs.inference.encoder import Encoder

    model = Encoder.load(model_folder).model
    height, width = Encoder.load(model_folder).processor.image_size
    ids = torch.ones(1, model.config.max_text_tokens, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=torch.zeros(1, 3, height, width),
        )
    return 2 * 3 * float(counter.get_total_flops())


def main(
    catalog: Annotated[Path, typer.Argument(help="A catalog whose rows are valid.")],
    *,
    minutes: Annotated[float, typer.Option(min=0.5)] = 15.0,
    peak_tflops: Annotated[float, typer.Option(help="Dense bf16 peak of the GPU.")] = 989.0,
    batch_size: Annotated[int, typer.Option(min=2)] = 512,
    settings: Annotated[list[str] | None, typer.Option("--set")] = None,
    out: Annotated[Path, typer.Option(help="Run folder.")] = Path("benchmarks/results/base"),
) -> None:
    """Probe the speed in one short run, then train as many epochs as fit into the minutes."""
    if not torch.cuda.is_available():
        sys.stderr.write("There is no GPU here; nothing was measured.\n")
        raise typer.Exit(1)
    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.inference.encoder import Encoder
    from uniecs.training.config import preset
    from uniecs.training.run import train

    common = [f"run.batch_size={batch_size}", "run.precision=bfloat16", *(settings or [])]
    pictures, probe, clock = out / "pictures", Clock(), Clock()
    began = time.monotonic()
    train(
        catalog, out / "probe", preset("base", [*common, "run.epochs=1"]),
        pictures=pictures, note=probe,
    )  # fmt: skip
    epoch = (time.monotonic() - began) / 2  # decoding pictures is half of the first
    epochs = max(1, int(60 * minutes / max(epoch, 1e-9)))
    torch.cuda.reset_peak_memory_stats()
    train(
        catalog, out / "run", preset("base", [*common, f"run.epochs={epochs}"]),
        pictures=pictures, note=clock,
    )  # fmt: skip
    peak_memory = torch.cuda.max_memory_allocated()
    report = evaluate(Encoder.load(out / "run" / "model"), Catalog(catalog), report=out / "report")
    used = clock.pairs_per_second * flops_per_pair(out / "run" / "model")
    result = {
        "gpu": torch.cuda.get_device_name(),
        "epochs": epochs,
        "pairs_per_second": round(clock.pairs_per_second, 1),
        "share_of_peak_flops": round(used / (peak_tflops * 1e12), 4),
        "peak_memory_gib": round(peak_memory / 2**30, 2),
        "macro_r10": report.macro.recall_10,
        "t_to_i_r10": report.tasks["T->I"].recall_10,
        **json.loads((out / "run" / "speed.json").read_text()),
    }
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
