"""How the towers compute: in which precision, and as they are written or compiled; measured.

Compiling takes minutes before it saves anything, and may save nothing (docs/training.md has
figures), so it is tried in long runs only, and kept only where it pays for itself.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from uniecs.encoder.model import UniECSModel
from uniecs.errors import UsageError
from uniecs.training.checkpoint import write_json
from uniecs.training.config import RunConfig

_LOG = logging.getLogger(__name__)

COMPUTE = "compute.json"
"""File of a run that says how it computes, from before its first step until its end."""

Precision = Literal["float32", "bfloat16"]

ADVANTAGE = 1.15
"""What is not float32, or not as written, must be this much faster, or it is not worth it."""

LONG_S = 3600.0
"""Seconds that the towers of a run must take before it is worth a look whether compiling helps."""


@dataclass(frozen=True)
class Compute:
    """How the towers compute.

    Attributes:
        precision: Of the towers and the fusion, where autocast takes one for safe.
        compiled: Whether torch.compile makes the towers' kernels.
    """

    precision: Precision = "float32"
    compiled: bool = False


@dataclass(frozen=True)
class Cost:
    """Seconds of one way to compute.

    Attributes:
        each: Of a pass of the towers, forward and backward.
        once: Before passes take that long.
    """

    each: float
    once: float = 0.0

    def over(self, passes: float) -> float:
        """Seconds of a run."""
        return self.once + passes * self.each


Measure = Callable[[Compute], Cost]


def settled_compute(folder: Path, settle: Callable[[], Compute]) -> Compute:
    """How the run in ``folder`` computes; settled at its start, for a run that goes on as well."""
    path = folder / COMPUTE
    if path.is_file():
        return Compute(**json.loads(path.read_text()))
    settled = settle()
    write_json(path, asdict(settled))
    return settled


def choose_compute(
    run: RunConfig, passes: float, measure: Measure, *, frozen: bool = False
) -> Compute:
    """Settle what the config leaves open.

    Args:
        run: Says what is open.
        passes: Length of the run.
        measure: Finds the cost of a way; raises where the towers cannot be compiled.
        frozen: Whether the towers have no part in a step; they are not compiled then.

    Raises:
        UsageError: When ``run.compile`` is on and the towers cannot be compiled.
    """
    open_: tuple[Precision, ...] = ("float32", "bfloat16")
    plain = [Compute(p) for p in (open_ if run.precision == "auto" else (run.precision,))]
    asked = "off" if frozen else run.compile
    if asked == "off" and len(plain) == 1:
        return plain[0]
    costs = {way: measure(way) for way in plain}
    best = _least(costs, passes)
    if asked == "off" or (asked == "auto" and costs[best].over(passes) <= LONG_S):
        return best
    compiled = replace(best, compiled=True)
    try:
        costs = {best: costs[best], compiled: measure(compiled)}
    except Exception as error:  # compilers fail in many ways
        said = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        if asked == "on":
            raise UsageError(
                f"run.compile=on, but torch.compile cannot compile the towers ({said}). Install a "
                "C++ compiler such as g++, or train with run.compile=auto into another --out."
            ) from error
        _LOG.warning("the towers are not compiled: torch.compile failed (%s)", said)
        return best
    return compiled if asked == "on" else _least(costs, passes)


def _least(costs: Mapping[Compute, Cost], passes: float) -> Compute:
    """The first way, or a later one that is ADVANTAGE faster than all before it that were taken."""
    best, *others = costs
    for other in others:
        if costs[best].over(passes) > ADVANTAGE * costs[other].over(passes):
            best = other
    return best


@contextmanager
def towers_in(model: UniECSModel, way: Compute) -> Iterator[None]:
    """Have the towers compiled in here, if that is the way; weights and their names stay."""
    towers = (model.vision, model.text) if way.compiled else ()
    try:
        for tower in towers:
            tower.compile(dynamic=True)
        yield
    finally:
        for tower in towers:
            tower._compiled_call_impl = None  # noqa: SLF001 - torch has no other way back


def towers_as_written(way: Compute) -> AbstractContextManager[object]:
    """Leave compiled towers aside in here: passes without gradients would be compiled anew."""
    return torch.compiler.set_stance("force_eager") if way.compiled else nullcontext()
