"""A run from start to finish, broken off and continued, and asked for what it cannot do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import load_file

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import CatalogError, UsageError
from uniecs.training.config import TrainConfig, preset
from uniecs.training.run import TrainReport, train
from uniecs.training.validation import Validator


class Interrupted(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def tiny_config() -> TrainConfig:
    return preset("small", [RESNET, *TINY, "optimizer.lr=2e-3", "optimizer.warmup=0.2"])


@pytest.fixture(scope="module")
def finished(
    accepted_catalog: Path, tiny_config: TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainReport]:
    out = tmp_path_factory.mktemp("run") / "undisturbed"
    return out, train(accepted_catalog, out, tiny_config)


def rows_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]


def test_a_run_leaves_a_verified_model_and_its_history(
    finished: tuple[Path, TrainReport], tiny_config: TrainConfig
) -> None:
    out, report = finished

    assert verify_model_folder(out / "model").version == report.model_version
    assert json.loads((out / "config.json").read_text()) == tiny_config.model_dump(mode="json")
    assert {p.name for p in out.iterdir()} == {
        "model",
        "config.json",
        "history.jsonl",
        "train.json",
        "speed.json",
    }
    steps = [row["step"] for row in rows_of(out) if "loss" in row]
    assert steps == list(range(1, report.steps + 1))
    assert set(report.val) > {"T->I", "macro"}
    weights = load_file(out / "model" / "model.safetensors")
    assert report.parameters > 10_000
    assert 0 <= sum(value.numel() for value in weights.values()) - report.parameters < 1_000
    assert report.image_size == [32, 32]
    card = (out / "model" / "README.md").read_text()
    assert "R@10" in card
    assert f"| parameters | {report.parameters:,} |" in card


def test_the_loss_falls_and_the_rate_ends_at_its_floor(
    finished: tuple[Path, TrainReport], tiny_config: TrainConfig
) -> None:
    steps = [row for row in rows_of(finished[0]) if "loss" in row]
    optimizer = tiny_config.optimizer

    assert steps[-1]["loss_alignment"] < steps[0]["loss_alignment"]
    assert max(row["lr"] for row in steps) == pytest.approx(optimizer.lr)
    assert steps[-1]["lr"] == pytest.approx(optimizer.lr * optimizer.floor)
    assert optimizer.lr != optimizer.tower_lr, "the rate that is logged is that of new weights"


@pytest.mark.parametrize("stops", [[2], [1, 4, 7]])
def test_a_broken_run_continues_to_the_same_bits(
    finished: tuple[Path, TrainReport],
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    stops: list[int],
) -> None:
    undisturbed, expected = finished
    out = tmp_path / "run"
    for number, stop in enumerate(stops):

        def note(kind: str, values: dict[str, Any], stop: int = stop) -> None:
            if kind == "step" and values["step"] == stop + 1:
                raise Interrupted

        with pytest.raises(Interrupted):
            train(accepted_catalog, out, tiny_config, resume=number > 0, note=note)

    report = train(accepted_catalog, out, tiny_config, resume=True)

    assert report == expected
    one = load_file(undisturbed / "model" / "model.safetensors")
    other = load_file(out / "model" / "model.safetensors")
    assert all((one[name] == other[name]).all() for name in one)
    assert rows_of(out) == rows_of(undisturbed)


@pytest.mark.parametrize("written", [False, True])
def test_a_run_that_is_killed_in_a_validation_loses_no_row(
    finished: tuple[Path, TrainReport],
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: bool,
) -> None:
    undisturbed, expected = finished
    out = tmp_path / "run"

    def note(kind: str, _values: dict[str, Any]) -> None:
        if kind == "validation":
            raise Interrupted

    def killed(_validator: Validator, _model: object) -> dict[str, float]:
        raise Interrupted

    with monkeypatch.context() as patched:
        if not written:
            patched.setattr(Validator, "recall", killed)
        with pytest.raises(Interrupted):
            train(accepted_catalog, out, tiny_config, note=note)
    assert ("val" in rows_of(out)[-1]) == written

    assert train(accepted_catalog, out, tiny_config, resume=True) == expected
    assert rows_of(out) == rows_of(undisturbed)


EVERYTHING = {
    "epochs": 2, "validate_every": 1, "hard_negatives": 1, "ema": 0.9, "chunk": 20,
    "mismatched": 0.3,
}  # fmt: skip


def test_a_run_with_all_that_has_a_state_continues_to_the_same_bits(
    accepted_catalog: Path, tiny_config: TrainConfig, tmp_path: Path
) -> None:
    config = tiny_config.model_copy(
        update={
            "run": tiny_config.run.model_copy(update=EVERYTHING),
            "loss": tiny_config.loss.model_copy(update={"weighting": "average"}),
        }
    )
    expected = train(accepted_catalog, tmp_path / "undisturbed", config)
    stop = expected.steps // 2 + 2

    def note(kind: str, values: dict[str, Any]) -> None:
        if kind == "step" and values["step"] == stop:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(accepted_catalog, tmp_path / "broken", config, note=note)
    assert (tmp_path / "broken" / "negatives").is_dir()
    report = train(accepted_catalog, tmp_path / "broken", config, resume=True)

    assert report == expected
    assert rows_of(tmp_path / "broken") == rows_of(tmp_path / "undisturbed")
    assert not (tmp_path / "broken" / "negatives").exists()


@pytest.mark.parametrize(
    "sets",
    [
        ["encoder.fusion=towers", "loss.objective=clip"],
        ["encoder.fusion=released", "loss.objective=released"],
    ],
)
def test_the_arms_that_ours_is_compared_with_train_by_the_same_command(
    accepted_catalog: Path, tiny_config: TrainConfig, tmp_path: Path, sets: list[str]
) -> None:
    fusion, objective = (setting.split("=")[1] for setting in sets)
    config = tiny_config.model_copy(
        update={
            "encoder": tiny_config.encoder.model_copy(update={"fusion": fusion}),
            "loss": tiny_config.loss.model_copy(update={"objective": objective}),
            "run": tiny_config.run.model_copy(update={"epochs": 1}),
        }
    )

    report = train(accepted_catalog, tmp_path / "run", config)

    assert verify_model_folder(tmp_path / "run" / "model").version == report.model_version
    losses = [row["loss"] for row in rows_of(tmp_path / "run") if "loss" in row]
    assert all(loss == loss and loss > 0 for loss in losses)


def test_a_finished_run_is_recognised(
    finished: tuple[Path, TrainReport], accepted_catalog: Path, tiny_config: TrainConfig
) -> None:
    out, report = finished

    def refuse(kind: str, _values: dict[str, Any]) -> None:
        raise AssertionError(f"work was done again: {kind}")

    assert train(accepted_catalog, out, tiny_config, resume=True, note=refuse) == report


def test_a_run_is_not_overwritten_or_mixed(
    finished: tuple[Path, TrainReport],
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
) -> None:
    out, _ = finished
    longer = tiny_config.model_copy(
        update={"run": tiny_config.run.model_copy(update={"epochs": 9})}
    )
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UsageError, match="already holds a run"):
        train(accepted_catalog, out, tiny_config)
    with pytest.raises(UsageError, match="another config"):
        train(accepted_catalog, out, longer, resume=True)
    with pytest.raises(UsageError, match="no empty folder"):
        train(accepted_catalog, tmp_path, tiny_config)
    with pytest.raises(UsageError, match="no empty folder"):
        train(accepted_catalog, tmp_path / "notes.txt", tiny_config)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def broken_pictures(folder: Path, count: int, *, sound: int) -> Path:
    """A catalog of pictures alone, of which only the first few can be decoded."""
    folder.mkdir()
    rows = []
    for number in range(count):
        picture = Image.new("RGB", (40, 40), (number * 7 % 256, number * 31 % 256, 90))
        picture.save(folder / f"{number}.png")
        if number >= sound:
            (folder / f"{number}.png").write_bytes(b"not a picture %d" % number)
        rows.append({"product_id": str(number), "image_paths": [f"{number}.png"], "split": "train"})
    (folder / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


def test_batches_whose_pictures_cannot_be_read_teach_nothing_and_stop_nothing(
    tiny_config: TrainConfig, tmp_path: Path
) -> None:
    catalog = broken_pictures(tmp_path / "catalog", 12, sound=3)
    pairwise = tiny_config.run.model_copy(update={"batch_size": 2, "epochs": 1})
    config = tiny_config.model_copy(update={"run": pairwise})

    assert train(catalog, tmp_path / "run", config).steps == 6


def test_a_catalog_of_which_nothing_can_be_read_is_refused(
    tiny_config: TrainConfig, tmp_path: Path
) -> None:
    catalog = broken_pictures(tmp_path / "catalog", 6, sound=0)

    with pytest.raises(CatalogError, match="none of their 6 pictures can be read"):
        train(catalog, tmp_path / "run", tiny_config)


def test_without_a_val_the_last_weights_are_kept(
    accepted_catalog: Path, tiny_config: TrainConfig, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    catalog = tmp_path / "catalog"
    shutil.copytree(accepted_catalog, catalog)
    rows = pq.read_table(catalog / "catalog.parquet").to_pylist()
    for row in rows:
        row["split"] = "test" if row["split"] == "test" else "train"
    pq.write_table(pa.Table.from_pylist(rows), catalog / "catalog.parquet")

    report = train(catalog, tmp_path / "run", tiny_config)

    assert report.val == {"macro": 0.0}
    assert report.best_epoch == tiny_config.run.epochs


def test_a_catalog_that_cannot_be_paired_is_one_message_and_leaves_no_run(
    tiny_config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "catalog.jsonl").write_text('{"product_id": "1", "title": "x", "split": "train"}\n')

    with pytest.raises(CatalogError, match="no pair can be made"):
        train(tmp_path, tmp_path / "out", tiny_config)
    assert not (tmp_path / "out").exists()  # so that the same command works on a mended catalog
