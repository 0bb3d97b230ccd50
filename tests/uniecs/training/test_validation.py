"""Val judges as the evaluation does: same queries, same pool, same right answers."""

from pathlib import Path

import pytest

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.evaluation.benchmark import build_benchmark
from uniecs.evaluation.recall import recall_at_10
from uniecs.inference.encoder import Encoder
from uniecs.training.validation import Validator


@pytest.mark.parametrize("benchmark", [False, True])
def test_it_scores_what_the_evaluation_of_val_scores(
    accepted_catalog: Path, tiny_model: Path, tmp_path: Path, benchmark: bool
) -> None:
    folder = accepted_catalog
    if benchmark:
        folder = tmp_path / "benchmark"
        build_benchmark(accepted_catalog, folder)
    catalog, encoder = Catalog(folder), Encoder.load(tiny_model, device="cpu", precision="float32")
    pairs = evaluation_pairs(catalog, "val")
    assert any(pair.query.product_id != pair.candidate.product_id for pair in pairs)

    expected = recall_at_10(encoder, catalog, split="val")
    scores = Validator(catalog, catalog_relations(catalog), encoder.processor).recall(encoder.model)

    macro = scores.pop("macro")
    assert scores == pytest.approx({name: task.recall for name, task in expected.items()})
    assert macro == pytest.approx(sum(scores.values()) / len(scores))
