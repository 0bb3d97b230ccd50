"""Processes that train one model together: each encodes its own entries, all see all vectors.

Started by torchrun. Every process computes the loss of the whole batch from all vectors, so the
gradient of each vector is complete where that vector was made; summing the weights' gradients over
the processes then gives exactly the gradient of one process (UNIECS.md 7.2 M10 is what goes wrong
when a gather cuts gradients and an average follows).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

Made = TypeVar("Made")


@dataclass(frozen=True)
class Processes:
    """This process among all that train together.

    Attributes:
        rank: From 0; rank 0 writes files.
        count: All of them.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, entries: int) -> tuple[int, int]:
        """First and past-the-last of the entries that this process encodes."""
        return entries * self.rank // self.count, entries * (self.rank + 1) // self.count

    def gather(self, own: Tensor, sizes: list[int]) -> Tensor:
        """Rows of all processes in the order of their ranks; no gradient passes.

        Args:
            own: [n, D] of this process.
            sizes: Rows of each process.
        """
        if self.count == 1:
            return own
        padded = own.new_zeros(max(sizes), *own.shape[1:])
        padded[: len(own)] = own
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded.contiguous())
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum gradients over the processes; one that had no use for a weight adds zeros."""
        if self.count == 1:
            return
        trained = [p for p in parameters if p.requires_grad]
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in trained]
        )
        dist.all_reduce(flat)
        start = 0
        for parameter in trained:
            parameter.grad = flat[start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()

    def same(self, tensors: Iterable[Tensor]) -> None:
        """Give every process the numbers of the first; all hold the same tensors."""
        if self.count == 1:
            return
        for tensor in tensors:
            plain = tensor.detach().contiguous()  # weights may have their channels last
            dist.broadcast(plain, 0)
            tensor.detach().copy_(plain)

    def once(self, make: Callable[[], Made]) -> Made:
        """What the first process makes, on all of them; the others make nothing, and wait."""
        if self.count == 1:
            return make()
        made: list[Any] = [make() if self.first else None]
        dist.broadcast_object_list(made, 0)
        return cast(Made, made[0])

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            dist.barrier()


ALONE = Processes()
"""One process, as when torchrun did not start it."""


@contextmanager
def processes() -> Iterator[Processes]:
    """Join the other processes if torchrun started this one, else be alone."""
    if not dist.is_torchelastic_launched():
        yield ALONE
        return
    if torch.cuda.is_available():  # else objects and barriers of all processes take the first GPU
        own = torch.device("cuda", dist.get_node_local_rank(0))
        torch.cuda.set_device(own)
        dist.init_process_group("nccl", device_id=own)
    else:
        dist.init_process_group("gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def default_device() -> str:
    """The GPU of this process, or the CPU where there is none."""
    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{dist.get_node_local_rank(0)}"
