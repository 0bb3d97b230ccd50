"""Training behind frozen towers: what they say is asked once, kept, and the same as live."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.uniecs.training.conftest import TINY, Parts
from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.items import Item
from uniecs.catalog.pairs import Side, evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.encoder.build import build_encoder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.encoder.towers import TextTokens, VisionTokens
from uniecs.errors import UsageError
from uniecs.inference.encoder import Encoder
from uniecs.training.config import TrainConfig, preset
from uniecs.training.frozen import CachedBatcher, FrozenStates
from uniecs.training.run import TrainReport, train
from uniecs.training.views import entry_views


class Interrupted(Exception):
    """Stands for whatever ends a process."""


def adapted(tiny_model: Path, *more: str) -> TrainConfig:
    """Frozen towers of a model folder."""
    sources = [f"encoder.{part}.source={tiny_model}" for part in ("vision", "text")]
    return preset("small", [*TINY[1:], *sources, "encoder.adapters=true", "run.epochs=2", *more])


@pytest.fixture(scope="module")
def config(tiny_model: Path) -> TrainConfig:
    return adapted(tiny_model)


@pytest.fixture(scope="module")
def finished(
    accepted_catalog: Path, config: TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, TrainReport]:
    """A run's folder, where it kept what the towers said, and its report."""
    folder = tmp_path_factory.mktemp("frozen")
    report = train(accepted_catalog, folder / "run", config, pictures=folder / "pictures")
    return folder / "run", folder / "pictures", report


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many pictures and texts the towers are asked about."""
    counts = {"pictures": 0, "texts": 0}
    look, read = VisionTokens.states, TextTokens.states

    def looking(self: VisionTokens, pixels: torch.Tensor, layers: Any) -> torch.Tensor:
        counts["pictures"] += len(pixels)
        return look(self, pixels, layers)

    def reading(
        self: TextTokens, ids: torch.Tensor, mask: torch.Tensor, layers: Any
    ) -> torch.Tensor:
        counts["texts"] += len(ids)
        return read(self, ids, mask, layers)

    monkeypatch.setattr(VisionTokens, "states", looking)
    monkeypatch.setattr(TextTokens, "states", reading)
    return counts


def test_training_leaves_the_towers_as_they_were_and_changes_the_rest(
    finished: tuple[Path, Path, TrainReport], tiny_model: Path
) -> None:
    out, _, report = finished
    before = load_file(tiny_model / "model.safetensors")
    after = load_file(out / "model" / "model.safetensors")
    towers = {name for name in after if name.startswith(("vision.", "text."))}
    ups = {name for name in after if name.startswith("side_") and name.endswith(".up.weight")}

    assert report.steps > 0
    assert all(torch.equal(after[name], before[name]) for name in towers)
    assert any(name.endswith("running_mean") for name in towers)
    assert ups
    assert all(after[name].any() for name in ups)


def test_the_loss_falls(finished: tuple[Path, Path, TrainReport]) -> None:
    rows = [json.loads(line) for line in (finished[0] / "history.jsonl").read_text().splitlines()]
    losses = [row["loss_alignment"] for row in rows if "loss_alignment" in row]

    assert losses[-1] < losses[0]


def test_the_model_needs_no_cache(finished: tuple[Path, Path, TrainReport]) -> None:
    out, _, report = finished
    encoder = Encoder.load(out / "model")

    encoded = encoder.encode([Item(id="1", text="red mug")])

    assert encoder.model_version == report.model_version
    assert encoded.vectors.shape == (1, encoder.dim)


def test_a_broken_run_continues_to_the_same_bits(
    finished: tuple[Path, Path, TrainReport],
    accepted_catalog: Path,
    config: TrainConfig,
    tmp_path: Path,
) -> None:
    undisturbed, _, expected = finished

    def note(kind: str, values: dict[str, Any]) -> None:
        if kind == "step" and values["step"] == 5:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(accepted_catalog, tmp_path / "run", config, note=note)
    report = train(accepted_catalog, tmp_path / "run", config, resume=True)

    assert report == expected
    one = load_file(undisturbed / "model" / "model.safetensors")
    other = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_later_run_asks_the_towers_about_nothing_but_val(
    finished: tuple[Path, Path, TrainReport],
    accepted_catalog: Path,
    tiny_model: Path,
    tmp_path: Path,
    asked: dict[str, int],
) -> None:
    _, pictures, _ = finished
    told: set[str] = set()
    shorter = adapted(tiny_model, "run.epochs=1")
    of_val = 2 * 2 * len(evaluation_pairs(Catalog(accepted_catalog), "val"))  # sides in two views

    train(
        accepted_catalog,
        tmp_path / "run",
        shorter,
        pictures=pictures,
        note=lambda kind, _values: told.add(kind),
    )

    assert "step" in told
    assert "states" not in told
    assert 0 < asked["pictures"] <= of_val
    assert 0 < asked["texts"] <= of_val


@pytest.fixture
def frozen(parts: Parts, tiny_model: Path) -> tuple[UniECSModel, UniECSProcessor]:
    model, processor = build_encoder(adapted(tiny_model).encoder, [], seed=0)
    for side in (model.side_image, model.side_text):
        for name, weight in side.named_parameters():
            if name.endswith("up.weight"):
                torch.nn.init.normal_(weight.data, std=0.1)
    return model, processor


def states_of(
    folder: Path, parts: Parts, model: UniECSModel, processor: UniECSProcessor
) -> FrozenStates:
    digests = PictureDigests(parts.catalog.folder)
    states = FrozenStates(folder, model, processor, parts.pixels, digests.of)
    states.look(path for product in parts.catalog.products for path in product.image_paths)
    states.read(product.full_text for product in parts.training.shown(parts.catalog.products))
    states.read(side.text for pair in parts.pairs for side in (pair.query, pair.candidate))
    return states


def test_what_was_kept_gives_the_vectors_of_the_live_towers(
    parts: Parts, frozen: tuple[UniECSModel, UniECSProcessor], tmp_path: Path
) -> None:
    model, processor = frozen
    live = replace(parts, processor=processor).batcher()
    states = states_of(tmp_path, parts, model, processor)
    kept = CachedBatcher(states, live.products, parts.relations, parts.pixels, processor)
    rows = list(range(40))

    with torch.inference_mode():
        expected = entry_views(model.eval(), processor, live.listings(rows))
        found = entry_views(model, processor, kept.listings(rows))

    assert set(found) == set(expected)
    for view, vectors in expected.items():
        assert torch.equal(found[view].places, vectors.places)
        torch.testing.assert_close(found[view].vectors, vectors.vectors, rtol=0, atol=2e-3)


def test_a_copy_is_never_the_picture_itself_and_always_the_same(
    parts: Parts, frozen: tuple[UniECSModel, UniECSProcessor], tmp_path: Path
) -> None:
    model, processor = frozen
    states = states_of(tmp_path, parts, model, processor)
    paths = [p.image for p in parts.catalog.products if p.image and p.image in parts.pixels]
    plain = states.of_pictures([Side("", "", path) for path in paths])
    copies = [states.of_pictures([Side("", "", p, seed) for p in paths]) for seed in (1, 2)]

    assert torch.equal(*copies)
    assert not any(torch.equal(one, other) for one, other in zip(plain, copies[0], strict=True))


def test_hidden_words_are_left_out_of_the_fusion(
    parts: Parts, frozen: tuple[UniECSModel, UniECSProcessor], tmp_path: Path
) -> None:
    model, processor = frozen
    states = states_of(tmp_path, parts, model, processor)
    given = (states, parts.catalog.products, parts.relations, parts.pixels, processor)
    batcher = CachedBatcher(*given)
    plan = batcher.plan(parts.pairs[:16], torch.Generator().manual_seed(0))
    hidden = plan.hidden.clone()
    hidden[:, 1:] = True

    whole, cut = batcher.inputs(plan), batcher.inputs(replace(plan, hidden=hidden))

    assert whole.attention_mask.sum() > len(whole.text_rows)
    assert cut.attention_mask.sum() == len(cut.text_rows)


def test_another_tower_is_asked_anew_and_another_fusion_is_not(
    parts: Parts,
    frozen: tuple[UniECSModel, UniECSProcessor],
    tmp_path: Path,
    asked: dict[str, int],
) -> None:
    model, processor = frozen
    states_of(tmp_path, parts, model, processor)
    first = dict(asked)
    with torch.no_grad():
        model.fusion.pool_text.score.weight.add_(1.0)
    states_of(tmp_path, parts, model, processor)
    second = dict(asked)
    with torch.no_grad():
        next(model.text.parameters()).add_(1.0)
    states_of(tmp_path, parts, model, processor)

    assert first["pictures"]
    assert second == first
    assert asked == {"pictures": first["pictures"], "texts": 2 * first["texts"]}


def test_a_tower_from_scratch_leaves_no_run_behind(accepted_catalog: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"encoder\.adapters=true freezes both towers"):
        train(accepted_catalog, tmp_path / "run", preset("small", ["encoder.adapters=true"]))
    assert not (tmp_path / "run").exists()
