"""A layer's update that is made again for the backward pass is the one that is kept."""

import torch

from uniecs.encoder.fusion import GatedUpdate


def gradients(*, remade: bool) -> list[torch.Tensor]:
    torch.manual_seed(0)
    update = GatedUpdate(8, 2, dropout=0.3, remade=remade).double().train()
    generator = torch.Generator().manual_seed(1)
    own = torch.randn(3, 4, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    other = torch.randn(2, 4, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    torch.manual_seed(2)  # what the two of them drop
    update(own, other, torch.tensor([0, 2])).square().sum().backward()
    found = [own.grad, other.grad, *(p.grad for p in update.parameters())]
    assert all(gradient is not None for gradient in found)
    return [gradient for gradient in found if gradient is not None]


def test_gradients_are_the_same_bits() -> None:
    for kept, remade in zip(gradients(remade=False), gradients(remade=True), strict=True):
        assert torch.equal(kept, remade)


def test_less_is_held_until_the_backward_pass() -> None:
    def held(*, remade: bool) -> int:
        update = GatedUpdate(8, 2, dropout=0.3, remade=remade).train()
        sizes: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            sizes[tensor.data_ptr()] = tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            kept = update(torch.randn(3, 4, 8), torch.randn(2, 4, 8), torch.tensor([0, 2]))
        assert kept.requires_grad
        return sum(sizes.values())

    assert held(remade=True) < 0.7 * held(remade=False)
