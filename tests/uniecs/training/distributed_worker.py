"""One of the processes of ``test_two_processes_leave_the_gradients_of_one``, under torchrun."""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.losses.views import Targets
from uniecs.training.batches import Inputs, Plan
from uniecs.training.distributed import ALONE, processes
from uniecs.training.step import backward
from uniecs.training.views import Entries, entry_views

PAIRS = 8


class PlainPixels:
    """Stands for the processor: the pixels here are numbers already."""

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.double() / 255 - 0.5


def build() -> UniECSModel:
    torch.manual_seed(0)
    common = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = AutoConfig.for_model("bert", vocab_size=40, intermediate_size=16, **common)
    vision = AutoConfig.for_model(
        "vit", image_size=16, patch_size=8, intermediate_size=16, **common
    )
    config = UniECSConfig(
        vision_config=vision.to_dict(), text_config=text.to_dict(),
        dim=16, fusion_dim=16, fusion_layers=1, fusion_heads=2,
    )  # fmt: skip
    return UniECSModel(config).double().eval()


def plan_of(job: str) -> Plan:
    presence = [(Presence.BOTH, Presence.IMAGE, Presence.TEXT)[row % 3] for row in range(2 * PAIRS)]
    if job != "mixed":
        presence[PAIRS:] = [Presence.TEXT] * PAIRS
    rows = {view: [r for r, has in enumerate(presence) if view in has] for view in VIEWS}
    same = torch.eye(PAIRS, dtype=torch.bool).expand(2, -1, -1)
    return Plan(
        queries=PAIRS,
        sides=[None] * (2 * PAIRS),  # type: ignore[list-item]
        presence=presence,
        fused=presence,
        view_rows={view: torch.tensor(r) for view, r in rows.items() if r},
        targets=Targets(same, torch.zeros_like(same)),
        noise=torch.zeros(0),
        hidden=torch.zeros(0),
    )


def inputs_of(plan: Plan, start: int, stop: int) -> Inputs:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 255, (2 * PAIRS, 3, 16, 16), generator=generator, dtype=torch.uint8)
    ids = torch.randint(5, 40, (2 * PAIRS, 6), generator=generator)
    own = range(start, stop)
    images = torch.tensor([r for r in own if Presence.IMAGE in plan.presence[r]], dtype=torch.long)
    texts = torch.tensor([r for r in own if Presence.TEXT in plan.presence[r]], dtype=torch.long)
    rows = {v: r[(r >= start) & (r < stop)] for v, r in plan.view_rows.items()}
    return Inputs(
        pixels[images], images, ids[texts], torch.ones_like(ids[texts]), texts,
        {view: r for view, r in rows.items() if len(r)},
        torch.full((len(rows.get(Presence.BOTH, ())),), int(Presence.BOTH)),
    )  # fmt: skip


def main(job: str, out: Path) -> None:
    torch.set_num_threads(1)
    plan = plan_of(job)
    with processes() as world:
        model, objective = build(), build_objective(LossConfig()).double()

        def encode(inputs: Inputs) -> Entries:
            return entry_views(model, PlainPixels(), inputs)  # type: ignore[arg-type]

        start, stop = world.share(len(plan.sides))
        shared, _ = backward(
            model, encode, objective, plan, [inputs_of(plan, start, stop)], world=world
        )
        together = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        model.zero_grad(set_to_none=True)
        alone, _ = backward(
            model, encode, build_objective(LossConfig()).double(), plan,
            [inputs_of(plan, 0, len(plan.sides))], world=ALONE,
        )  # fmt: skip
        single = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        if world.rank == 0:
            said = {
                "processes": world.count,
                "parameters": len(single),
                "loss difference": abs(shared.item() - alone.item()),
                "largest gradient difference": max(
                    (together[n] - single[n]).abs().max().item() for n in single
                ),
                "silent on rank 1": not len(inputs_of(plan, PAIRS, 2 * PAIRS).image_rows),
            }
            (out / "said.json").write_text(json.dumps(said))
        world.wait()


main(sys.argv[1], Path(sys.argv[2]))
