"""What the redesign promises of every vector (UNIECS.md 7.4)."""

from collections.abc import Callable

import pytest
import torch

from uniecs.encoder.model import UniECSModel

Build = Callable[..., UniECSModel]
Inputs = dict[str, torch.Tensor]

TOLERANCES = [(torch.float32, 1e-5), (torch.float64, 1e-10)]


def encode(model: UniECSModel, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    typed = {**inputs, "pixel_values": inputs["pixel_values"].to(model.dtype)}
    with torch.inference_mode():
        output = model(**typed)
    return output.vectors, output.gates


def test_vectors_have_unit_length_and_gates_sum_to_one(build_model: Build, inputs: Inputs) -> None:
    vectors, gates = encode(build_model(), inputs)

    assert torch.allclose(vectors.norm(dim=1), torch.ones(6, dtype=vectors.dtype))
    assert torch.allclose(gates.sum(dim=1), torch.ones(6, dtype=gates.dtype))


@pytest.mark.parametrize("junk", [7.0, float("nan"), float("inf")])
def test_content_of_a_missing_modality_changes_no_bit(
    build_model: Build, inputs: Inputs, junk: float
) -> None:
    model = build_model(torch.float32)
    before, gates_before = encode(model, inputs)
    absent_image, absent_text = ~inputs["presence"].T
    inputs["pixel_values"][absent_image] = junk
    inputs["input_ids"][absent_text] = 49
    inputs["attention_mask"][absent_text] = 1

    after, gates_after = encode(model, inputs)

    assert torch.equal(before, after)
    assert torch.equal(gates_before, gates_after)


def test_the_gate_of_a_missing_modality_is_exactly_zero(build_model: Build, inputs: Inputs) -> None:
    _, gates = encode(build_model(torch.float32), inputs)

    assert (gates[~inputs["presence"]] == 0.0).all()
    assert (gates[inputs["presence"]] > 0.0).all()


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
def test_padding_length_changes_nothing(
    build_model: Build, inputs: Inputs, dtype: torch.dtype, tolerance: float
) -> None:
    model = build_model(dtype)
    before, _ = encode(model, inputs)
    inputs["input_ids"] = torch.nn.functional.pad(inputs["input_ids"], (0, 20), value=33)
    inputs["attention_mask"] = torch.nn.functional.pad(inputs["attention_mask"], (0, 20), value=0)

    after, _ = encode(model, inputs)

    assert (before - after).abs().max() < tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
def test_a_batch_is_equivariant_to_permutation(
    build_model: Build, inputs: Inputs, dtype: torch.dtype, tolerance: float
) -> None:
    model = build_model(dtype)
    order = torch.tensor([3, 5, 0, 4, 2, 1])

    straight, _ = encode(model, inputs)
    shuffled, _ = encode(model, {name: value[order] for name, value in inputs.items()})

    assert (straight[order] - shuffled).abs().max() < tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
def test_a_row_does_not_depend_on_the_batch_it_is_in(
    build_model: Build, inputs: Inputs, dtype: torch.dtype, tolerance: float
) -> None:
    model = build_model(dtype)
    together, _ = encode(model, inputs)

    alone = torch.cat(
        [encode(model, {n: v[row : row + 1] for n, v in inputs.items()})[0] for row in range(6)]
    )

    assert (together - alone).abs().max() < tolerance


def test_every_parameter_learns_when_all_presences_meet(build_model: Build, inputs: Inputs) -> None:
    model = build_model()
    model.train()

    model(**inputs).vectors.pow(3).sum().backward()

    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    unused = {"text.tower.embeddings.token_type_embeddings.weight"}  # its gradient is one row's
    assert not [n for n in silent if n not in unused]


def test_a_text_request_runs_no_image_tower(
    build_model: Build, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model()

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the image tower ran")

    monkeypatch.setattr(model.vision, "forward", refuse)

    output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])

    assert output.gates is not None
    assert output.gates[:, 0].eq(0).all()


def test_a_row_without_any_modality_is_refused(build_model: Build, inputs: Inputs) -> None:
    inputs["presence"][2] = False

    with pytest.raises(ValueError, match="every row needs"):
        build_model()(**inputs)


def test_the_head_follows_its_equation(build_model: Build) -> None:
    """The slow twin: one row at a time, by the letters of UNIECS.md 7.4."""
    head = build_model().fusion.head
    pooled = torch.randn(4, 2, 16, dtype=torch.float64)
    presence = torch.tensor([[1, 1], [1, 0], [0, 1], [1, 1]]).bool()
    pooled = pooled * presence[..., None]

    vectors, gates = head(pooled, presence)

    for row in range(4):
        p_v, p_t = pooled[row]
        r_v, r_t = presence[row].double()
        logits = head.weigh(torch.cat([p_v, p_t, r_v[None], r_t[None]]))
        a = torch.softmax(logits + torch.log(presence[row].double()), dim=0)
        z = a[0] * r_v * p_v + a[1] * r_t * p_t + r_v * r_t * head.interact(p_v * p_t)
        f = head.norm(z + head.narrow(torch.nn.functional.gelu(head.widen(z))))
        assert torch.allclose(vectors[row], f / f.norm(), atol=1e-12)
        assert torch.allclose(gates[row], a, atol=1e-12)
