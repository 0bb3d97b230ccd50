"""What a training pass of both towers takes, by how threads wait, precision and compiler.

``python -m benchmarks.tower_pass`` times forward and backward over 64 pictures and 64 texts (preset
``small``), as ``uniecs train`` does when it settles how to compute. Every timing is a process of
its own, in rounds A-B-A-B, and is the best of three passes; the table gives the median of the
rounds with their extremes, alone on the machine and beside one busy process. What else runs on the
machine is measured along, so give it an idle one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import typer

SPIN = "GOMP_SPINCOUNT"
BUSY = "while True: pass"

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Way:
    """What is timed.

    Attributes:
        title: As the table calls it.
        precision: float32 or bfloat16.
        compiled: Whether the towers are compiled.
        spin: Turns that a waiting thread spins; None leaves it to the thread library.
        beside: Whether another process keeps one core busy.
    """

    title: str
    precision: str = "float32"
    compiled: bool = False
    spin: str | None = "10000"
    beside: bool = False


WAYS = tuple(
    Way(f"{precision}, waiting threads {how}{where}", precision, spin=spin, beside=beside)
    for precision in ("float32", "bfloat16")
    for beside, where in ((False, ""), (True, ", beside a busy process"))
    for how, spin in (("soon sleep", "10000"), ("spin", None))
)
COMPILED = tuple(
    Way(f"{precision}, compiled", precision, compiled=True) for precision in ("float32", "bfloat16")
)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Timings of each way.")] = 3,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Time compiled towers as well: minutes each, once.")
    ] = False,
) -> None:
    """Time every way in turn and print the table.

    Example: python -m benchmarks.tower_pass --rounds 5
    """
    if context.invoked_subcommand:
        return
    found: dict[Way, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS:
            found[way].append(_timed(way)["each"])
            typer.echo(f"round {number + 1}: {way.title}: {found[way][-1]:.2f} s", err=True)
    typer.echo("| pass of both towers | s, median (least - most) | s before that, once |")
    typer.echo("|---|---|---|")
    for way, seconds in found.items():
        spread = f"{median(seconds):.2f} ({min(seconds):.2f} - {max(seconds):.2f})"
        typer.echo(f"| {way.title} | {spread} | - |")
    for way in COMPILED if compiled else ():
        cost = _timed(way)
        typer.echo(f"| {way.title} | {cost['each']:.2f} | {cost['once']:.0f} |")


@app.command("one", hidden=True)
def one(precision: str, *, compiled: bool = False) -> None:
    """One timing, as JSON, in a process of its own."""
    from uniecs.encoder.build import build_encoder
    from uniecs.training.compute import Compute
    from uniecs.training.config import preset
    from uniecs.training.probe import Probe

    encoder = preset("small").encoder
    model, processor = build_encoder(encoder, ["a red shirt", "blue shoes"] * 8, seed=0)
    probe = Probe(model, max(processor.image_size))
    cost = probe(Compute("bfloat16" if precision == "bfloat16" else "float32", compiled))
    typer.echo(json.dumps({"each": cost.each, "once": cost.once}))


def _timed(way: Way) -> dict[str, float]:
    environment = {name: value for name, value in os.environ.items() if name != SPIN}  # noqa: TID251
    if way.spin is not None:
        environment[SPIN] = way.spin
    command = [sys.executable, "-m", "benchmarks.tower_pass", "one", way.precision]
    command += ["--compiled"] if way.compiled else []
    with _busy_process(way.beside):
        run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    timed: dict[str, float] = json.loads(run.stdout)
    return timed


@contextmanager
def _busy_process(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    app()
