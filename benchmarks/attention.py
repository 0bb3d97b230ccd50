"""What attention takes on a CPU: torch's fused kernel, and the products written out.

``python -m benchmarks.attention`` times forward, and forward with backward, at the sizes of towers
and fusion, in turn, and prints the median of each with the ratio of the two. It is where the limits
of ``uniecs.encoder.attention`` come from. Give it an idle machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from uniecs.encoder import attention as ours

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Shape:
    """Rows, heads, tokens and the width of a head."""

    rows: int
    heads: int
    tokens: int
    width: int


SHAPES = (
    Shape(1, 4, 12, 64),
    Shape(32, 4, 24, 64),
    Shape(64, 4, 37, 64),
    Shape(64, 4, 48, 64),
    Shape(64, 6, 64, 32),
    Shape(32, 12, 50, 64),
    Shape(16, 12, 197, 64),
    Shape(8, 12, 257, 64),
)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=3, help="Timings of each.")] = 15,
    threads: Annotated[int, typer.Option(min=1, help="Threads that compute.")] = 2,
) -> None:
    """Time both ways at each size and print the table.

    Example: python -m benchmarks.attention --rounds 30
    """
    torch.set_num_threads(threads)
    typer.echo(
        "| rows x heads x tokens x width | precision | pass | fused ms | products ms | ratio |"
    )
    typer.echo("|---|---|---|---|---|---|")
    for shape in SHAPES:
        for dtype in (torch.float32, torch.bfloat16):
            for backward in (False, True):
                fused, products = _timed(shape, dtype, backward, rounds)
                size = f"{shape.rows} x {shape.heads} x {shape.tokens} x {shape.width}"
                what = "forward, backward" if backward else "forward"
                precision = str(dtype).removeprefix("torch.")
                ratio = fused / products
                took = f"{fused:.2f} | {products:.2f} | {ratio:.2f}"
                typer.echo(f"| {size} | {precision} | {what} | {took} |")


def _timed(shape: Shape, dtype: torch.dtype, backward: bool, rounds: int) -> tuple[float, float]:
    """Median milliseconds of the fused kernel and of the products."""
    generator = torch.Generator().manual_seed(0)
    size = (shape.rows, shape.tokens, shape.heads, shape.width)
    q, k, v, gradient = (
        torch.randn(size, generator=generator).to(dtype).transpose(1, 2) for _ in range(4)
    )
    mask = torch.ones(shape.rows, 1, 1, shape.tokens, dtype=torch.bool)
    leaves = [x.requires_grad_(backward) for x in (q, k, v)]

    def timed(attend: Callable[..., Tensor]) -> float:
        start = time.perf_counter()
        with torch.set_grad_enabled(backward):
            attended = attend(*leaves, mask)
            if backward:
                torch.autograd.grad(attended, leaves, gradient)
        return 1000 * (time.perf_counter() - start)

    ways: list[Callable[..., Tensor]] = [F.scaled_dot_product_attention, ours.products]
    found = [[timed(way) for way in ways] for _ in range(rounds + 2)][2:]
    fused, products = (median(each) for each in zip(*found, strict=True))
    return fused, products


if __name__ == "__main__":
    app()
