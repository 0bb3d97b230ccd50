"""A step in chunks, or in several processes, leaves the gradients of a step at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.uniecs.training.conftest import RESNET, TINY, Parts, chunks_of
from uniecs.encoder.folder import verify_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.training.batches import Batcher, Inputs, Plan
from uniecs.training.step import backward
from uniecs.training.views import Entries, entry_views, two_sides

ROWS = 8


def plan_of(parts: Parts, batcher: Batcher) -> Plan:
    return batcher.plan(parts.pairs[:ROWS], torch.Generator().manual_seed(5))


def gradients(model: UniECSModel) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def at_once(parts: Parts, batcher: Batcher, plan: Plan) -> tuple[float, dict[str, Tensor]]:
    """The slow twin: one graph from pixels to loss, and nothing clever."""
    model, objective = parts.build().eval(), build_objective(LossConfig()).double()
    views = entry_views(model, parts.processor, batcher.inputs(plan))
    loss, _ = objective(*two_sides(views, plan.queries), plan.targets)
    loss.backward()
    return loss.item(), gradients(model)


@pytest.mark.parametrize("size", [3, 1000])
def test_chunks_leave_the_gradients_of_the_whole(parts: Parts, size: int) -> None:
    batcher = parts.batcher()
    plan = plan_of(parts, batcher)
    expected_loss, expected = at_once(parts, batcher, plan)
    model, objective = parts.build().eval(), build_objective(LossConfig()).double()

    def encode(inputs: Inputs) -> Entries:
        return entry_views(model, parts.processor, inputs)

    loss, _ = backward(model, encode, objective, plan, chunks_of(batcher, plan, size))

    assert loss.item() == pytest.approx(expected_loss, abs=1e-12)
    found = gradients(model)
    assert found.keys() == expected.keys()
    assert max((found[n] - expected[n]).abs().max().item() for n in expected) < 1e-10


def test_dropout_hides_the_same_in_both_passes_of_a_chunk(parts: Parts) -> None:
    batcher = parts.batcher()
    plan = plan_of(parts, batcher)
    model, objective = parts.build(), build_objective(LossConfig()).double()
    seen: dict[int, list[Tensor]] = {}

    def encode(inputs: Inputs) -> Entries:
        views = entry_views(model, parts.processor, inputs)
        first = int(inputs.text_rows[0])
        seen.setdefault(first, []).append(torch.cat([v.vectors.detach() for v in views.values()]))
        return views

    backward(model, encode, objective, plan, chunks_of(batcher, plan, 6))

    assert len(seen) > 1
    assert all(torch.equal(first, second) for first, second in seen.values())
    again = next(iter(seen))
    encode(chunks_of(batcher, plan, 6)[0])
    assert not torch.equal(seen[again][0], seen[again][-1]), "nothing was hidden"


def test_chunks_hold_fewer_activations_than_the_whole(parts: Parts) -> None:
    batcher = parts.batcher()
    plan = plan_of(parts, batcher)
    model, objective = parts.build(), build_objective(LossConfig()).double()

    def peak(size: int) -> int:
        held = 0

        def pack(tensor: Tensor) -> Tensor:
            nonlocal held
            held += tensor.numel()
            return tensor

        largest = 0

        def encode(inputs: Inputs) -> Entries:
            nonlocal held, largest
            held = 0
            with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
                views = entry_views(model, parts.processor, inputs)
            largest = max(largest, held)
            return views

        backward(model, encode, objective, plan, chunks_of(batcher, plan, size))
        return largest

    assert peak(4) < peak(1000) / 2


WORKER = Path(__file__).parent / "distributed_worker.py"


def torchrun(processes: int, job: str, out: Path) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1",
        f"--nproc-per-node={processes}", str(WORKER), job, str(out),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("job", ["mixed", "one rank has only texts"])
def test_two_processes_leave_the_gradients_of_one(tmp_path: Path, job: str) -> None:
    torchrun(2, job, tmp_path)

    said = json.loads((tmp_path / "said.json").read_text())
    assert said["processes"] == 2
    assert said["loss difference"] < 1e-10
    assert said["largest gradient difference"] < 1e-6
    assert said["parameters"] > 20
    assert said["silent on rank 1"] == (job != "mixed")


@pytest.mark.slow
def test_the_command_trains_in_two_processes_and_says_so_once(
    accepted_catalog: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1",
        "--nproc-per-node=2", "-m", "uniecs.cli.app", "train", str(accepted_catalog),
        "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    for setting in (*TINY, RESNET, "run.epochs=3", "run.hard_negatives=1"):
        command += ["--set", setting]

    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "UNIECS_HOME": str(tmp_path / "home")},
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert (done.stdout + done.stderr).count("model version") == 1
    assert verify_model_folder(tmp_path / "run" / "model").version
