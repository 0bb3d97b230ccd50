"""Gradients of one step: encode, compare all with all, send back.

The loss never sees the encoder, only vectors: they are cut off, given a gradient by the loss, and
that gradient is sent back through the encoder. So entries can be encoded in chunks, whose
activations are thrown away and made again (GradCache, 2101.06983), and by several processes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.model import UniECSModel
from uniecs.losses.views import Targets, View, Views
from uniecs.training.batches import Inputs, Plan
from uniecs.training.distributed import ALONE, Processes
from uniecs.training.views import Entries, two_sides

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
Encode = Callable[[Inputs], Entries]
Loss = Callable[[Views, Views, Targets], tuple[Tensor, dict[str, float]]]


@dataclass
class Random:
    """State of the generators that dropout draws from."""

    cpu: Tensor
    cuda: Tensor | None

    @classmethod
    def now(cls) -> "Random":
        """The current state."""
        cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
        return cls(torch.get_rng_state(), cuda)

    def restore(self) -> None:
        """Draw the same numbers again from here on."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda)


def backward(
    model: UniECSModel,
    encode: Encode,
    loss: Loss,
    plan: Plan,
    chunks: list[Inputs],
    *,
    world: Processes = ALONE,
) -> tuple[Tensor, dict[str, float]]:
    """Leave the gradients of one step in the parameters, and return the loss and what to log.

    Args:
        model: Whose gradients are computed.
        encode: Inputs to views.
        loss: From views of both sides and what is right.
        plan: The whole batch.
        chunks: Inputs of this process's entries; more than one are each encoded twice, so that
            only one chunk's activations are held at a time.
        world: The processes that share the batch.
    """
    again = len(chunks) > 1
    states, parts = [], []
    for chunk in chunks:
        states.append(Random.now() if again else None)
        if again:
            with torch.no_grad(), _still_statistics(model):
                parts.append(encode(chunk))
        else:
            parts.append(encode(chunk))
    whole, leaves = _joined(plan, parts, world, model)
    total, logged = loss(*two_sides(whole, plan.queries), plan.targets.to(model.device))
    total.backward()
    starts = dict.fromkeys(leaves, 0)
    for chunk, state, part in zip(chunks, states, parts, strict=True):
        if state is not None:
            state.restore()
            part = encode(chunk)
        _send_back(part, leaves, starts)
    world.add_gradients(model.parameters())
    return total.detach(), logged


def _joined(
    plan: Plan, parts: list[Entries], world: Processes, model: UniECSModel
) -> tuple[Entries, dict[Presence, Tensor]]:
    """All views of the plan, and this process's own vectors as leaves that take a gradient."""
    leaves: dict[Presence, Tensor] = {}
    whole: Entries = {}
    bounds = [Processes(rank, world.count).share(len(plan.sides)) for rank in range(world.count)]
    for view in VIEWS:
        places = plan.view_rows.get(view)
        if places is None:
            continue
        found = [part[view].vectors.detach() for part in parts if view in part]
        dtype = torch.float64 if model.dtype == torch.float64 else torch.float32
        own = (
            torch.cat(found)
            if found
            else torch.zeros(0, model.config.dim, dtype=dtype, device=model.device)
        )
        leaves[view] = own.requires_grad_()
        if world.count == 1:
            vectors = leaves[view]
        else:
            sizes = [int(((places >= a) & (places < b)).sum()) for a, b in bounds]
            everything = world.gather(own.detach(), sizes)
            start = sum(sizes[: world.rank])
            before, after = everything[:start], everything[start + len(own) :]
            vectors = torch.cat([before, leaves[view], after])
        whole[view] = View(vectors, places.to(model.device))
    return whole, leaves


def _send_back(part: Entries, leaves: dict[Presence, Tensor], starts: dict[Presence, int]) -> None:
    """Continue the loss's gradient from the vectors of one chunk into the encoder."""
    vectors, gradients = [], []
    for view, found in part.items():
        start = starts[view]
        starts[view] += len(found.vectors)
        gradient = leaves[view].grad
        if gradient is not None and found.vectors.requires_grad:
            vectors.append(found.vectors)
            gradients.append(gradient[start : start + len(found.vectors)])
    if vectors:
        torch.autograd.backward(vectors, gradients)


@contextmanager
def _still_statistics(model: nn.Module) -> Iterator[None]:
    """Normalise batches as ever, but let running statistics see each chunk only once."""
    norms = [m for m in model.modules() if isinstance(m, BATCH_NORMS)]
    tracked = [norm.track_running_stats for norm in norms]
    try:
        for norm in norms:
            norm.track_running_stats = False
        yield
    finally:
        for norm, before in zip(norms, tracked, strict=True):
            norm.track_running_stats = before
