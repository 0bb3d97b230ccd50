"""Embedding a catalog: resumable by shard, nothing lost or doubled."""

import json
from pathlib import Path

import numpy as np
import pytest

from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import DataError
from uniecs.index.embeddings import embed_catalog, embed_shard
from uniecs.index.shards import finish_embeddings, read_embeddings, read_report

from .conftest import WordEncoder, shop, write_catalog


def vectors_of(folder: Path) -> dict[str, bytes]:
    return {
        product_id: vector.tobytes()
        for shard in read_embeddings(folder)
        for product_id, vector in zip(shard.ids, shard.vectors, strict=True)
    }


def test_every_product_is_embedded_once_in_its_shard(
    encoder: WordEncoder, catalog: Catalog, tmp_path: Path
) -> None:
    done: list[int] = []

    report = embed_catalog(encoder, catalog, tmp_path / "out", shards=4, progress=done.append)

    assert (report.rows, sum(done), len(report.shards)) == (60, 60, 4)
    assert read_report(tmp_path / "out") == report
    stored = vectors_of(tmp_path / "out")
    assert set(stored) == set(catalog.by_id)
    lengths = [np.linalg.norm(np.frombuffer(v, np.float32)) for v in stored.values()]
    assert np.allclose(lengths, 1.0, atol=1e-6)


def test_a_catalog_of_one_product_leaves_shards_without_rows(
    encoder: WordEncoder, tmp_path: Path
) -> None:
    catalog = write_catalog(tmp_path / "catalog", [{"product_id": "only", "title": "red mug"}])

    embed_catalog(encoder, catalog, tmp_path / "out")

    shapes = [shard.vectors.shape for shard in read_embeddings(tmp_path / "out")]
    assert sorted(shapes) == [(0, encoder.dim)] * 7 + [(1, encoder.dim)]


def test_a_killed_run_goes_on_with_the_missing_shards_and_gives_the_same_files(
    catalog: Catalog, tmp_path: Path
) -> None:
    undisturbed = embed_catalog(WordEncoder(), catalog, tmp_path / "a", shards=4)
    embed_shard(WordEncoder(), catalog, tmp_path / "b", shard=2, shards=4)
    second = WordEncoder()

    resumed = embed_catalog(second, catalog, tmp_path / "b", shards=4)

    assert resumed == undisturbed
    in_shard_2 = {row["product_id"] for row in shop()} - set(second.encoded)
    assert 0 < len(in_shard_2) < 60
    assert len(second.encoded) == len(set(second.encoded))  # none twice: these have no pictures


def test_an_altered_shard_is_embedded_again_and_never_read(
    encoder: WordEncoder, catalog: Catalog, tmp_path: Path
) -> None:
    report = embed_catalog(encoder, catalog, tmp_path, shards=2)
    (tmp_path / report.shards[0]).write_bytes(b"garbage")

    with pytest.raises(DataError, match="was altered"):
        list(read_embeddings(tmp_path))

    assert embed_catalog(encoder, catalog, tmp_path, shards=2) == report
    assert len(vectors_of(tmp_path)) == 60


def test_a_missing_shard_and_shards_of_two_models_are_refused(
    encoder: WordEncoder, catalog: Catalog, tmp_path: Path
) -> None:
    embed_shard(encoder, catalog, tmp_path, shard=0, shards=2)
    with pytest.raises(DataError, match="embed shard 1 of 2"):
        finish_embeddings(tmp_path, shards=2)

    embed_shard(WordEncoder("m-other"), catalog, tmp_path, shard=1, shards=2)

    with pytest.raises(DataError, match="differs in model_version"):
        finish_embeddings(tmp_path, shards=2)


def test_an_unreadable_picture_is_absent_and_a_product_without_anything_is_skipped(
    encoder: WordEncoder, tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"product_id": "both", "title": "red mug", "image_paths": ["gone.jpg"]},
        {"product_id": "outside", "title": "red mug", "image_paths": ["../../secret.jpg"]},
        {"product_id": "picture", "image_paths": ["gone.jpg"]},
    ]
    catalog = write_catalog(tmp_path / "catalog", rows)

    report = embed_catalog(encoder, catalog, tmp_path / "out", shards=1)

    assert (report.rows, report.images_absent) == (2, 1)
    assert list(report.skipped) == ["picture"]
    shard = next(read_embeddings(tmp_path / "out"))
    assert dict(zip(shard.ids, shard.presences, strict=True)) == {
        "both": Presence.TEXT,
        "outside": Presence.TEXT,
    }


def test_a_product_with_words_and_a_picture_gets_a_vector_of_each_view(
    encoder: WordEncoder, tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"product_id": "both", "title": "red mug", "image_paths": ["mug.jpg"]},
        {"product_id": "picture", "image_paths": ["mug.jpg"]},
        {"product_id": "words", "title": "red mug"},
    ]
    catalog = write_catalog(tmp_path / "catalog", rows)
    (catalog.folder / "mug.jpg").write_bytes(b"for this encoder the name is enough")

    embed_catalog(encoder, catalog, tmp_path / "out", shards=1)

    shard = next(read_embeddings(tmp_path / "out"))
    vectors = dict(zip(shard.ids, shard.vectors, strict=True))
    pictures = dict(zip(shard.ids, shard.pictures, strict=True))
    assert np.allclose(pictures["both"], vectors["picture"])
    assert np.allclose(pictures["picture"], vectors["picture"])
    assert not np.allclose(pictures["both"], vectors["both"])
    assert not pictures["words"].any()


def test_gates_and_presence_are_kept_beside_the_vectors(
    encoder: WordEncoder, catalog: Catalog, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    report = embed_catalog(encoder, catalog, tmp_path, shards=1, view=Presence.TEXT)

    table = pq.read_table(tmp_path / report.shards[0])
    assert table.column_names == [
        "product_id", "vector", "picture", "look", "gate_image", "gate_text", "presence",
    ]  # fmt: skip
    assert set(table.column("presence").to_pylist()) == {"T"}
    assert json.loads((tmp_path / "embeddings.json").read_text())["view"] == "T"
